"""Commands x mutations as a table: how often each pair was tried, and where something was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from spoofer.fuzz.report import Report

#: A pair that does not exist, one that was not tried yet, one with a finding; else a digit or ``+``.
NONE: Final = " "
UNTRIED: Final = "."
FOUND: Final = "!"

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Grid:
    """The pairs that a campaign is about.

    Args:
        pairs: names of message and mutation.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = frozenset(pairs)
        self.messages = sorted({message for message, _ in pairs})
        self.mutations = sorted({mutation for _, mutation in pairs})

    def letter(self, mutation: str) -> str:
        """Return the letter that stands for a mutation in the table's head."""
        return _LETTERS[self.mutations.index(mutation) % len(_LETTERS)]

    def head(self) -> str:
        """Return the letters of all mutations."""
        return "".join(self.letter(one) for one in self.mutations)

    def row(self, report: Report, message: str) -> str:
        """Return one character for each mutation."""
        counts = report.coverage.get(message, {})
        found = {one.mutation for one in report.findings if message == one.message or message in one.alike}
        return "".join(self._cell(message, one, counts.get(one, 0), one in found) for one in self.mutations)

    def _cell(self, message: str, mutation: str, count: int, found: bool) -> str:
        if (message, mutation) not in self.pairs:
            return NONE
        if found:
            return FOUND
        return UNTRIED if not count else str(count) if count < 10 else "+"

    def lines(self, report: Report) -> Iterator[str]:
        """Yield the table, with its legend."""
        width = max((len(one) for one in self.messages), default=0)
        yield f"{'':{width}}  {self.head()}"
        for message in self.messages:
            yield f"{message:{width}}  {self.row(report, message)}"
        yield ""
        yield f"{UNTRIED} not tried, 1-9 cases, + ten or more, {FOUND} found something"
        for mutation in self.mutations:
            cases = sum(row.get(mutation, 0) for row in report.coverage.values())
            yield f"{self.letter(mutation)} {mutation}: {cases} cases"


def summary(report: Report) -> str:
    """Return how it goes, in one line."""
    found = len(report.findings)
    return (
        f"{report.seconds:.0f} s: {report.cases} cases, {report.rate:.0f}/s, "
        f"{report.covered} of {report.pairs} pairs, {found} finding{'' if found == 1 else 's'}"
    )


def text(report: Report, grid: Grid) -> str:
    """Return the report for people."""
    lines = [
        f"Campaign against {report.target}, seed {report.seed}, in {report.runs} run{_s(report.runs)}",
        summary(report),
    ]
    if report.only:
        lines.append(f"only {', '.join(report.only)}")
    if not report.control:
        lines.append("without requests that change something")
    lines += [f"memory: {report.memory_line()}", f"ended: {report.ended or 'not yet'}", ""]
    for finding in report.findings:
        lines += [finding.name, f"  {finding.line()}"]
        size = finding.minimised
        lines.append(f"  case {finding.case}, seen {finding.times}x, {size[1]} bytes of {size[0]}")
        lines.append(f"  {', '.join(finding.files)}")
    for entry in report.unconfirmed:
        lines.append(f"seen once, not again: case {entry['case']}: {entry['failure']}")
    if not report.findings:
        lines.append("nothing was found")
    return "\n".join([*lines, "", *grid.lines(report)]) + "\n"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
