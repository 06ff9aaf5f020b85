"""Carries out a plan on a fleet: each request is sent once, and each channel gets a report of its own.

Per channel: assign the schedule, then the barcode if there is one. Then the tests are started, the channels
of a cycler with one test name in one request. A channel where something did not work, or where it is not
known whether it did, gets nothing more. Cyclers are served at the same time and know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from cti_client import aio, calls, details
from cti_client.fleet import Fleet
from cti_client.peer import ChannelPeer
from cti_client.plan import Planned
from cti_client.rehearsal import MOST_CHANNELS, Rehearsal
from cti_schema.enums import CtiVersion
from cti_schema.errors import (
    ClientError,
    ConfigurationError,
    CTIError,
    EncodeError,
    OutcomeUnknown,
    ResultError,
)
from cti_schema.message import Request

__all__ = ["Report", "State", "Step", "carry_out", "fitting_version", "rehearse"]

#: Here a barcode travels with the assignment, and has no message of its own (``rules.md``, barcodes).
_PRO_7: Final = frozenset(
    (
        CtiVersion.CTI_PRO7,
        CtiVersion.PRO7_MVUD,
        CtiVersion.TY_PRO7_2,
        CtiVersion.TY_PRO7_3,
        CtiVersion.TY_PRO7_4,
    )
)

#: One version for each kind of variants: texts of fixed size, texts of any size, JSON.
_VARIANTS: Final = (CtiVersion.CTI_PRO8, CtiVersion.MITS_X_5, CtiVersion.MITS_X_SPTT)

#: Field of a request -> column of the plan that it comes from.
_COLUMNS: Final = {"schedule_name": "schedule", "test_name": "test name", "barcode": "barcode"}


class Step(StrEnum):
    """What is done to a channel, in this order."""

    ASSIGN = "assign"
    BARCODE = "barcode"
    START = "start"


class State(StrEnum):
    """How far a channel got."""

    WAITING = "waiting"  #: nothing more was sent
    SENT = "sent"  #: a request was sent, and no answer is there yet
    STARTED = "started"  #: the test runs
    REFUSED = "refused"  #: the cycler refused a step
    UNKNOWN = "unknown"  #: whether a step was done is not known
    FAILED = "failed"  #: a step was not done: there is no connection, say


@dataclass(slots=True)
class Report:
    """What became of one channel of a plan.

    Attributes:
        planned: what was to be done.
        state: how far it got.
        step: the step that it got to, or ``None`` before the first.
        error: what went wrong there, or ``None``.
    """

    planned: Planned
    state: State = State.WAITING
    step: Step | None = None
    error: CTIError | None = None

    @property
    def ok(self) -> bool:
        """Whether the test was started."""
        return self.state is State.STARTED

    @property
    def goes_on(self) -> bool:
        """Whether the next step may be done."""
        return self.state is State.WAITING

    def sending(self, step: Step) -> None:
        """Note that a step begins."""
        self.state, self.step = State.SENT, step

    def done(self) -> None:
        """Note that the step was done."""
        self.state = State.STARTED if self.step is Step.START else State.WAITING

    def failed(self, error: CTIError) -> None:
        """Note that the step was not done, or that it is not known."""
        self.error = error
        self.state = State.FAILED
        if isinstance(error, OutcomeUnknown):
            self.state = State.UNKNOWN
        elif isinstance(error, ResultError):
            self.state = State.REFUSED


def rehearse(
    planned: Iterable[Planned], version: CtiVersion, channel_count: int
) -> Iterator[tuple[Step, list[Planned], Request[Any]]]:
    """Yield what would be sent to one cycler, step by step, and the channels that it is about.

    Args:
        planned: what is to be done on that cycler.
        version: of the cycler; it chooses the variants of some requests.
        channel_count: of the cycler.

    Raises:
        ConfigurationError: something does not fit; the sentence names its line.
    """
    rows = list(planned)
    peer = Rehearsal(version, channel_count)
    for row in rows:
        with _placed(row):
            channel = ChannelPeer(peer, row.channel)
            assign = calls.assign(channel, row.schedule, barcode=_with_assignment(row, version))
            yield Step.ASSIGN, [row], peer.first_request(assign)
            if _has_barcode_step(row, version):
                yield Step.BARCODE, [row], peer.first_request(details.assign_barcode(channel, row.barcode))
    for test_name, group in _tests(rows):
        with _placed(group[0]):
            start = calls.start(peer, [row.channel for row in group], test_name)
            yield Step.START, group, peer.first_request(start)


def fitting_version(planned: Iterable[Planned]) -> CtiVersion:
    """Return a version of a cycler that what is planned fits: MITS Pro 8, unless other variants are needed.

    What a cycler really is, it tells at the login.

    Raises:
        ConfigurationError: it fits none; the sentence is about MITS Pro 8.
    """
    rows = list(planned)
    errors = []
    for version in _VARIANTS:
        try:
            for _ in rehearse(rows, version, MOST_CHANNELS):
                pass  # it raises where something does not fit
        except ConfigurationError as error:
            errors.append(error)
        else:
            return version
    raise errors[0]


@contextmanager
def _placed(row: Planned) -> Iterator[None]:
    """Turn what a call refuses into a sentence with the place in the plan."""
    try:
        yield
    except EncodeError as error:
        column = _COLUMNS.get(error.path.rpartition(".")[2])
        where = f"{row.where}, column {column}" if column else row.where
        raise ConfigurationError(f"{where}: {error.reason if column else error}") from None
    except CTIError as error:
        raise ConfigurationError(f"{row.where}: {error}") from None


async def carry_out(fleet: Fleet, reports: Sequence[Report]) -> None:
    """Carry out a plan. It raises nothing: what went wrong stands in the reports.

    Args:
        fleet: the cyclers.
        reports: one for each channel, all waiting; they are kept up to date, also when this is cancelled.
    """
    names = dict.fromkeys(report.planned.cycler for report in reports)
    mine = {name: [one for one in reports if one.planned.cycler == name] for name in names}

    async def serve(name: str, cycler: aio.Cycler) -> None:
        await _serve(cycler, mine[name])

    async for answer in fleet.each(serve, names):
        if answer.error is not None:
            for report in mine[answer.cycler]:
                report.failed(answer.error)


async def _serve(cycler: aio.Cycler, reports: list[Report]) -> None:
    """Carry out what is planned for one cycler.

    Raises:
        ConfigurationError: something does not fit this cycler; nothing was sent to it.
    """
    for _ in rehearse((report.planned for report in reports), cycler.version, cycler.channel_count):
        pass  # it raises if anything is wrong
    for report in reports:
        row = report.planned
        channel = cycler.channel(row.channel)
        assign = channel.assign(row.schedule, barcode=_with_assignment(row, cycler.version))
        await _do(report, Step.ASSIGN, assign)
        if report.goes_on and _has_barcode_step(row, cycler.version):
            await _do(report, Step.BARCODE, channel.assign_barcode(row.barcode))
    going = {report.planned.channel: report for report in reports if report.goes_on}
    for test_name, group in _tests(report.planned for report in going.values()):
        await _start(cycler, test_name, [going[row.channel] for row in group])


async def _do(report: Report, step: Step, call: Awaitable[object]) -> None:
    report.sending(step)
    try:
        await call
    except CTIError as error:
        report.failed(error)
    else:
        report.done()


async def _start(cycler: aio.Cycler, test_name: str, reports: list[Report]) -> None:
    """Start a test on its channels; each gets what the cycler says of it."""
    for report in reports:
        report.sending(Step.START)
    numbers = [report.planned.channel for report in reports]
    try:
        outcomes = await cycler.start(numbers, test_name)
        unknown = OutcomeUnknown(outcomes[0].request, "the cycler's answer does not name the channel")
    except OutcomeUnknown as error:
        # Some of its answers may have come all the same.
        outcomes, unknown = calls.outcomes_of(error.request, error.feedbacks, numbers), error
    except CTIError as error:
        for report in reports:
            report.failed(error)
        return
    found = {outcome.channel: outcome for outcome in outcomes}
    for report in reports:
        try:
            if report.planned.channel not in found:
                raise unknown
            found[report.planned.channel].check()
        except ClientError as error:
            report.failed(error)
        else:
            report.done()


def _with_assignment(row: Planned, version: CtiVersion) -> str:
    """Return the barcode that travels with the assignment."""
    return row.barcode if version in _PRO_7 else ""


def _has_barcode_step(row: Planned, version: CtiVersion) -> bool:
    return bool(row.barcode) and version not in _PRO_7


def _tests(rows: Iterable[Planned]) -> Iterable[tuple[str, list[Planned]]]:
    """Return the tests of a cycler and the channels of each, in the order of the plan."""
    found: dict[str, list[Planned]] = {}
    for row in rows:
        found.setdefault(row.test_name, []).append(row)
    return found.items()
