"""What a mutation is: a name, a summary, and a function from a valid message to bytes with one thing wrong.

The function returns `Broken`: bytes alone. What a receiver may do with them is judged afterwards (`judge`),
by what the protocol's facts say of such a frame, unless the mutation knows better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final

from cti_schema import Direction, Message, decode
from cti_schema.wire.frame import CHECKSUM, HEADER, TOKEN, checksum, length_rule
from spoofer.fuzz.case import Expect, Part
from spoofer.fuzz.pool import Sample, plain
from spoofer.fuzz.sites import TEXT_OFFSET, Site


@dataclass(frozen=True, slots=True)
class Broken:
    """The bytes that stand in the place of a message.

    Attributes:
        pieces: frames and pieces of garbage, each with what may come back; ``None``: as `judge` finds.
        detail: the one thing that is wrong, in words.
        field: path of the field that it is about, if it is about one.
        segments: how the bytes are cut into sends; empty: as one likes.
        hides: a receiver may rightly take what stands behind for a part of it.
        login: whether a login comes before.
        turns: each piece waits for the answers to the one before.
        read: whether the answers are read.
    """

    pieces: tuple[tuple[bytes, Expect | None], ...]
    detail: str
    field: str | None = None
    segments: tuple[bytes, ...] = ()
    hides: bool = False
    login: bool = True
    turns: bool = False
    read: bool = True


@dataclass(frozen=True, slots=True)
class Mutated:
    """`Broken`, and judged.

    Attributes:
        parts: what is sent, with what may come back.
        segments: how the bytes of all parts are cut into sends.
        detail: the one thing that is wrong, in words.
        field: path of the field that it is about, if it is about one.
    """

    parts: tuple[Part, ...]
    segments: tuple[bytes, ...]
    detail: str
    field: str | None = None


#: From a valid message to `Broken`; ``None`` if there is nothing in it that can be broken so.
Break = Callable[[Sample, Random], "Broken | None"]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to break a message.

    Attributes:
        name: snake_case.
        summary: what is done, in a few words.
        breaks: does it.
        requests_only: it is about a connection to a server, not about bytes.
        places: where it can act in a frame; ``None``: anywhere.
    """

    name: str
    summary: str
    breaks: Break
    requests_only: bool = False
    places: Callable[[Site], bool] | None = None

    def applies_to(self, message: type[Message]) -> bool:
        """Tell whether a message has anything that can be broken so."""
        if self.requests_only and message.spec.direction is not Direction.REQUEST:
            return False
        return self.places is None or any(self.sites(sample) for sample in plain(message))  # type: ignore[arg-type]

    def sites(self, sample: Sample) -> list[Site]:
        """Return the places in a frame where it can act."""
        return [] if self.places is None else sample.places(self.name, self.places)


#: Every mutation, by name; filled by the modules of this package.
MUTATIONS: Final[dict[str, Mutation]] = {}


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes that are put in the place of others.

    Attributes:
        offset: from the frame's first byte.
        length: bytes that are taken out.
        data: bytes that are put in.
    """

    offset: int
    length: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one field.

    Attributes:
        edits: in the order of the frame.
        detail: in words.
        expect: what may come back, if the mutation knows better than `judge`.
    """

    edits: tuple[Edit, ...]
    detail: str
    expect: Expect | None = None


#: Changes one field of a valid message; ``None`` if it cannot be broken so.
ChangeField = Callable[[Sample, Site, Random], "Change | None"]


def on_field(name: str, summary: str, places: Callable[[Site], bool]) -> Callable[[ChangeField], ChangeField]:
    """Register a function that changes one field; length and checksum of the frame are put right again."""

    def register(change: ChangeField) -> ChangeField:
        def breaks(sample: Sample, random: Random) -> Broken | None:
            found = sample.places(name, places)
            if not found:
                return None
            site = found[int(random.random() * len(found))]
            made = change(sample, site, random)
            if made is None:
                return None
            frame = changed(sample, made.edits)
            return Broken(((frame, made.expect),), f"{site.path}: {made.detail}", site.path)

        MUTATIONS[name] = Mutation(name, summary, breaks, places=places)
        return change

    return register


def on_frame(name: str, summary: str, *, requests_only: bool = False) -> Callable[[Break], Break]:
    """Register a function that breaks a whole frame, or what is around it."""

    def register(breaks: Break) -> Break:
        MUTATIONS[name] = Mutation(name, summary, breaks, requests_only)
        return breaks

    return register


