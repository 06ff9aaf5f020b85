"""Which cycler software is played: a table of data. What a version is able to, `cti_schema.versions` knows.

A server tells its version at login, and a client chooses by it what it sends. No source says that a server
refuses a message that its version is not meant for, so every personality answers everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cti_schema.enums import CtiVersion
from cti_schema.errors import ConfigurationError, UnknownNameError
from cti_schema.versions import JSON_BODIES, PREDICATES, TIME_SENSITIVE, VARIABLE_LENGTH

__all__ = ["PERSONALITIES", "Personality", "personality"]

#: Longest test names in UTF-16 units: that of the fixed field; and one for servers without such a field.
SHORT_TEST_NAMES: Final = 72
LONG_TEST_NAMES: Final = 255


@dataclass(frozen=True, slots=True)
class Personality:
    """A version of the cycler software.

    Attributes:
        name: what it is called here; ``unlisted`` for a number that nobody has listed.
        version: the number told at login.
        generation: ``pro7``, ``pro8`` or ``mits10``; a number that nobody has listed is taken for a MITS 10.
        doc: what it is.
        software: the version as a text.
        single_read_returns_all: reading one channel returns all of them, as a MITS 10 does.
        answers_twice: changed test objects are answered with a second message too, as old servers do.
        user_variables: how many of the sixteen user variables there are.
    """

    name: str
    version: CtiVersion
    generation: str
    doc: str
    software: str
    single_read_returns_all: bool = False
    answers_twice: bool = False
    user_variables: int = 16

    @property
    def forms(self) -> tuple[str, ...]:
        """How its clients write messages that have several forms: names of `cti_schema.versions`."""
        sets = (VARIABLE_LENGTH, JSON_BODIES, TIME_SENSITIVE)
        return tuple(one.name for one in sets if self.version in one) or ("fixed_length",)

    @property
    def test_name_limit(self) -> int:
        """Most UTF-16 units of a test's name."""
        return LONG_TEST_NAMES if self.version in VARIABLE_LENGTH else SHORT_TEST_NAMES


_MITS_X: Final = next(one for one in PREDICATES if one.name == "mits_x")
_GENERATIONS: Final = {"pro7": "MITS Pro 7", "pro8": "MITS Pro 8", "mits10": "MITS 10"}


def _generation(version: CtiVersion) -> str:
    if version in _MITS_X or not version.known:
        return "mits10"
    # The name that stands for version 0 is "none", and it is a Pro 7.
    return "pro8" if "PRO8" in version.name else "pro7"


def _of(name: str, version: CtiVersion) -> Personality:
    generation = _generation(version)
    return Personality(
        name,
        version,
        generation,
        version.meaning if version.known else "a number that nobody has listed",
        f"{_GENERATIONS[generation]}, version 0x{int(version):08X} (emulated)",
        single_read_returns_all=version in _MITS_X,
        answers_twice=generation == "pro7",
        # Only the first four act there (rules.md, section 4), and a result of its own says so.
        user_variables=4 if generation == "pro7" else 16,
    )


def _table() -> dict[str, Personality]:
    names = {
        name.lower().removeprefix("cti_").replace("mits_x", "mitsx").replace("_", "-"): version
        for name, version in CtiVersion.__members__.items()
        if name != "NONE"
    }
    return {name: _of(name, version) for name, version in names.items()}


#: Every version that is known, by its name in small letters: ``pro8``, ``mitsx-4``, ``ty-pro8-2``.
PERSONALITIES: Final[dict[str, Personality]] = _table()


def personality(name_or_number: str | int) -> Personality:
    """Return a personality by its name or its version number.

    Args:
        name_or_number: a name of `PERSONALITIES`, or any 32-bit number; as a text, ``0x`` means hexadecimal.

    Raises:
        UnknownNameError: there is none of that name; it names the nearest.
        ConfigurationError: the number has no place in 32 bits.
    """
    if isinstance(name_or_number, str):
        name = name_or_number.strip().lower().replace("_", "-")
        if name in PERSONALITIES:
            return PERSONALITIES[name]
        try:
            number = int(name, 0)
        except ValueError:
            raise UnknownNameError("personality", name_or_number, PERSONALITIES) from None
    else:
        number = int(name_or_number)
    if not 0 <= number < 2**32:
        raise ConfigurationError(f"personality: {number} is no version: it is from 0 to {2**32 - 1}")
    for one in PERSONALITIES.values():
        if one.version == number:
            return one
    return _of("unlisted", CtiVersion(number))
