"""What of a frame must not be passed on: found in the declarations, and overwritten in the frame's own bytes.

A frame keeps its length and every byte that is known to be harmless. What is not understood is not known to
be harmless: bodies of unknown commands and bytes that no field claims become zero.

- A field that is declared secret or personal: each character becomes an ``x``, each byte and number zero.
- In a message that has such fields, all that is no declared field becomes zero.
- Anywhere else: what repeats such a text (`Words`), whatever the field.

The checksum is changed by as much as the bytes are: a right one stays right, a wrong one wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from cti_client.dump.redact_json import json_ranges, plain_texts
from cti_schema import kinds as k
from cti_schema.errors import CTIError
from cti_schema.message import Direction, Message, UnknownMessage
from cti_schema.problems import NOTES
from cti_schema.registry import registry
from cti_schema.wire.codec import Decoded, inspect
from cti_schema.wire.frame import CHECKSUM, HEADER, TOKEN
from cti_schema.wire.report import Span

__all__ = ["SHORTEST", "Redacted", "Words", "redact", "texts"]

#: Characters of the shortest text that is looked for elsewhere: a shorter one stands anywhere by chance.
SHORTEST: Final = 3

#: What stands in the place of a character.
FILL: Final = "x"

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
        self._forms: set[bytes] = set()
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
                self._forms.add(text.encode(encoding, "replace").lower())

    def find(self, data: bytes) -> Iterator[Range]:
        """Yield where in the data one of the texts stands."""
        low = data.lower()
        for form in self._forms:
            at = low.find(form)
            while at >= 0:
                yield at, at + len(form)
                at = low.find(form, at + 1)


@lru_cache(maxsize=4096)
def _holds_any(code: int) -> bool:
    """Return whether a message of this code, either way, may hold what must not be passed on."""
    found = (message for way in Direction for message in registry().candidates(way, code))
    return any(_private(kind) for message in found for kind in _leaves(message.spec.layout))


def _private(kind: k.Kind) -> bool:
    return kind.secret or kind.personal


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


def texts(frame: bytes, direction: Direction | None) -> Iterator[str]:
    """Yield the texts in a frame that must not be passed on, so that they are found elsewhere, too."""
    decoded = _decode(frame, direction)
    if decoded is None or not _holds_any(decoded.header.code):
        return
    if decoded.message.spec.form == "json":
        yield from plain_texts(decoded.message.spec.members, decoded.header.body, _private)
        return
    for span in decoded.spans:
        if _private(span.kind) and isinstance(span.value, str):
            yield span.value


def redact(frame: bytes, direction: Direction | None, words: Words) -> Redacted:
    """Return a frame of the same length without what must not be passed on.

    Args:
        frame: one frame, whole or not.
        direction: which way it goes, where that is known.
        words: texts to overwrite wherever they stand in the body.
    """
    data = bytearray(frame)
    ranges: list[Range] = []
    fields = repeated = 0
    body = min(HEADER.size, len(data))
    end = max(body, len(data) - CHECKSUM.size)
    decoded = _decode(frame, direction)
    if decoded is None or isinstance(decoded.message, UnknownMessage):
        ranges.append((body, len(data) if decoded is None else end))
        data[body:] = bytes(len(data) - body)
    else:
        for span_or_none, start, stop in _unwanted(decoded, end):
            data[start:stop] = _blank(span_or_none, bytes(data[start:stop]))
            ranges.append((start, stop))
            fields += span_or_none is not None
    for start, stop in words.find(bytes(data[body:end])):
        data[body + start : body + stop] = _fill(bytes(data[body + start : body + stop]))
        ranges.append((body + start, body + stop))
        repeated += 1
    if decoded is not None and len(data) >= HEADER.size + CHECKSUM.size:
        ranges.append((end, len(data)))
        _repair(data, frame)
    found = Redacted(data)
    found.ranges = [(start, stop) for start, stop in _merged(ranges) if frame[start:stop] != data[start:stop]]
    found.fields, found.repeated = fields, repeated
    return found
