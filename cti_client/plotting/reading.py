"""The curves of a test, from wherever it was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cti_client.plotting.curves import Curves
from cti_schema.errors import ConfigurationError

__all__ = ["Test", "Wanted", "choose", "read_test"]

#: Tests that an error names.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Test:
    """A test that was recorded.

    Attributes:
        cycler: where; empty where the source does not tell, as are the others.
        channel: number of the channel, from 1.
        name: its name.
        serial_number: of the cycler.
    """

    __test__ = False  # for pytest, which takes the name for one of its own

    cycler: str = ""
    channel: int | None = None
    name: str = ""
    serial_number: str = ""

    def __str__(self) -> str:
        channel = "" if self.channel is None else f"channel {self.channel}"
        return " ".join(filter(None, (self.cycler, channel, repr(self.name) if self.name else "")))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which test somebody wants; ``None`` is any.

    Attributes:
        cycler: name or serial number.
    """

    cycler: str | None = None
    channel: int | None = None
    name: str | None = None

    def fits(self, test: Test) -> bool:
        """Tell whether a test is one of them."""
        return (
            self.cycler in (None, test.cycler, test.serial_number)
            and self.channel in (None, test.channel)
            and self.name in (None, test.name)
        )


def choose(where: str, tests: Iterable[Test], wanted: Wanted) -> Test:
    """Return the one test that fits.

    Args:
        where: the source, for people.
        tests: what there is.
        wanted: which one is wanted.

    Raises:
        ConfigurationError: none fits, or several do; the sentence says what there is.
    """
    there = list(tests)
    if not there:
        raise ConfigurationError(f"{where}: there is no test in it")
    fit = [test for test in there if wanted.fits(test)]
    if len(fit) == 1:
        return fit[0]
    if not fit:
        raise ConfigurationError(f"{where}: there is no such test; there is {_listed(there)}")
    raise ConfigurationError(
        f"{where}: {len(fit)} tests fit, say which by --cycler, --channel or --test: {_listed(fit)}"
    )


def _listed(tests: list[Test]) -> str:
    names = [str(test) for test in tests]
    shown = [
        f"{name} (serial number {test.serial_number})" if names.count(name) > 1 else name
        for name, test in zip(names[:_NAMED], tests, strict=False)
    ]
    more = f", and {len(tests) - _NAMED} more" if len(tests) > _NAMED else ""
    return ", ".join(shown) + more


def read_test(source: str, wanted: Wanted) -> tuple[Test, Curves]:
    """Return a test and its curves.

    Args:
        source: a file in the Battery Data Format (``.bdf.csv``, ``.bdf.parquet``), a SQLite file, or a
            database's URL.
        wanted: which test, where there are several.

    Raises:
        ConfigurationError: the source cannot be read, no test fits or several do, or a package is missing.
    """
    if source.lower().endswith((".csv", ".parquet")):
        from cti_client.plotting.bdf import read_bdf

        return read_bdf(source, wanted)
    from cti_client.plotting.database import read_database

    return read_database(source, wanted)