def replaced(site: Site, data: bytes, detail: str, expect: Expect | None = None) -> Change:
    """Return the change that puts bytes in the place of a whole field."""
    return Change((Edit(site.offset, site.length, data),), detail, expect)


def changed(sample: Sample, edits: Sequence[Edit]) -> bytes:
    """Return the frame with edits, its length and its checksum right again; of a JSON body the count, too."""
    frame = sample.frame
    pieces = []
    at = 0
    for edit in edits:
        pieces += [frame[at : edit.offset], edit.data]
        at = edit.offset + edit.length
    body = bytearray(b"".join([*pieces, frame[at : -CHECKSUM.size]]))
    spec = sample.message.spec
    if spec.form == "json" and edits[0].offset >= TEXT_OFFSET:
        units = (len(body) - TEXT_OFFSET) // 2
        body[TEXT_OFFSET - 4 : TEXT_OFFSET] = units.to_bytes(4, "little")
    return sealed(body, spec.direction)


def sealed(head_and_body: bytearray, direction: Direction) -> bytes:
    """Return the frame of a header and a body, with its length and its checksum."""
    length = len(head_and_body) + CHECKSUM.size - length_rule(direction)
    return with_header(head_and_body, length=length)


def with_header(
    head_and_body: bytes | bytearray, *, length: int | None = None, code: int | None = None
) -> bytes:
    """Return a frame with another length or code in its header, and the checksum that fits."""
    token, was_length, was_code, extended = HEADER.unpack_from(head_and_body)
    head = HEADER.pack(
        token, was_length if length is None else length, was_code if code is None else code, extended
    )
    data = head + head_and_body[HEADER.size :]
    return data + CHECKSUM.pack(checksum(data))


def boundaries(sample: Sample) -> list[int]:
    """Return the offsets at which a field begins or ends, without those of the whole frame."""
    inner = {HEADER.size, len(TOKEN), len(sample.frame) - CHECKSUM.size}
    for site in sample.sites:
        inner |= {site.offset, site.end}
    return sorted(inner)


#: What a receiver may do with a frame of which a problem of this kind is found. The words are those of
#: `cti_schema.problems`; other kinds are no reason to refuse, and none to answer.
_REFUSED: Final = frozenset(
    {"checksum", "length", "incomplete", "truncated", "count", "value", "json", "bson", "unknown_command"}
)


def judge(data: bytes, direction: Direction, expect: Expect | None) -> Part:
    """Return a piece with what may come back for it.

    A frame that is as declared is answered; one whose frame or body is not what it claims to be is not
    carried out; a command that is not declared is not, either. Surplus bytes, texts with odd characters and
    values that no enumeration lists are for the receiver to decide.

    Args:
        data: the piece.
        direction: which way it goes.
        expect: what may come back, where that is known.
    """
    if not data.startswith(TOKEN) or len(data) < HEADER.size:
        return Part(data, expect or Expect.ANYTHING)
    decoded = decode(data, direction, strict=False)
    spec = decoded.message.spec
    if expect is None:
        kinds = {problem.kind for problem in decoded.problems}
        if kinds & _REFUSED:
            expect = Expect.REFUSAL
        elif kinds or decoded.header.extended_code:
            expect = Expect.ANYTHING
        else:
            expect = Expect.ANSWER
    if expect is Expect.ANSWER and direction is Direction.REQUEST and not spec.feedbacks:
        expect = Expect.ANYTHING  # what answers it is not known
    return Part(data, expect, decoded.message)


def judged(broken: Broken, direction: Direction) -> Mutated:
    """Return the parts of broken bytes, each with what may come back for it."""
    parts = tuple(judge(data, direction, expect) for data, expect in broken.pieces)
    return Mutated(
        parts, broken.segments or (b"".join(part.data for part in parts),), broken.detail, broken.field
    )


def cut(data: bytes, at: Sequence[int]) -> tuple[bytes, ...]:
    """Return the bytes cut at offsets; no piece is empty."""
    ends = [0, *sorted({one for one in at if 0 < one < len(data)}), len(data)]
    return tuple(data[start:end] for start, end in pairwise(ends))


def pick(random: Random, options: Sequence[int]) -> int:
    """Return one of several integers, as the case has it."""
    return options[int(random.random() * len(options))]


def some_bytes(random: Random, count: int) -> bytes:
    """Return bytes without a token in them."""
    return random.randbytes(count).replace(TOKEN[:2], b"\xdc\xdc")


def different(values: Sequence[int], value: int) -> Iterator[int]:
    """Yield the values that are not the one that stands there."""
    return (one for one in values if one != value)
