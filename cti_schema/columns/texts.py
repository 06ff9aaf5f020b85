"""Texts of many records: equal bytes are decoded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cti_schema import kinds as k
from cti_schema.columns.table import Texts
from cti_schema.compile.runtime import cut_bytes, cut_utf16

#: Distinct groups of texts that are remembered, so that one that comes again is not decoded again.
_REMEMBERED = 4096


@dataclass(frozen=True)
class Found:
    """Texts that were read.

    Attributes:
        columns: by name.
        wrong: the rows with a text that does not decode.
    """

    columns: dict[str, Texts]
    wrong: list[int]


class FixedTexts:
    """Texts of fixed size at fixed places of a record, compared as one block.

    A record that begins with the same four bytes as an earlier one is likely to have its texts: records begin
    with the number of what they are about. That is only a guess; equal texts are found by comparing.

    Args:
        data: the bytes of all records.
        fields: the texts, each with its name and its place in the record.
    """

    def __init__(self, data: bytes, fields: list[tuple[k.Text, str, int]]) -> None:
        self.data = data
        self.fields = fields

    def read(self, pos: NDArray[np.int64]) -> Found:
        """Return the texts of the records that begin at these places."""
        columns: dict[str, Texts] = {}
        wrong: list[int] = []
        for group in self._groups():
            found, bad = self._group(group, pos)
            columns |= found
            wrong += bad
        return Found(columns, wrong)

    def _groups(self) -> list[list[tuple[k.Text, str, int]]]:
        groups: list[list[tuple[k.Text, str, int]]] = []
        end = -1
        for kind, name, start in self.fields:
            if start != end:
                groups.append([])
            groups[-1].append((kind, name, start))
            end = start + kind.size()
        return groups

    def _group(
        self, fields: list[tuple[k.Text, str, int]], pos: NDArray[np.int64]
    ) -> tuple[dict[str, Texts], list[int]]:
        data = self.data
        first = fields[0][2]
        size = sum(kind.size() for kind, _, _ in fields)
        values: list[dict[str, int]] = [{} for _ in fields]
        blocks: list[tuple[int, ...]] = []
        known: dict[bytes, int] = {}
        last: dict[int, tuple[bytes, int]] = {}
        wrong: list[int] = []
        rows: list[int] = []
        add, look, same = rows.append, last.get, data.startswith
        nothing = (b"\0" * (size + 1), -1)
        keys = np.ndarray((max(len(data) - 3, 0),), "<u4", data, 0, (1,))[pos].tolist()
        for key, start in zip(keys, (pos + first).tolist(), strict=True):
            block, number = look(key, nothing)
            if not same(block, start):
                block = data[start : start + size]
                number = known.get(block, -1)
                if number < 0:
                    try:
                        codes = self._codes(block, fields, values)
                    except UnicodeDecodeError:
                        wrong.append(len(rows))
                        codes = (0,) * len(fields)
                    number = len(blocks)
                    blocks.append(codes)
                    if len(known) < _REMEMBERED:
                        known[block] = number
                last[key] = (block, number)
            add(number)
        table: NDArray[Any] = np.array(blocks, np.int32).reshape(len(blocks), len(fields))
        numbers = np.array(rows, np.int64)
        return {
            name: Texts(table[numbers, column], list(values[column]))
            for column, (_, name, _) in enumerate(fields)
        }, wrong

    def _codes(
        self, block: bytes, fields: list[tuple[k.Text, str, int]], values: list[dict[str, int]]
    ) -> tuple[int, ...]:
        codes = []
        start = 0
        for (kind, _, _), seen in zip(fields, values, strict=True):
            raw = block[start : start + kind.size()]
            start += kind.size()
            text, _ = cut_utf16(raw) if kind.encoding == "utf-16-le" else cut_bytes(raw, kind.encoding)
            codes.append(seen.setdefault(text, len(seen)))
        return tuple(codes)


def distinct(raws: list[bytes], encoding: str) -> tuple[Texts, list[int]]:
    """Return texts from their bytes, and the rows of those that do not decode."""
    seen: dict[bytes, int] = {}
    values: dict[str, int] = {}
    codes = []
    wrong = []
    for row, raw in enumerate(raws):
        code = seen.get(raw)
        if code is None:
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError:
                wrong.append(row)
                text = ""
            code = seen[raw] = values.setdefault(text, len(values))
        codes.append(code)
    return Texts(np.array(codes, np.int32), list(values)), wrong
