"""Columns to Arrow. Every column becomes an Arrow array of a type that follows from it alone."""

from __future__ import annotations

import json
from functools import singledispatch
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from cti_schema.columns.arrays import Array, Lists, Numbers, Objects, Records, Tagged, Texts
from cti_schema.kinds import MISSING


def table(more: dict[str, Array], records: Records) -> pa.Table:
    """Return a table of records, with further columns in front."""
    arrays = {name: pa.array(values) for name, values in more.items()}
    arrays |= {name: array(column) for name, column in records.fields.items()}
    return pa.table(arrays)


@singledispatch
def array(column: Any) -> pa.Array:
    """Return a column as an Arrow array."""
    raise TypeError(type(column).__name__)


def _nulls(valid: Array | None) -> Array | None:
    return None if valid is None else ~valid


@array.register
def _(column: Numbers) -> pa.Array:
    return pa.array(np.ascontiguousarray(column.values), mask=_nulls(column.valid))


@array.register
def _(column: Texts) -> pa.Array:
    codes = np.ascontiguousarray(column.codes)
    missing = codes < 0
    indices = pa.array(codes, mask=missing if missing.any() else None)
    return pa.DictionaryArray.from_arrays(indices, pa.array(column.words, pa.string()))


@array.register
def _(column: Objects) -> pa.Array:
    values = [None if value is MISSING else value for value in column.values]
    if not column.documents:
        return pa.array(values, pa.binary())
    return pa.array(
        [None if value is None else json.dumps(value, default=repr) for value in values], pa.string()
    )


@array.register
def _(column: Lists) -> pa.Array:
    items = array(column.items)
    if isinstance(items, pa.DictionaryArray):
        items = items.dictionary_decode()
    offsets = pa.array(column.offsets.astype(np.int32), mask=_offsets_mask(column))
    return pa.ListArray.from_arrays(offsets, items)


def _offsets_mask(column: Lists) -> Array | None:
    return None if column.valid is None else np.append(~column.valid, False)


@array.register
def _(column: Records) -> pa.Array:
    names = list(column.fields)
    # A file format that has no dictionaries inside of records must be able to hold them.
    arrays = [_plain(array(inner)) for inner in column.fields.values()]
    if not names:
        return pa.array([{}] * len(column), pa.struct([]))
    mask = _nulls(column.valid)
    return pa.StructArray.from_arrays(arrays, names, mask=None if mask is None else pa.array(mask))


def _plain(values: pa.Array) -> pa.Array:
    return values.dictionary_decode() if isinstance(values, pa.DictionaryArray) else values


@array.register
def _(column: Tagged) -> pa.Array:
    """A record with a field for each layout, of which at most one is not null."""
    arrays = []
    for tag, part in enumerate(column.parts):
        here = column.tags == tag
        places = pa.array(np.where(here, np.cumsum(here) - 1, 0), mask=~here)
        arrays.append(_plain(array(part)).take(places))
    return pa.StructArray.from_arrays(arrays, [f"value{tag}" for tag in range(len(arrays))])
