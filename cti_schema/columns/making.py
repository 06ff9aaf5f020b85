"""Columns from messages that the ordinary decoder has read: of frames with something wrong, and of JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any

import numpy as np

from cti_schema import kinds as k
from cti_schema.columns.arrays import Array, Column, Lists, Numbers, Objects, Records, Tagged, Texts
from cti_schema.columns.reading import number_type
from cti_schema.columns.words import NO_TEXT, Words
from cti_schema.kinds import MISSING
from cti_schema.message import RecordSpec
from cti_schema.wire.report import unknown_kind
from cti_schema.wire.values import write_float

WordsOf = Callable[[Any], Words]
Siblings = dict[str, list[Any]]


def records(spec: RecordSpec, objects: Sequence[Any], words: WordsOf) -> Records:
    """Return the columns of records, some of which may be `MISSING`.

    Args:
        spec: what the declaration of the records says.
        objects: the records.
        words: returns the distinct texts of a field.
    """
    values = {kind.name: [getattr(one, kind.name, MISSING) for one in objects] for kind in spec.values}
    fields = {kind.name: column(kind, values[kind.name], values, words) for kind in spec.values}
    return Records(fields, len(objects), _valid(list(objects)))


def _valid(values: list[Any]) -> Array | None:
    there = [value is not MISSING for value in values]
    return None if all(there) else np.array(there, bool)


@singledispatch
def column(kind: k.Kind, values: list[Any], siblings: Siblings, words: WordsOf) -> Column:
    """Return the column of a field's values; `MISSING` among them are rows without a value.

    Args:
        kind: the field.
        values: of each row.
        siblings: values of the fields of the same records, by name.
        words: returns the distinct texts of a field.
    """
    unknown_kind(kind, kind.name)


@column.register
def _(kind: k.Scalar, values: list[Any], siblings: Siblings, words: WordsOf) -> Numbers:
    def pack(value: Any) -> bytes:
        if value is MISSING:
            return bytes(kind.size())
        return write_float(value, kind.packer) if kind.is_float else kind.packer.pack(value)

    raw = b"".join(map(pack, values))
    return Numbers(np.frombuffer(raw, number_type(kind)), _valid(values))


@column.register(k.Text)
@column.register(k.CountedText)
@column.register(k.ZText)
@column.register(k.PrefixedText)
def _(kind: k.Kind, values: list[Any], siblings: Siblings, words: WordsOf) -> Texts:
    return _texts(kind, values, words)


def _texts(kind: Any, values: list[Any], words: WordsOf) -> Texts:
    known = words(kind)
    codes = [known.code(value) if isinstance(value, str) else NO_TEXT for value in values]
    return known.column(np.array(codes, np.int32))


@column.register(k.Data)
@column.register(k.Rest)
@column.register(k.Document)
def _(kind: k.Kind, values: list[Any], siblings: Siblings, words: WordsOf) -> Objects:
    return Objects(values, isinstance(kind, k.Document))


@column.register
def _(kind: k.Array, values: list[Any], siblings: Siblings, words: WordsOf) -> Column:
    if isinstance(kind.item, k.Variants):
        union = kind.item
        return _tagged(union, values, siblings, lambda one, part: _lists(one, part, words))
    return _lists(kind.item, values, words)


@column.register
def _(kind: k.Table, values: list[Any], siblings: Siblings, words: WordsOf) -> Column:
    return _lists(kind.item, values, words)


def _lists(item: Any, values: list[Any], words: WordsOf) -> Lists:
    lists = [value if isinstance(value, list) else [] for value in values]
    items = [one for value in lists for one in value]
    counts = np.array([len(value) for value in lists], np.int64)
    made = _json(item, items, words) if isinstance(item, k.JsonType) else column(item, items, {}, words)
    valid = [isinstance(value, list) for value in values]
    return Lists(_narrow(counts), made, None if all(valid) else np.array(valid, bool))


def _narrow(counts: Array) -> Array:
    return counts.astype(np.uint16) if not len(counts) or int(counts.max()) < 2**16 else counts


@column.register
def _(kind: k.Nested, values: list[Any], siblings: Siblings, words: WordsOf) -> Records:
    return records(kind.record.spec, values, words)


@column.register
def _(kind: k.Variants, values: list[Any], siblings: Siblings, words: WordsOf) -> Tagged:
    return _tagged(kind, values, siblings, lambda one, part: column(one, part, {}, words))


def _tagged(
    union: k.Variants, values: list[Any], siblings: Siblings, make: Callable[[k.Kind, list[Any]], Column]
) -> Tagged:
    places = {value: tag for tag, value in enumerate(union.cases)}
    chosen = zip(values, siblings[union.by.name], strict=True)
    tags = [-1 if value is MISSING else places.get(by, len(places)) for value, by in chosen]
    parts = [
        make(one, [value for value, its in zip(values, tags, strict=True) if its == tag])
        for tag, one in enumerate(union.alternatives())
    ]
    return Tagged(np.array(tags, np.int8), parts)


@column.register
def _(kind: k.Member, values: list[Any], siblings: Siblings, words: WordsOf) -> Column:
    return _json(kind.of, values, words)


def _json(of: k.JsonType, values: list[Any], words: WordsOf) -> Column:
    """Return the column of JSON values. What is ``null``, or not of its type, is no value."""
    if of.record is not None:
        spec = of.record.spec
        return records(spec, [one if isinstance(one, of.record) else MISSING for one in values], words)
    if of.item is not None:
        return _lists(of.item, values, words)
    if of.type == "text":
        return _texts(of, values, words)
    if of.type in ("any", "null", "object"):
        return Objects([MISSING if value is None else value for value in values], True)
    fits = [_fits(of.type, value) for value in values]
    numbers = [value if fit else 0 for value, fit in zip(values, fits, strict=True)]
    # The text of a float has the digits of eight bytes, whatever it is called.
    types: dict[str, Any] = {"bool": np.bool_, "f32": np.float64}
    made = np.array(numbers, types.get(of.type) or number_type(k.Scalar(of.type)))
    return Numbers(made, None if all(fits) else np.array(fits, bool))


def _fits(name: str, value: Any) -> bool:
    if name == "bool" or isinstance(value, bool):
        return name == "bool" and isinstance(value, bool)
    if name[0] == "f":
        return (isinstance(value, (int, float)) and abs(value) < 2**1000) or isinstance(value, float)
    if not isinstance(value, int) and not (isinstance(value, float) and value.is_integer()):
        return False
    least, greatest = k.Scalar(name).limits()
    return least <= value <= greatest
