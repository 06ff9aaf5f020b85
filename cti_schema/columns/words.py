"""Texts as numbers: each distinct text of a field is decoded and kept once.

Records are often about the same thing as one before: those that begin with the same four bytes are likely to
have the same texts. That is only a guess of where to look first; what is equal is found by comparing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from cti_schema import kinds as k
from cti_schema.columns.arrays import Array, Texts
from cti_schema.compile.lazy import IGNORED
from cti_schema.compile.runtime import read_bytes, read_utf16

#: So many raw texts are remembered beside the distinct texts themselves.
_REMEMBERED: Final = 4096

#: The code of a row without a text.
NO_TEXT: Final = -1


class Words:
    """The distinct texts of one field.

    Attributes:
        words: the texts; a text's code is its place here.
    """

    def __init__(self) -> None:
        self.words: list[str] = []
        self._codes: dict[str, int] = {}
        self._raw: dict[bytes, int] = {}

    def code(self, text: str) -> int:
        """Return the code of a text."""
        code = self._codes.setdefault(text, len(self.words))
        if code == len(self.words):
            self.words.append(text)
        return code

    def of_raw(self, raw: bytes, kind: Any) -> int:
        """Return the code of a text from its bytes.

        Raises:
            UnicodeDecodeError: they are no text.
        """
        code = self._raw.get(raw)
        if code is None:
            if not isinstance(kind, k.Text):
                text = raw.decode(kind.encoding)
            elif kind.encoding == "utf-16-le":
                text = read_utf16(raw, IGNORED, kind.name)
            else:
                text = read_bytes(raw, kind.encoding, IGNORED, kind.name)
            code = self.code(text)
            if len(self._raw) >= _REMEMBERED:
                self._raw.clear()
            self._raw[raw] = code
        return code

    def column(self, codes: Array) -> Texts:
        """Return the column of these codes."""
        return Texts(codes, self.words)


class Memory:
    """What is shared by all that reads one message: the distinct texts, and how records are read."""

    def __init__(self) -> None:
        self._words: dict[int, Words] = {}
        #: Readers of records, by the identity of what the declaration says of them.
        self.readers: dict[int, Any] = {}

    def __call__(self, kind: Any) -> Words:
        """Return the distinct texts of a field."""
        return self._words.setdefault(id(kind), Words())

    @property
    def distinct(self) -> int:
        """Distinct texts of all fields."""
        return sum(len(one.words) for one in self._words.values())


class TextRun:
    """Texts of fixed size that follow each other in a record.

    Args:
        kinds: the fields.
        words: the distinct texts of each.
    """

    def __init__(self, kinds: Sequence[k.Text], words: Sequence[Words]) -> None:
        self.kinds = kinds
        self.words = words
        self.size = sum(kind.size() for kind in kinds)
        places = [0]
        for kind in kinds:
            places.append(places[-1] + kind.size())
        self._slices = [slice(*pair) for pair in pairwise(places)]
        #: Keys that were looked up last, and what was found. The next rows often have the same.
        self._keys: list[int] = []
        self._raws: list[bytes | tuple[()]] = []
        self._rows = np.zeros(0, np.int64)
        self._forget()

    def read(self, data: bytes, places: list[int], keys: list[int]) -> tuple[list[Texts], Array]:
        """Return a column for each field, and the rows with bytes that are no text.

        Args:
            data: the bytes of all records.
            places: where the texts of each row begin.
            keys: of each row what tells that its texts are likely those of an earlier row.
        """
        if self._keys[: len(keys)] != keys:
            self._keys = keys
            self._raws = [self._seen.get(key, ()) for key in keys]
            self._rows = np.array([self._seen_numbers.get(key, 0) for key in keys], np.int64)
        same = list(map(data.startswith, self._raws, places))
        numbers = self._rows[: len(keys)]
        if not all(same):
            numbers = numbers.copy()
            seen, numbered = self._seen, self._seen_numbers
            for row, (known, key, place) in enumerate(zip(same, keys, places, strict=True)):
                if not known:
                    raw = data[place : place + self.size]
                    if seen.get(key) != raw:
                        seen[key], numbered[key] = raw, self._number(raw)
                    numbers[row] = numbered[key]
            self._keys = []
        codes = np.array(self._codes, np.int32)
        found = [words.column(codes[:, place][numbers]) for place, words in enumerate(self.words)]
        undecoded = np.flatnonzero(codes[:, -1][numbers] < 0)
        if len(self._codes) > _REMEMBERED:
            self._forget()
        return found, undecoded

    def _number(self, raw: bytes) -> int:
        """Return the place of the codes of these texts; of texts that do not decode the last one is -1."""
        number = self._numbers.get(raw)
        if number is None:
            fields = zip(self.kinds, self.words, self._slices, strict=True)
            try:
                codes = tuple(words.of_raw(raw[place], kind) for kind, words, place in fields)
            except UnicodeDecodeError:
                codes = (NO_TEXT,) * len(self.kinds)
            number = self._numbers[raw] = len(self._codes)
            self._codes.append(codes)
        return number

    def _forget(self) -> None:
        self._codes: list[tuple[int, ...]] = [(NO_TEXT,) * len(self.kinds)]
        #: Place in the list of codes, by the bytes of all texts.
        self._numbers: dict[bytes, int] = {}
        #: Bytes that were last seen behind a key, and their place in the list of codes.
        self._seen: dict[int, bytes] = {}
        self._seen_numbers: dict[int, int] = {}
        self._keys = []
