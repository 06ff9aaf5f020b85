"""What goes wrong on the wire: how an answer is sent. One row of a table for each kind, with its keys.

A kind changes the acts of an answer and knows nothing of messages; see `spoofer.faulting.fault_kinds` for
the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cti_schema.wire.frame import CHECKSUM, HEADER, LEAST_FRAME, TOKEN, checksum
from spoofer.acts import Act, End, Later, Send, Wait
from spoofer.faulting.disturbing import WIRE, Part, Run, wire
from spoofer.tables import Key, from_hex

__all__ = ["WIRE"]


def _seconds(default: float, doc: str, name: str = "seconds") -> Key:
    return Key(name, "number", doc, "s", default=default, least=0.0, most=86400.0)


def _pause(default: float) -> Key:
    return _seconds(default, "between two writes", "pause_s")


# --- when ---------------------------------------------------------------------------------------


@wire("delay", "The answer comes later, and with it everything behind it.", _seconds(1.0, "how much later"))
def _delay(parts: list[Part], run: Run) -> list[Part]:
    return [Part(Wait(run.values["seconds"])), *parts]


@wire(
    "jitter", "The answer comes later by a time that is left to chance.",
    _seconds(0.0, "at least", "least_s"), _seconds(0.1, "at most", "most_s"),
)  # fmt: skip
def _jitter(parts: list[Part], run: Run) -> list[Part]:
    return [Part(Wait(run.random.uniform(run.values["least_s"], run.values["most_s"]))), *parts]


@wire(
    "stale", "The answer comes after the client's deadline, while later ones come in time.",
    _seconds(11.0, "how much later; clients wait for 10 s"),
)  # fmt: skip
def _stale(parts: list[Part], run: Run) -> list[Part]:
    return run.each(parts, lambda data: [Later(run.values["seconds"], data)])


# --- in which pieces ----------------------------------------------------------------------------


@wire(
    "split", "Each feedback is cut into several writes.",
    Key("sizes", "integers", "of the writes in turn; the last one takes the rest", "bytes"),
    Key("pieces", "integer", "without sizes: so many, cut where chance wants", default=2, least=2, most=1000),
    _pause(0.01),
)  # fmt: skip
def _split(parts: list[Part], run: Run) -> list[Part]:
    def cut(data: bytes) -> list[Act]:
        if run.values["sizes"]:
            places, at = [], 0
            for size in run.values["sizes"]:
                at += size
                places.append(at)
        else:
            among = range(1, len(data))
            places = sorted(run.random.sample(among, min(run.values["pieces"] - 1, len(among))))
        return _apart(data, [place for place in places if place < len(data)], run.values["pause_s"])

    return run.each(parts, cut)


@wire(
    "dribble", "Each feedback comes a few bytes at a time.",
    Key("size", "integer", "of each write", "bytes", default=1, least=1),
    _pause(0.001),
)  # fmt: skip
def _dribble(parts: list[Part], run: Run) -> list[Part]:
    size = run.values["size"]
    return run.each(parts, lambda data: _apart(data, range(size, len(data), size), run.values["pause_s"]))


def _apart(data: bytes, places: Sequence[int], pause_s: float) -> list[Act]:
    """Return the writes of data that is cut at these places, with a pause between any two."""
    acts: list[Act] = []
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        if acts and pause_s:
            acts.append(Wait(pause_s))
        acts.append(Send(data[start:end]))
    return acts


def _joined(held: list[Part], parts: list[Part]) -> list[Part]:
    """Return both, with the writes that follow one another as one."""
    found: list[Part] = []
    for part in (*held, *parts):
        last = found[-1].act if found else None
        if isinstance(last, Send) and isinstance(part.act, Send):
            found[-1] = Part(Send(last.data + part.act.data))
        else:
            found.append(part)
    return found


@wire(
    "merge", "The answer is held back until the next one, and both are one write. Without a next request "
    "it never comes.", release=_joined,
)  # fmt: skip
def _merge(parts: list[Part], run: Run) -> list[Part]:
    if run.waiting or not parts:
        return parts
    run.connection.held.append(("merge", parts))
    return []


# --- which, and in which order ------------------------------------------------------------------


@wire("drop", "There is no answer. The request has been carried out.")
def _drop(parts: list[Part], run: Run) -> list[Part]:
    return run.each(parts, lambda data: [])


@wire(
    "duplicate", "Each feedback comes several times.",
    Key("times", "integer", "in all", default=2, least=2, most=1000),
)  # fmt: skip
def _duplicate(parts: list[Part], run: Run) -> list[Part]:
    return run.each(parts, lambda data: [Send(data)] * run.values["times"])


@wire(
    "reorder", "The feedbacks of one request come in another order; or a whole answer comes behind the next "
    "one.",
    Key("next", "flag", "hold the answer back until the next one was sent", default=False),
    release=lambda held, parts: [*parts, *held],
)  # fmt: skip
def _reorder(parts: list[Part], run: Run) -> list[Part]:
    if run.values["next"]:
        if run.waiting or not parts:
            return parts
        run.connection.held.append(("reorder", parts))
        return []
    places = [number for number, part in enumerate(parts) if isinstance(part.act, Send)]
    shuffled = [parts[place] for place in places]
    if all(part == shuffled[0] for part in shuffled):
        return parts
    while shuffled == [parts[place] for place in places]:
        run.random.shuffle(shuffled)
    found = list(parts)
    for place, part in zip(places, shuffled, strict=True):
        found[place] = part
    return found


# --- wrong bytes --------------------------------------------------------------------------------


@wire("wrong_checksum", "The checksum of each feedback is not that of its bytes.")
def _wrong_checksum(parts: list[Part], run: Run) -> list[Part]:
    def change(data: bytes) -> list[Act]:
        if not _is_frame(data):
            return [Send(data)]
        wrong = (CHECKSUM.unpack(data[-2:])[0] + run.random.randrange(1, 2**16)) % 2**16
        return [Send(data[:-2] + CHECKSUM.pack(wrong))]

    return run.each(parts, change)


@wire(
    "wrong_length", "The length field of each feedback is wrong; its checksum is right.",
    Key("by", "integer", "added to the length; -12 makes it that of a request", "bytes", default=-12),
)  # fmt: skip
def _wrong_length(parts: list[Part], run: Run) -> list[Part]:
    def change(data: bytes) -> list[Act]:
        if not _is_frame(data):
            return [Send(data)]
        token, length, code, extended = HEADER.unpack_from(data)
        head = HEADER.pack(token, (length + run.values["by"]) % 2**32, code, extended)
        return [Send(_closed(head + data[HEADER.size : -2]))]

    return run.each(parts, change)


@wire(
    "truncated", "The end of each feedback is missing.",
    Key("by", "integer", "how many bytes; by default chance decides", "bytes", least=1),
    Key("repaired", "flag", "length and checksum fit the shortened body; else the rest just never comes",
        default=False),
)  # fmt: skip
def _truncated(parts: list[Part], run: Run) -> list[Part]:
    def change(data: bytes) -> list[Act]:
        repaired = run.values["repaired"] and _is_frame(data)
        most = len(data) - (LEAST_FRAME if repaired else 1)
        if most < 1:
            return [Send(data)]
        by = min(run.values["by"] or run.random.randint(1, most), most)
        if not repaired:
            return [Send(data[:-by])]
        token, length, code, extended = HEADER.unpack_from(data)
        head = HEADER.pack(token, (length - by) % 2**32, code, extended)
        return [Send(_closed(head + data[HEADER.size : len(data) - 2 - by]))]

    return run.each(parts, change)


def _is_frame(data: bytes) -> bool:
    """Tell whether bytes begin like a frame: what another fault has cut off has no length and no checksum."""
    return len(data) >= LEAST_FRAME and data.startswith(TOKEN)


def _closed(data: bytes) -> bytes:
    """Return the bytes with their checksum behind them."""
    return data + CHECKSUM.pack(checksum(data))


_GARBAGE: Final = (
    Key("size", "integer", "how many bytes that chance makes", "bytes", default=7, least=1, most=2**20),
    Key("data", "hex", "these bytes instead"),
)


def _garbage(run: Run) -> bytes:
    if run.values["data"] is not None:
        return from_hex(run.values["data"])
    # No 0xDD, so that no token can come about, not even together with a frame's own bytes.
    others = [byte for byte in range(256) if byte != TOKEN[0]]
    return bytes(run.random.choices(others, k=run.values["size"]))


@wire("garbage_before", "Bytes that belong to no frame stand in front of each feedback.", *_GARBAGE)
def _garbage_before(parts: list[Part], run: Run) -> list[Part]:
    return run.each(parts, lambda data: [Send(_garbage(run) + data)])


@wire("garbage_after", "Bytes that belong to no frame stand behind each feedback.", *_GARBAGE)
def _garbage_after(parts: list[Part], run: Run) -> list[Part]:
    return run.each(parts, lambda data: [Send(data + _garbage(run))])


# --- the connection -----------------------------------------------------------------------------


@wire(
    "reset", "The connection is reset in the place of the answer, or within it.",
    Key("after_bytes", "integer", "of the answer that are sent before", "bytes", default=0, least=0),
)  # fmt: skip
def _reset(parts: list[Part], run: Run) -> list[Part]:
    found: list[Part] = []
    left = run.values["after_bytes"]
    for part in parts:
        if isinstance(part.act, Send) and left:
            found.append(Part(Send(part.act.data[:left]), part.channel_index))
            left -= len(found[-1].act.data)  # type: ignore[union-attr]
        elif isinstance(part.act, Wait):
            found.append(part)
    return [*found, Part(End(reset=True))]


@wire("silent", "The connection stays open and answers nothing any more, beginning with this request.")
def _silent(parts: list[Part], run: Run) -> list[Part]:
    run.connection.silent = True
    return []


@wire(
    "slow_close", "The request is answered, and some time later the connection is closed; nothing is "
    "answered in between.",
    _seconds(1.0, "how much later"),
)  # fmt: skip
def _slow_close(parts: list[Part], run: Run) -> list[Part]:
    return [*parts, Part(Wait(run.values["seconds"])), Part(End())]
