"""What a campaign did and found, in one file that a later run goes on with: always whole."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cti_schema.errors import ConfigurationError

#: The report as data, and as a text for people.
JSON: Final = "report.json"
TEXT: Final = "report.txt"

#: Names of findings that are remembered beside the ones that are written out.
_MOST_ALIKE: Final = 100
_MOST_UNCONFIRMED: Final = 50


@dataclass
class Finding:
    """One thing that was found.

    Attributes:
        name: of its files.
        kind: what it is: the text of a `Kind`.
        message: name of the message.
        mutation: name of the mutation.
        field: path of the field that it is about, or ``None``.
        detail: the one thing that is wrong with what was sent.
        explanation: what the server did, in one line.
        seed: of the campaign.
        case: number of the case; with the seed it makes it again.
        minimised: how many bytes are sent, of how many.
        times: how often it was found.
        alike: other messages with the same mutation and the same kind; they are not written out.
        files: names of the files that belong to it.
    """

    name: str
    kind: str
    message: str
    mutation: str
    field: str | None
    detail: str
    explanation: str
    seed: int
    case: int
    minimised: list[int]
    times: int = 1
    alike: list[str] = dataclasses.field(default_factory=list)
    files: list[str] = dataclasses.field(default_factory=list)

    def line(self) -> str:
        """Return it in one line."""
        more = f" (and with {len(self.alike)} other messages)" if self.alike else ""
        return f"{self.kind}: {self.message} with {self.mutation} ({self.detail}): {self.explanation}{more}"


@dataclass
class Report:
    """What a campaign did and found, over all of its runs.

    Attributes:
        target: the server.
        seed: of the campaign.
        only: what it is restricted to.
        control: whether requests that change something are sent.
        next_case: number of the next case.
        cases: how many were played.
        seconds: how long it ran.
        runs: how often it was begun.
        pairs: how many pairs of message and mutation there are.
        coverage: message -> mutation -> cases.
        findings: what was found.
        unconfirmed: what was seen once and did not come again.
        memory: what is known of the server's memory.
        ended: why the last run ended.
    """

    target: str
    seed: int
    only: list[str] = dataclasses.field(default_factory=list)
    control: bool = True
    next_case: int = 0
    cases: int = 0
    seconds: float = 0.0
    runs: int = 0
    pairs: int = 0
    coverage: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)
    findings: list[Finding] = dataclasses.field(default_factory=list)
    unconfirmed: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    memory: dict[str, Any] = dataclasses.field(default_factory=dict)
    ended: str = ""

    @property
    def covered(self) -> int:
        """How many pairs of message and mutation were tried."""
        return sum(len(row) for row in self.coverage.values())

    @property
    def rate(self) -> float:
        """Cases per second."""
        return self.cases / self.seconds if self.seconds else 0.0

    def memory_line(self) -> str:
        """Return what is known of the server's memory, in words."""
        if self.memory.get("why_not"):
            return f"not watched: {self.memory['why_not']}"
        first, last = (self.memory.get(name, 0) / 2**20 for name in ("first", "last"))
        return f"{first:.0f} MiB at the beginning, {last:.0f} MiB at the end"

    def count(self, message: str, mutation: str) -> None:
        """Count a case."""
        self.cases += 1
        row = self.coverage.setdefault(message, {})
        row[mutation] = row.get(mutation, 0) + 1

    def known(self, kind: str, message: str, mutation: str) -> Finding | None:
        """Return the finding that has the same reason, or ``None``."""
        for one in self.findings:
            if (one.kind, one.message, one.mutation) == (kind, message, mutation):
                return one
        return None

    def alike(self, kind: str, mutation: str) -> list[Finding]:
        """Return the findings of a kind with a mutation, whatever the message."""
        return [one for one in self.findings if (one.kind, one.mutation) == (kind, mutation)]

    def count_alike(self, finding: Finding, message: str) -> None:
        """Count one more message that a finding shows with."""
        finding.times += 1
        if message not in finding.alike and len(finding.alike) < _MOST_ALIKE:
            finding.alike.append(message)

    def not_again(self, entry: dict[str, Any]) -> bool:
        """Write down what did not come again; false where there is enough of that already."""
        if len(self.unconfirmed) >= _MOST_UNCONFIRMED:
            return False
        self.unconfirmed.append(entry)
        return True

    # --- files ------------------------------------------------------------------------------------

    def save(self, folder: Path, text: str) -> None:
        """Write it.

        Raises:
            OSError: it cannot be written.
        """
        write_whole(folder / JSON, json.dumps(asdict(self), indent=1) + "\n")
        write_whole(folder / TEXT, text)

    @classmethod
    def load(cls, folder: Path) -> Report:
        """Read it.

        Raises:
            ConfigurationError: it is not there, or no report.
        """
        file = folder / JSON
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            data["findings"] = [Finding(**one) for one in data["findings"]]
            return cls(**data)
        except OSError as error:
            raise ConfigurationError(f"no campaign to resume: {file}: {error.strerror or error}") from None
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigurationError(f"{file} is no report of a campaign: {error}") from None


def write_whole(file: Path, text: str) -> None:
    """Write a file so that there is always the old or the new one, never half of one.

    Raises:
        OSError: it cannot be written.
    """
    beside = file.with_name(f"{file.name}.new")
    with open(beside, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(beside, file)


def file_name(*parts: str) -> str:
    """Return the parts as a name that files and Python modules can have."""
    text = "_".join(parts)
    return "".join(one if one.isalnum() and one.isascii() else "_" for one in text)


def unique(name: str, taken: Iterable[str]) -> str:
    """Return the name, with a number where it is taken."""
    used, number, found = set(taken), 1, name
    while found in used:
        number += 1
        found = f"{name}_{number}"
    return found
