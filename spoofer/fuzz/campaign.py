"""A campaign: case after case, counted and limited, with floods in between; the report is always on disk.

It can be ended at any moment: what was found is on disk by then, and a later run goes on behind it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

from spoofer.fuzz.case import Case, Expect
from spoofer.fuzz.coverage import Grid, text
from spoofer.fuzz.exchange import Played
from spoofer.fuzz.failure import Failure
from spoofer.fuzz.finder import Finder, ServerGone, WriteCapture
from spoofer.fuzz.link import Gone
from spoofer.fuzz.memory import Memory
from spoofer.fuzz.minimise import size_of
from spoofer.fuzz.own import OwnServer
from spoofer.fuzz.report import Report
from spoofer.fuzz.target import Target

#: Findings of one kind with one mutation that are written out; of further messages the names are counted.
MOST_ALIKE: Final = 3

#: Cases before a failure that are tried, too, when the failure does not come again.
_BEFORE: Final = 4

#: So often a case is begun where the server goes away before it.
_ATTEMPTS: Final = 3

#: The report is written once in so many seconds.
_SAVE_S: Final = 2.0

#: At most this part of the time goes into floods.
_FLOODS: Final = 0.2


class View(Protocol):
    """Shows how a campaign goes."""

    def show(self, report: Report) -> None:
        """How it stands; called after every case."""

    def say(self, line: str) -> None:
        """Something that happened, in one line."""


class Campaign:
    """A campaign against one server.

    Args:
        target: the server; greeted.
        report: what earlier runs did; it grows.
        grid: the pairs of message and mutation that it is about.
        folder: where everything is written.
        view: is shown how it goes.
        memory: of the server.
        own: the server, where it is our own.
        write_capture: writes a capture file; without it there are none.
        stop: tells whether to end.
    """

    def __init__(
        self,
        target: Target,
        report: Report,
        grid: Grid,
        folder: Path,
        view: View,
        *,
        memory: Memory,
        own: OwnServer | None = None,
        write_capture: WriteCapture | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.report = report
        self._grid = grid
        self._folder = folder
        self._view = view
        self._stop = stop
        self._finder = Finder(
            target,
            report,
            folder,
            view.say,
            self._save,
            memory=memory,
            own=own,
            write_capture=write_capture,
            stop=stop,
        )
        self._recent: deque[Case] = deque(maxlen=_BEFORE + 1)
        self._unflooded: dict[str, Case] = {}
        self._flooded: set[str] = set()
        self._flood_s = 0.0

    def run(self, cases: Iterator[Case], *, seconds: float | None = None, count: int | None = None) -> None:
        """Play cases until the time is over, so many were played, they end, or somebody says stop.

        Raises:
            OSError: a file cannot be written.
        """
        report = self.report
        report.runs += 1
        before = report.seconds
        began = saved = time.monotonic()
        report.memory = {"why_not": self._finder.memory.why_not, "first": self._finder.memory.size()}
        report.ended = "in the middle"
        played = 0
        try:
            for case in cases:
                now = time.monotonic()
                report.seconds = before + now - began
                if self._stop():
                    report.ended = "it was told to stop"
                    break
                if seconds is not None and now - began >= seconds:
                    report.ended = "the time is over"
                    break
                if count is not None and played >= count:
                    report.ended = "all cases were played"
                    break
                report.next_case = case.number + 1
                self._one(case)
                played += 1
                if now - saved >= _SAVE_S:
                    saved = now
                    self._save()
                self._view.show(report)
                if self._flood_s < _FLOODS * (now - began):
                    self._flood()
            else:
                report.ended = "there are no more cases"
        except ServerGone as error:
            report.ended = str(error)
            self._view.say(str(error))
        finally:
            report.seconds = before + time.monotonic() - began
            report.memory["last"] = self._finder.memory.size()
            self._finder.close()
            self._save()

    def _save(self) -> None:
        self.report.save(self._folder, text(self.report, self._grid))

    # --- one case ---------------------------------------------------------------------------------

    def _one(self, case: Case) -> None:
        self._recent.append(case)
        for _ in range(_ATTEMPTS):
            try:
                played = self._finder.play(case)
                break
            except (OSError, Gone):
                # It was there after the last case. It may have taken its time to go.
                self._finder.come_back()
        else:
            raise ServerGone("the server comes back again and again, and does not stay")
        self.report.count(case.message, case.mutation)
        if played.failure is not None:
            self._found(case, played, played.failure)
        elif self._finder.memory.known and case.mutation not in self._flooded:
            self._unflooded.setdefault(case.mutation, case)

    def _found(self, case: Case, played: Played, failure: Failure) -> None:
        report, kind = self.report, failure.kind.text
        known = report.known(kind, case.message, case.mutation)
        alike = report.alike(kind, case.mutation)
        if known is not None:
            known.times += 1
        elif len(alike) >= MOST_ALIKE:
            report.count_alike(alike[0], case.message)
        else:
            self._finder.look_into(list(self._recent), played, failure)
            self._save()
        self._finder.come_back()

    # --- memory -----------------------------------------------------------------------------------

    def _flood(self) -> None:
        """Send one kind of case again and again, the most suspicious one first."""
        if not self._unflooded:
            return
        mutation, case = max(self._unflooded.items(), key=lambda one: _suspicion(one[1]))
        del self._unflooded[mutation]
        self._flooded.add(mutation)
        began = time.monotonic()
        failure = self._finder.flood(case)
        if failure is not None and self._finder.flood(case) is not None:
            self._finder.grew(case, failure)
        self._flood_s += time.monotonic() - began
        self._finder.come_back()


def _suspicion(case: Case) -> tuple[bool, bool, int]:
    """Return how likely a server keeps what it is sent: unread answers, nothing to answer, much of it."""
    unread = any(not step.read for step in case.steps)
    answered = any(part.expect is Expect.ANSWER for step in case.steps for part in step.parts)
    return unread, not answered, size_of(case)
