"""All that is done about a failure: it is tried again, made small, and written down.

A server that is gone meanwhile is waited for, or started again where it is our own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from cti_schema.errors import ConnectError
from spoofer.fuzz.case import Case
from spoofer.fuzz.exchange import Played, Stage
from spoofer.fuzz.failure import LOG, Failure, Kind
from spoofer.fuzz.link import Chunk, Gone
from spoofer.fuzz.memory import Memory
from spoofer.fuzz.minimise import minimise, size_of
from spoofer.fuzz.own import OwnServer
from spoofer.fuzz.report import Finding, Report, file_name, unique, write_whole
from spoofer.fuzz.reproducer import source
from spoofer.fuzz.target import Target

#: How long a server that is gone is waited for, in seconds: whoever watches over it may start it again.
RETURN_S: Final = 15.0

#: How long an answer is waited for while a case is made small, in seconds.
_HURRY_S: Final = 0.4

#: Before it is called a hang, an answer is waited for so many times as long.
_SLOW: Final = 3

#: How long to look for a second answer behind the last, when a failure is looked into, in seconds.
_LINGER_S: Final = 0.02

#: Writes what went over connections into a capture file: called with the file and the connections.
WriteCapture = Callable[[Path, Sequence[Sequence[Chunk]]], None]


class ServerGone(Exception):
    """The server does not come back."""


class Finder:
    """Plays cases against a server, and looks into what fails.

    Args:
        target: the server; greeted.
        report: findings are added to it.
        folder: where they are written.
        say: is told of each finding, in a line.
        save: writes the report.
        memory: of the server.
        own: the server, where it is our own.
        write_capture: writes a capture file; without it there are none.
        stop: tells whether to end.

    Attributes:
        memory: of the server; another one after it was started again.
    """

    def __init__(
        self,
        target: Target,
        report: Report,
        folder: Path,
        say: Callable[[str], None],
        save: Callable[[], None],
        *,
        memory: Memory,
        own: OwnServer | None,
        write_capture: WriteCapture | None,
        stop: Callable[[], bool],
    ) -> None:
        self.memory = memory
        self._report = report
        self._target = target
        self._folder = folder
        self._say = say
        self._save = save
        self._own = own
        self._write_capture = write_capture
        self._stop = stop
        self._stage = Stage(target)
        self._played = Played(None)

    def close(self) -> None:
        """End every connection."""
        self._stage.close()

    def play(self, case: Case, *, patient: bool = False) -> Played:
        """Play a case; a complaint of our own server is a failure, too.

        Args:
            case: the case.
            patient: wait a moment for complaints.
        """
        played = self._stage.play(case)
        if self._own is None:
            return played
        if patient:
            time.sleep(0.02)
        if self._own.gone:
            return _with(played, Failure(Kind.CRASH, "the server's process has ended"))
        complaints = [line for line in self._own.complaints() if not line[:1].isspace()]
        if complaints:
            return _with(played, Failure(Kind.CRASH, f"{LOG}: {complaints[-1][:300]}"))
        return played

    def come_back(self) -> None:
        """Wait until the server is there, or start our own again.

        Raises:
            ServerGone: it does not come back.
        """
        self._stage.close()
        until = time.monotonic() + RETURN_S
        while True:
            with suppress(OSError, Gone, ConnectError):
                self._stage.open()
                return
            if self._own is not None:
                self._own.restart()
                self._target.port = self._own.port
                self.memory = Memory(self._target, self._own.pid)
            elif time.monotonic() > until or self._stop():
                raise ServerGone(f"the server at {self._target} is gone, and does not come back")
            else:
                time.sleep(0.1)

    def look_into(self, recent: Sequence[Case], played: Played, failure: Failure) -> None:
        """Find out whether a failure comes again, make its case small, and write everything down."""
        patience = self._target.deadline_s
        self._stage.linger_s = _LINGER_S
        try:
            self._look_closely(recent, played, failure, patience)
        finally:
            self._stage.linger_s = 0.0
            self._target.deadline_s = patience

    def _look_closely(
        self, recent: Sequence[Case], played: Played, failure: Failure, patience: float
    ) -> None:
        again: Failure | None = None
        case = recent[-1]
        try:
            self.come_back()
        except ServerGone:
            # Nothing more can be tried, and it is written down all the same.
            self._played = played
            finding = self._finding(case, failure)
            self._write(finding, case)
            self._say(finding.line())
            raise
        # A server that is only slow, because its computer has much to do, does not hang.
        self._target.deadline_s = _SLOW * patience if failure.kind is Kind.HANG else patience
        # The server may take its time to fail: one of the cases before may be the reason.
        for one in reversed(recent):
            again = self._again(one, failure.kind)
            if again is not None:
                case = one
                break
        if again is None:
            self._not_again(case, played, failure)
            return
        known = self._report.known(again.kind.text, case.message, case.mutation)
        if known is not None:
            known.times += 1
            return
        finding = self._finding(case, again)
        # Written before it is made small: a campaign may be ended in the middle of that.
        self._write(finding, case)
        self._save()
        self._target.deadline_s = min(patience, _HURRY_S)  # many tries wait for what does not come
        small = minimise(case, lambda one: not self._stop() and self._again(one, again.kind) is not None)
        self._target.deadline_s = patience
        last = self._again(small, again.kind)
        if last is not None and small is not case:
            finding.minimised[1] = size_of(small)
            finding.explanation = last.explanation
            self._write(finding, small)
        self._say(finding.line())

    def _again(self, case: Case, kind: Kind) -> Failure | None:
        """Play a case on fresh connections; return its failure if it is of that kind."""
        self.come_back()
        self._played = Played(None)
        with suppress(OSError, Gone):
            self._played = self.play(case, patient=kind is Kind.CRASH)
        found = self._played.failure
        return found if found is not None and found.kind is kind else None

    def _finding(self, case: Case, failure: Failure) -> Finding:
        base = file_name(failure.kind.text, case.message, case.mutation)
        finding = Finding(
            name=unique(base, (one.name for one in self._report.findings)),
            kind=failure.kind.text,
            message=case.message,
            mutation=case.mutation,
            field=case.field,
            detail=case.detail,
            explanation=failure.explanation,
            seed=case.seed,
            case=case.number,
            minimised=[size_of(case), size_of(case)],
        )
        self._report.findings.append(finding)
        return finding

    def _not_again(self, case: Case, played: Played, failure: Failure) -> None:
        name = f"once_{case.number}_{file_name(failure.kind.text)}"
        entry = {
            "case": case.number,
            "message": case.message,
            "mutation": case.mutation,
            "failure": str(failure),
        }
        if self._report.not_again(entry):
            self._capture(name, played)
            self._say(f"seen once, not again: {case.message} with {case.mutation}: {failure}")

    def _write(self, finding: Finding, case: Case) -> None:
        """Write the reproducer and the traffic of the last time that it was played."""
        test = f"test_{finding.name}.py"
        write_whole(self._folder / test, source(finding, case, self._target))
        finding.files = [test]
        if self._capture(finding.name, self._played):
            finding.files.append(f"{finding.name}.pcapng")

    def _capture(self, name: str, played: Played) -> bool:
        if self._write_capture is None or not played.connections:
            return False
        hidden = [[self._hide(chunk) for chunk in chunks] for chunks in played.connections]
        self._write_capture(self._folder / f"{name}.pcapng", hidden)
        return True

    def _hide(self, chunk: Chunk) -> Chunk:
        """Take the password out of what is written down."""
        return chunk._replace(data=chunk.data.replace(self._target.login, self._target.hidden_login))

    # --- memory -----------------------------------------------------------------------------------

    def flood(self, case: Case) -> Failure | None:
        """Return the failure that the server's memory grows with a case, or ``None``."""
        self.come_back()
        with suppress(OSError, Gone):
            return self.memory.flood(case)
        return None

    def grew(self, case: Case, failure: Failure) -> None:
        """Make a case small by which memory grows, and write everything down."""
        if self._report.known(failure.kind.text, case.message, case.mutation) is not None:
            return
        finding = self._finding(case, failure)
        small = minimise(case, lambda one: self.flood(one) is not None, tries=8, seconds=15.0)
        finding.minimised[1] = size_of(small)
        self.come_back()
        with suppress(OSError, Gone):  # once, to have the traffic
            self._played = self.play(small)
        self._write(finding, small)
        self._say(finding.line())


def _with(played: Played, failure: Failure) -> Played:
    return replace(played, failure=failure)
