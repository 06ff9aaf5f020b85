"""What of a frame must not be passed on: found in the declarations, and overwritten in the frame's own bytes.

A frame keeps its length and every byte that is known to be harmless. What is not understood is not known to
be harmless: bodies of unknown commands and bytes that no field claims become zero.

- A field that is declared secret or personal: each character becomes a letter, each byte and number zero.
- In a message that has such fields, all that is no declared field becomes zero.
- Anywhere else: what repeats such a text (`Words`), whatever the field.

The checksum is changed by as much as the bytes are: a right one stays right, a wrong one wrong.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final

from cti_client.dump.redact_json import free_ranges, plain_texts, redact_body
from cti_schema import kinds as k
from cti_schema.errors import CTIError
from cti_schema.message import Direction, UnknownMessage
from cti_schema.problems import NOTES
from cti_schema.registry import registry
from cti_schema.wire.codec import Decoded, inspect
from cti_schema.wire.frame import CHECKSUM, HEADER, checksum, checksum_fits
from cti_schema.wire.report import Span

__all__ = ["SHORTEST", "Redacted", "Words", "redact", "texts"]

#: Characters of the shortest text that is looked for elsewhere: a shorter one stands anywhere by chance.
SHORTEST: Final = 3

#: Kinds of problems that leave no doubt about what the bytes are.
_HARMLESS: Final = NOTES | {"checksum", "stray", "text"}

_TEXTS: Final = (k.Text, k.CountedText, k.ZText, k.PrefixedText)

#: Bytes from one place of a frame to another.
Range = tuple[int, int]


class Redacted(bytes):
    """A frame without what must not be passed on.

    Attributes:
        ranges: which bytes are others now, in order.
        fields: fields that were overwritten because they are declared so.
        repeated: texts that were overwritten elsewhere.
    """

    ranges: list[Range]
    fields: int
    repeated: int


class Words:
    """Texts that must not stand anywhere, in every form that they have in a frame.

    Letters of either case are the same. Texts of less than `SHORTEST` characters are not looked for.
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        #: A form in small letters, and what stands in its place.
        self._forms: dict[bytes, bytes] = {}
        for word in words:
            self.add(word)

    def __len__(self) -> int:
        return len(self._forms)

    def add(self, word: str) -> None:
        """Look for this text too."""
        word = word.strip()
        if len(word) < SHORTEST:
            return
        for text in {word, json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1]}:
            for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
                try:
                    form = text.encode(encoding).lower()
                except UnicodeEncodeError:
                    continue
                unit = 2 if encoding.startswith("utf-16") else 1
                self._forms[form] = _fill(text, len(form) // unit).encode(encoding)

    def find(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield where in the data one of the texts stands, and what is to stand there."""
        low = data.lower()
        for form, fill in self._forms.items():
            at = low.find(form)
            while at >= 0:
                yield at, fill
                at = low.find(form, at + 1)


def _fill(text: str, length: int) -> str:
    """Return what stands in the place of a text: digits for digits, so that a number in JSON stays one."""
    letter, digit = ("x", "1") if set(text.lower()) - set("x1") else ("y", "2")
    plain = "".join(digit if character.isascii() and character.isdigit() else letter for character in text)
    return plain if len(plain) == length else letter * length


# --- which messages --------------------------------------------------------------------------------


def _private(kind: k.Kind) -> bool:
    return kind.secret or kind.personal


@lru_cache(maxsize=4096)
def _holds_any(code: int) -> bool:
    """Return whether a message of this code, either way, may hold what must not be passed on."""
    found = (message for way in Direction for message in registry().candidates(way, code))
    return any(_private(kind) for message in found for kind in _leaves(message.spec.layout))


def _leaves(layout: Iterable[k.Kind]) -> Iterator[k.Kind]:
    """Yield all fields of a layout, and those of the records in it."""
    for kind in layout:
        yield kind
        if isinstance(kind, k.Nested):
            yield from _leaves(kind.record.spec.layout)
        elif isinstance(kind, k.Array):
            yield from _leaves([kind.item])
        elif isinstance(kind, k.Variants):
            yield from _leaves(kind.alternatives())
        elif isinstance(kind, k.Member):
            of: k.JsonType | None = kind.of
            while of is not None:
                yield from _leaves(of.record.spec.layout if of.record is not None else ())
                of = of.item


def texts(frame: bytes) -> Iterator[str]:
    """Yield the texts in a frame that must not be passed on, so that they are found elsewhere, too."""
    if len(frame) < HEADER.size or not _holds_any(HEADER.unpack_from(frame)[2]):
        return
    decoded = _decode(frame, spans=True)
    if decoded is None:
        return
    if decoded.message.spec.form == "json":
        found = plain_texts(decoded.message.spec.members, decoded.header.body, _private)
    else:
        found = ((span.kind, span.value) for span in decoded.spans if _private(span.kind))
    for kind, value in found:
        # A password may be anything; else a run of one or two characters says nothing about anybody.
        if isinstance(value, str) and (kind.secret or len(set(value)) >= SHORTEST):
            yield value


# --- overwriting -----------------------------------------------------------------------------------


def redact(frame: bytes, words: Words) -> Redacted:
    """Return a frame of the same length without what must not be passed on.

    Args:
        frame: one frame, whole or not; that of a `FrameBuffer` knows which way it goes.
        words: texts to overwrite wherever they stand in the body.
    """
    data = bytearray(frame)
    body = min(HEADER.size, len(data))
    end, fields = len(data), 0
    ranges: list[Range] = []

    def put(start: int, new: bytes) -> None:
        data[start : start + len(new)] = new
        ranges.append((start, start + len(new)))

    decoded = _decode(frame)
    if decoded is not None:
        # A right checksum at the very end is the frame's, wherever its length says that it is.
        whole = checksum_fits(frame, len(frame))
        end = len(frame) - CHECKSUM.size if whole else min(end, body + len(decoded.header.body))
    if decoded is None or isinstance(decoded.message, UnknownMessage):
        put(body, bytes(end - body))
    elif decoded.message.spec.form == "json":
        if _holds_any(decoded.header.code) or _is_doubtful(decoded):
            new, fields = redact_body(
                decoded.message.spec.members,
                decoded.header.body,
                _private,
                undeclared=_holds_any(decoded.header.code),
            )
            put(body, new)
    elif _holds_any(decoded.header.code):
        fields = _overwrite(decoded, end, put, strict=True)
    elif _is_doubtful(decoded):
        _overwrite(decoded, end, put, strict=False)
    repeated = _sweep(decoded, words, bytes(data[body:end]), lambda at, fill: put(body + at, fill))
    if len(data) > end + CHECKSUM.size:  # a length that lies: these bytes are no part of anything
        put(end + CHECKSUM.size, bytes(len(data) - end - CHECKSUM.size))
    if len(data) >= end + CHECKSUM.size:
        (old,) = CHECKSUM.unpack_from(data, end)
        put(end, CHECKSUM.pack((old + checksum(data[:end]) - checksum(frame[:end])) % 2**16))
    found = Redacted(data)
    found.ranges = [(start, stop) for start, stop in _merged(ranges) if frame[start:stop] != data[start:stop]]
    found.fields, found.repeated = fields, repeated
    return found


def _sweep(decoded: Decoded | None, words: Words, body: bytes, put: Callable[[int, bytes], None]) -> int:
    """Overwrite what repeats one of the words, and return how often; of JSON only in its values."""
    found = list(words.find(body))
    if found and decoded is not None and decoded.message.spec.form == "json":
        free = free_ranges(decoded.message.spec.members, body)

        def is_free(at: int, end: int) -> bool:
            place = bisect_right(free, (at, len(body))) - 1
            return place >= 0 and end <= free[place][1]

        found = [(at, fill) for at, fill in found if is_free(at, at + len(fill))]
    for at, fill in found:
        put(at, fill)
    return len(found)


def _decode(frame: bytes, *, spans: bool = False) -> Decoded | None:
    """Return a frame decoded as far as it goes; ``None`` if it has no header."""
    try:
        return inspect(frame, spans=spans)
    except CTIError:
        return None


def _is_doubtful(decoded: Decoded) -> bool:
    """Return whether a frame may hold bytes that are no part of any field."""
    return any(problem.kind not in _HARMLESS for problem in decoded.problems)


def _overwrite(decoded: Decoded, end: int, put: Callable[[int, bytes], None], *, strict: bool) -> int:
    """Overwrite what stands in no field; and, if strict, private fields and what stands behind texts.

    Returns:
        How many fields were overwritten.
    """
    frame, count = decoded.frame, 0
    spans = decoded.spans or inspect(frame, decoded.direction, spans=True).spans
    at = HEADER.size
    for span in spans:
        if span.depth == 0:
            if span.offset > at:
                put(at, bytes(span.offset - at))
            at = max(at, span.offset + span.length)
        if not strict:
            continue
        raw = frame[span.offset : span.offset + span.length]
        if _private(span.kind):
            new = _blank(span, raw)
            count += any(raw)
            put(span.offset, new)
        elif isinstance(span.kind, k.Reserved):
            put(span.offset, bytes(len(raw)))
        elif isinstance(span.kind, k.Text):
            used = k.text_length(span.value, span.kind.encoding) * k.unit_size(span.kind.encoding)
            put(span.offset + used, bytes(max(0, len(raw) - used)))
    if end > at:
        put(at, bytes(end - at))
    return count


def _blank(span: Span, raw: bytes) -> bytes:
    """Return what stands in the place of a private field: letters for a text, else zeros."""
    kind, value = span.kind, span.value
    if isinstance(kind, _TEXTS) and isinstance(value, str):
        try:
            text = value.encode(kind.encoding)
        except UnicodeEncodeError:
            return bytes(len(raw))
        at = raw.find(text)
        fill = ("x" if set(value) - {"x"} else "y") * (len(text) // k.unit_size(kind.encoding))
        if at >= 0:
            rest = raw[at + len(text) :]
            # Behind a text of fixed size stands what was in the sender's memory.
            rest = bytes(len(rest)) if isinstance(kind, k.Text) else rest
            return raw[:at] + fill.encode(kind.encoding) + rest
    return bytes(len(raw))


def _merged(ranges: list[Range]) -> list[Range]:
    """Return ranges in order, those that touch as one."""
    found: list[Range] = []
    for start, stop in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        elif stop > start:
            found.append((start, stop))
    return found
