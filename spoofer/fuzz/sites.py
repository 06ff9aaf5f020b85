"""Where each field stands in a valid frame: the places that mutations act on. Nothing here changes a byte.

Binary places come from the codec's spans, items of lists and tables from their layout. The places of a JSON
body are found in its text, which was written by the codec: no spaces, members in the declared order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cti_schema import kinds as k
from cti_schema.message import Message
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import CHECKSUM, HEADER
from cti_schema.wire.report import BODY_OFFSET, Span, unknown_kind

#: Bytes of the count in front of the text of a JSON body; source: rules.md, section 1.
TEXT_OFFSET: Final = BODY_OFFSET + 4

#: What a place is of: a field of a binary body, or a value in a JSON text.
PlaceKind: TypeAlias = "k.Kind | k.JsonType"


@dataclass(frozen=True, slots=True)
class Site:
    """One field, or one item of a list, in a frame.

    Attributes:
        path: the field, like ``channels[0].status``.
        kind: what stands there: of variants the chosen one, of a JSON body the type of the value.
        offset: from the frame's first byte.
        length: in bytes.
        value: the decoded value.
        items: offset and length of each item of a list.
        counts: path of what the value counts, if it is a count or a length.
        decides: the value chooses between layouts, or whether a list is there.
    """

    path: str
    kind: PlaceKind
    offset: int
    length: int
    value: Any
    items: tuple[tuple[int, int], ...] = ()
    counts: str = ""
    decides: bool = False

    @property
    def end(self) -> int:
        """Offset of the first byte behind it."""
        return self.offset + self.length


def sites(message: Message, frame: bytes) -> list[Site]:
    """Return the places of a valid frame in the order of its bytes."""
    if message.spec.form == "json":
        return _json_sites(message, frame)
    found: list[Site] = []
    spans = inspect(frame, message.spec.direction).spans
    values = {span.path: span.value for span in spans}
    counting = {id(span.kind.count) for span in spans if isinstance(span.kind, k.Array)}
    deciding = {id(kind) for kind in deciders(message.spec.layout)}
    places = {span.path: (span.offset, span.length) for span in spans}
    for span in spans:
        kind = span.kind
        parent = span.path.rpartition(".")[0] + "." if "." in span.path else ""
        if isinstance(kind, k.Variants):
            kind = kind.choose(values[parent + kind.by.name])
        counts = ""
        if isinstance(kind, k.Count) and kind.counted is not None:
            counts = parent + kind.counted.name
        elif id(span.kind) in counting:
            counts = parent + _counted(span.kind, spans)
        items = tuple(_items(kind, span, places))
        decides = id(span.kind) in deciding
        found.append(Site(span.path, kind, span.offset, span.length, span.value, items, counts, decides))
        if isinstance(kind, (k.Array, k.Table)) and not isinstance(kind.item, (k.Nested, k.Variants)):
            for index, (offset, length) in enumerate(items[: len(span.value)]):
                found.append(Site(f"{span.path}[{index}]", kind.item, offset, length, span.value[index]))
    return found


def _counted(count: k.Kind, spans: list[Span]) -> str:
    """Return the name of the list that an ordinary field counts."""
    return next(
        span.kind.name for span in spans if isinstance(span.kind, k.Array) and span.kind.count is count
    )


def deciders(layout: tuple[k.Kind, ...]) -> Iterator[k.Scalar]:
    """Yield the fields, of records too, that choose between layouts, or whether a list is there."""
    for kind in layout:
        inner: list[k.Kind] = [kind]
        while inner:
            one = inner.pop()
            if isinstance(one, k.Variants):
                yield one.by
                inner += one.alternatives()
            elif isinstance(one, k.Array):
                if one.when is not None:
                    yield one.when[0]
                inner.append(one.item)
            elif isinstance(one, k.Nested):
                yield from deciders(one.record.spec.layout)


def _items(kind: PlaceKind, span: Span, places: dict[str, tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield where the items of a list or a table stand."""
    offset = span.offset
    if isinstance(kind, k.Table):
        size = kind.item.size()
        for index in range(kind.length):
            yield offset + index * size, size
    elif isinstance(kind, k.Array):
        for index, value in enumerate(span.value):
            place = places.get(f"{span.path}[{index}]") or (offset, _item_size(kind.item, value))
            yield place
            offset = sum(place)


def _item_size(kind: k.Kind, value: Any) -> int:
    size = kind.size()
    if size is not None:
        return size
    if isinstance(kind, k.PrefixedText):
        return kind.prefix.size() + len(value) + 1
    if isinstance(kind, k.ZText):
        return len(value) + 1
    return unknown_kind(kind, kind.name)


# --- JSON --------------------------------------------------------------------------------------

_DECODER: Final = json.JSONDecoder()
_PLAIN: Final = re.compile(r'[^,\]}"\[{]+')


def _json_sites(message: Message, frame: bytes) -> list[Site]:
    raw = frame[TEXT_OFFSET : -CHECKSUM.size]
    text = raw.decode("utf-16-le")
    units = len(frame) - HEADER.size - CHECKSUM.size
    found = [Site("json", k.Scalar("u32"), BODY_OFFSET, 4, (units - 4) // 2, counts="json")]
    if not text.startswith("{"):
        return found
    wide = any(character > "\uffff" for character in text)
    found += _Scanner(text, wide).object(0, message.spec.members, "", [])[0]
    return found


class _Scanner:
    """Finds the places of values in a text that the codec wrote."""

    def __init__(self, text: str, wide: bool) -> None:
        self.text = text
        self.wide = wide

    def _offset(self, position: int) -> int:
        """Return the offset in the frame of a character."""
        units = k.text_length(self.text[:position], "utf-16-le") if self.wide else position
        return TEXT_OFFSET + 2 * units

    def object(
        self, position: int, members: tuple[k.Member, ...], prefix: str, found: list[Site]
    ) -> tuple[list[Site], int]:
        by_name = {member.wire_name: member for member in members}
        position += 1
        while self.text[position] != "}":
            name, position = _DECODER.raw_decode(self.text, position + (self.text[position] == ","))
            member = by_name[name]
            position = self.value(position + 1, member.of, f"{prefix}{member.name}", found)
        return found, position + 1

    def value(self, position: int, of: k.JsonType, path: str, found: list[Site]) -> int:
        """Add the place of a value and of those in it; return where it ends."""
        start, at = position, len(found)
        items: list[tuple[int, int]] = []
        first = self.text[position]
        if first == "{" and of.record is not None:
            position = self.object(position, of.record.spec.members, f"{path}.", found)[1]
        elif first == "[" and of.item is not None:
            position += 1
            while self.text[position] != "]":
                position += self.text[position] == ","
                begin = position
                position = self.value(position, of.item, f"{path}[{len(items)}]", found)
                items.append((self._offset(begin), self._offset(position) - self._offset(begin)))
            position += 1
        elif first == '"':
            position = _DECODER.raw_decode(self.text, position)[1]
        else:
            position = self._plain(position)
        offset = self._offset(start)
        raw = self.text[start:position]
        found.insert(at, Site(path, of, offset, self._offset(position) - offset, raw, tuple(items)))
        return position

    def _plain(self, position: int) -> int:
        """Return where a number, a constant, or any value whose shape is not declared ends."""
        if self.text[position] in "[{":
            return _DECODER.raw_decode(self.text, position)[1]
        found = _PLAIN.match(self.text, position)
        assert found is not None
        return found.end()
