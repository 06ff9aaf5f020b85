"""Enumerations of the wire: every value has a meaning, and a value that is not listed stays itself.

A newer cycler may send values that no document lists. `Code` makes a member for such a value on
the spot (``known`` is false, the name says unknown), so that it can be shown and sent back as it came.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from functools import lru_cache
from typing import Any, NamedTuple, Self


class _Value(NamedTuple):
    """A value with what is known about it; see `ok` and `Code`."""

    value: int
    meaning: str = ""
    vendor: str = ""
    success: bool = False


def ok(value: int, meaning: str = "", vendor: str = "") -> Any:
    """Declare a result that means success, where its name alone does not say so."""
    return _Value(value, meaning, vendor, True)


class Code(IntEnum):
    """Integer with named values.

    A member is declared as its value and its meaning, and, where it helps a search, the vendor's name::

        IDLE = 0, "nothing runs"

    Attributes:
        meaning: what the value means.
        vendor: its name in the vendor's library.
        known: false for a value that the enumeration does not list.
    """

    meaning: str
    vendor: str
    success: bool
    known: bool

    def __new__(cls, value: int, meaning: str = "", vendor: str = "", success: bool = False) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.vendor = vendor
        member.success = success
        member.known = True
        return member

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls._unknown(value) if isinstance(value, int) else None

    @classmethod
    @lru_cache(maxsize=256)  # not all are kept: an endless stream of unknown values must not fill the memory
    def _unknown(cls, value: int) -> Self:
        member = int.__new__(cls, value)
        member._name_ = f"unknown_{value}"
        member._value_ = value
        member.meaning = "not a value that is known"
        member.vendor = ""
        member.success = False
        member.known = False
        return member

    @property
    def label(self) -> str:
        """The name in lower case, as the toolkit writes it everywhere: ``channel_running``."""
        return self._name_.lower()

    @property
    def is_success(self) -> bool:
        """Whether the value, as a result, means success."""
        return self.success or self._name_ == "SUCCESS"


class ResultCode(Code):
    """Outcome of a request. ``SUCCESS`` means success; declare other successes with `ok`."""


class Flags(IntFlag):
    """Set of bits with names; bits without a name are kept.

    A bit is declared as its value and its meaning, as those of a `Code` are.

    Attributes:
        meaning: what a single bit means.
    """

    meaning: str

    def __new__(cls, value: int, meaning: str = "") -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls._unlisted(value) if isinstance(value, int) else None

    @classmethod
    @lru_cache(maxsize=256)  # `enum` would keep each for ever: an endless stream of them fills the memory
    def _unlisted(cls, value: int) -> Self:
        member: Self = super()._missing_(value)
        cls._value2member_map_.pop(value, None)
        return member
