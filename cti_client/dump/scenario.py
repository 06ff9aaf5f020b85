"""From a capture to a scenario for the spoofer: what was asked, and what was answered. Plain data, and TOML.

One rule: frames are kept as they were, never made anew. The exception are requests with a secret, whose
place is taken by asterisks: the spoofer compares no secrets, and a scenario is made to be passed on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from cti_client.capture import CaptureReader
from cti_client.dump.conversation import Conversations, Entry, Heard
from cti_schema.derive.jsonform import HIDDEN
from cti_schema.errors import EncodeError, InputError
from cti_schema.message import Direction, Message
from cti_schema.wire.codec import decode, encode

__all__ = ["Exchange", "Recorded", "read_recorded", "recorded"]

#: A request with such a frame is not answered by any cycler.
_BAD: Final = frozenset({"checksum", "length", "incomplete"})


@dataclass(slots=True)
class Exchange:
    """A request and what answered it.

    Attributes:
        name: of the request's message.
        request: its frame.
        feedbacks: the frames that answered it, in their order.
    """

    name: str
    request: bytes
    feedbacks: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Recorded:
    """What was found in a capture.

    Attributes:
        exchanges: in the order of the requests.
        damaged: requests that were left out, because their frames are damaged.
        unsolicited: feedbacks that were left out, because they answer no request in the capture.
        notes: what is wrong with the capture itself, one sentence each.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    damaged: int = 0
    unsolicited: int = 0
    notes: list[str] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """Return the scenario as plain data, with frames as hex: what `spoofer.scenario` takes."""
        return {
            "replies": [
                {"request": one.request.hex(), "feedbacks": [frame.hex() for frame in one.feedbacks]}
                for one in self.exchanges
            ]
        }

    def toml(self) -> str:
        """Return the scenario as the text of a TOML file, with the message's name before each request."""
        blocks = ["# Recorded answers: cti spoof --replay FILE gives them to the same requests."]
        for one in self.exchanges:
            quoted = [f'"{frame.hex()}"' for frame in one.feedbacks]
            several = "\n  " + ",\n  ".join(quoted) + ",\n"
            listed = several if len(quoted) > 1 else "".join(quoted)
            lines = ["", "[[replies]]", f"# {one.name}"]
            lines += [f'request = "{one.request.hex()}"', f"feedbacks = [{listed}]"]
            blocks.append("\n".join(lines))
        return "\n".join(blocks) + "\n"


def read_recorded(source: BinaryIO | Path | str, *, name: str = "", port: int | None = None) -> Recorded:
    """Return what was asked and answered in a capture.

    Args:
        source: path of a capture file, or a binary stream of one.
        name: what errors call it; by default the path.
        port: only connections with this port.

    Raises:
        CaptureError: it is no capture.
        InputError: there is no request of CTI in it.
        OSError: it cannot be read.
    """
    reader = CaptureReader(source)
    conversations = Conversations(port=port)
    found = recorded(entry for event in reader for entry in conversations.feed(event))
    found.notes = reader.notes
    if not found.exchanges:
        raise InputError(f"{name or source}: no CTI request in it that could be answered")
    return found


def recorded(entries: Iterable[Entry]) -> Recorded:
    """Return what was asked and answered in conversations."""
    found = Recorded()
    by_number: dict[int, Exchange] = {}
    for entry in entries:
        if not isinstance(entry, Heard):
            continue
        decoded = entry.decoded
        if entry.direction is Direction.REQUEST:
            if {problem.kind for problem in decoded.problems} & _BAD:
                found.damaged += 1
                continue
            try:
                frame = _without_secrets(decoded.message, bytes(decoded.frame))
            except EncodeError:  # a body that is cut, with a secret in it
                found.damaged += 1
                continue
            exchange = Exchange(decoded.message.spec.name, frame)
            by_number[entry.number] = exchange
            found.exchanges.append(exchange)
            continue
        request = entry.answer.request if entry.answer is not None else None
        answered = by_number.get(request.number) if request is not None else None
        if answered is None:
            found.unsolicited += 1
        else:
            answered.feedbacks.append(bytes(decoded.frame))
    return found


def _without_secrets(message: Message, frame: bytes) -> bytes:
    """Return a request's frame with asterisks in the place of its secrets.

    Raises:
        EncodeError: the message is not whole.
    """
    secret = [kind.name for kind in message.spec.values if kind.secret and getattr(message, kind.name, None)]
    if not secret:
        return frame
    hidden = decode(frame, Direction.REQUEST, strict=False).message
    for name in secret:
        setattr(hidden, name, HIDDEN)
    return encode(hidden)
