"""What columns are: numbers, texts by a dictionary, lists, bytes; and their way to Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow

Numbers: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Texts:
    """Texts, each distinct one once.

    Attributes:
        codes: of each row the place among the values; -1 where there is no text.
        values: the distinct texts.
    """

    codes: NDArray[np.int32]
    values: list[str]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str | None:
        code = int(self.codes[row])
        return None if code < 0 else self.values[code]

    def __iter__(self) -> Iterator[str | None]:
        return (self[row] for row in range(len(self)))

    def arrow(self) -> pyarrow.Array:
        """Return the texts as an Arrow dictionary."""
        import pyarrow as pa

        return pa.DictionaryArray.from_arrays(
            pa.array(self.codes, mask=self.codes < 0), pa.array(self.values, pa.string())
        )


@dataclass(frozen=True)
class Lists:
    """Lists of different lengths.

    Attributes:
        offsets: where the items of each row begin, and where the last ones end.
        items: the items of all rows: numbers, or a table of records.
    """

    offsets: NDArray[np.int32]
    items: Column | Table

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def arrow(self) -> pyarrow.Array:
        """Return the lists as Arrow lists, of numbers or of structs."""
        import pyarrow as pa

        return pa.ListArray.from_arrays(pa.array(self.offsets), _arrow(self.items))


@dataclass(frozen=True)
class Binary:
    """Bytes of different lengths.

    Attributes:
        values: of each row.
    """

    values: list[bytes | None]

    def __len__(self) -> int:
        return len(self.values)

    def arrow(self) -> pyarrow.Array:
        """Return the bytes as an Arrow array."""
        import pyarrow as pa

        return pa.array(self.values, pa.binary())


#: Numbers are an array, masked where a row has no number; bytes of fixed size are an array of type ``V``.
Column: TypeAlias = Numbers | Texts | Lists | Binary


@dataclass(frozen=True)
class Table:
    """Columns of equal length.

    Attributes:
        rows: their length.
        columns: by name; a record in a record has its fields joined by dots.
    """

    rows: int
    columns: dict[str, Column]

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, name: str) -> Any:
        return self.columns[name]

    def arrow(self) -> pyarrow.Table:
        """Return the columns as an Arrow table."""
        import pyarrow as pa

        return pa.table({name: _arrow(column) for name, column in self.columns.items()})


def _arrow(column: Column | Table) -> Any:
    import pyarrow as pa

    if isinstance(column, Table):
        if not column.columns:
            return pa.nulls(column.rows, pa.struct([]))
        names = list(column.columns)
        return pa.StructArray.from_arrays([_arrow(one) for one in column.columns.values()], names)
    if not isinstance(column, np.ndarray):
        return column.arrow()
    if column.dtype.kind == "V":
        size = column.dtype.itemsize
        buffers = [None, pa.py_buffer(np.ascontiguousarray(column).tobytes())]
        return pa.Array.from_buffers(pa.binary(size), len(column), buffers)
    if isinstance(column, np.ma.MaskedArray):
        return pa.array(np.ascontiguousarray(column.data), mask=np.ma.getmaskarray(column))
    return pa.array(np.ascontiguousarray(column))
