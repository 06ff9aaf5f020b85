"""Assigning, starting and stopping: what is refused, and with which result.

Which refusal fits is taken from the meanings of the results; where the documents are silent, the choice is
said at the method. Channels that work in parallel are controlled through the first of them, the master: the
others follow, and show its test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from cti_schema.enums import StartResult
from cti_schema.errors import ScenarioError
from cti_schema.messages.assign_file import AssignFileKind, AssignFileResult
from cti_schema.messages.assign_schedule import AssignScheduleResult
from cti_schema.messages.stop_schedule import StopResult
from spoofer.battery.schedule import Schedule
from spoofer.battery.schedule_file import MOST_STEPS
from spoofer.files import paths
from spoofer.machine.channel import BUSY, Channel, Phase
from spoofer.machine.equipment import Equipment
from spoofer.machine.library import Library
from spoofer.machine.rack import Rack
from spoofer.machine.texts import clean, utf16_units
from spoofer.personality import Personality

R = TypeVar("R")

#: Longest schedule name in UTF-16 units: the fixed channel record has no room for more.
SCHEDULE_NAME_LIMIT: Final = 200

#: Files that are something else than a schedule.
_NO_SCHEDULES: Final = (".can", ".smb", ".to")


@dataclass(frozen=True, slots=True)
class Start:
    """What is to be started on one channel.

    Attributes:
        index: zero-based channel.
        test_name: name of the test.
        schedule_name: schedule to assign before; empty for the one that is assigned.
        step_index: zero-based step to begin with.
        creator, comment: kept with the test.
    """

    index: int
    test_name: str
    schedule_name: str = ""
    step_index: int = 0
    creator: str = ""
    comment: str = ""


class Control(Rack):
    """A rack whose channels run tests.

    Attributes:
        personality: which cycler it is.
        library: its schedules.
        equipment: what stands around the channels.
    """

    personality: Personality
    library: Library
    equipment: Equipment
    _tests: dict[str, int]

    @property
    def test_names(self) -> Sequence[str]:
        """Names of all tests that were started, in that order."""
        return list(self._tests)

    def everywhere(self, act: Callable[[int], R]) -> list[R]:
        """Do something to every channel, and return each outcome; slaves have that of their master."""
        results = {channel.index: act(channel.index) for channel in self._channels if not channel.is_slave}
        return [results[channel.master.index] for channel in self._channels]

    # --- assigning ------------------------------------------------------------------------------

    def assign(self, index: int, schedule_name: str) -> AssignScheduleResult:
        """Assign a schedule to a channel. That of a paused channel cannot be changed either.

        A name that no message can carry is that of no schedule. An empty one is refused: whether it clears
        the assignment on a real cycler is not known. The channels of a group get theirs from their master.
        """
        if not 0 <= index < self.channel_count:
            return AssignScheduleResult.INDEX
        channel = self._settled(index)
        if not schedule_name:
            return AssignScheduleResult.SCHEDULE_NAME_EMPTY_ERROR
        if not _is_name(schedule_name):
            return AssignScheduleResult.SCHEDULE_NOT_FOUND_ERROR
        if channel.master.phase in BUSY:
            return AssignScheduleResult.CHANNEL_RUNNING_ERROR
        if channel.is_slave:
            return AssignScheduleResult.SDU_CANNOT_ASSIGN_SCHEDULE
        if paths.ending(schedule_name) in _NO_SCHEDULES:
            return AssignScheduleResult.FILE_UNSUPPORTED_FILE_TYPE
        try:
            if self.library.find(schedule_name) is None:
                return AssignScheduleResult.SCHEDULE_NOT_FOUND_ERROR
        except ScenarioError:
            return AssignScheduleResult.SDU_CANNOT_ASSIGN_SCHEDULE
        if self.equipment.lacks(schedule_name):
            return AssignScheduleResult.FILE_SCHEDULE_NOT_AUX_REQUIREMENT
        channel.schedule_name = schedule_name
        return AssignScheduleResult.SUCCESS

    def assign_file(self, index: int, kind: AssignFileKind, file_name: str) -> AssignFileResult:
        """Assign a file of any kind to a channel; a schedule as `assign` does it."""
        if kind is AssignFileKind.SCHEDULE:
            return AssignFileResult(int(self.assign(index, file_name)))  # the same numbers
        if not 0 <= index < self.channel_count:
            return AssignFileResult.INDEX
        channel = self._settled(index)
        if channel.master.phase in BUSY:
            return AssignFileResult.CHANNEL_RUNNING_ERROR
        channel.files[kind] = clean(file_name)
        if kind is AssignFileKind.TEST_OBJECT:
            channel.test_object.name = clean(file_name)
        self.changed()
        return AssignFileResult.SUCCESS

    # --- starting and stopping ------------------------------------------------------------------

    def start(self, indices: Sequence[int], test_name: str) -> list[StartResult]:
        """Start one test on channels, and return the result of each; see `start_each`."""
        return self.start_each([Start(index, test_name) for index in indices])

    def start_each(self, orders: Sequence[Start]) -> list[StartResult]:
        """Start tests, and return the result of each channel.

        A name is used up when a channel starts with it; the channels of one call may share it. An unsafe
        channel counts as running, as the result's meaning says, and so does one that is being calibrated. A
        name ends at its first NUL. A schedule that is not there is none that is assigned.
        """
        used = set(self._tests)
        return [self._start(order, used) for order in orders]

    def _start(self, order: Start, used: set[str]) -> StartResult:
        if not 0 <= order.index < self.channel_count:
            return StartResult.INDEX
        channel = self._settled(order.index)
        if channel.is_slave:
            return StartResult.INVALID_PARALLEL
        refusal = self.not_ready(channel)
        if refusal is not None:
            return StartResult(refusal)
        schedule_name = order.schedule_name or channel.schedule_name
        if not schedule_name:
            return StartResult.NO_SCHEDULE_ASSIGNED
        if schedule_name != channel.schedule_name and not _is_name(schedule_name):
            return StartResult.NO_SCHEDULE_ASSIGNED
        try:
            schedule = self.library.find(schedule_name)
        except ScenarioError:
            return StartResult.SCHEDULE_VALID
        if schedule is None:
            return StartResult.NO_SCHEDULE_ASSIGNED
        if len(schedule.steps) > MOST_STEPS:
            return StartResult.STEP_NUMBER
        if self.equipment.lacks(schedule_name):
            return StartResult.AUX_CHANNEL_MAP
        if not 0 <= order.step_index < len(schedule.steps):
            return StartResult.GO_STEP
        test_name = clean(order.test_name)
        if utf16_units(test_name) > self.personality.test_name_limit:
            return StartResult.TEST_NAME_TOO_LONG
        if not test_name or test_name in used:
            return StartResult.TEST_NAME_EXISTS
        self._begin(channel, schedule, test_name, order)
        return StartResult.SUCCESS

    def _begin(self, channel: Channel, schedule: Schedule, test_name: str, order: Start) -> None:
        channel.schedule_name = schedule.name
        channel.begin(schedule, test_name)
        channel.test_id = self._tests.setdefault(test_name, len(self._tests) + 1)
        channel.creator, channel.comment = clean(order.creator), clean(order.comment)
        if order.step_index and channel.run is not None:
            channel.run.jump(order.step_index)

    def stop(self, index: int) -> StopResult:
        """Stop the test on a channel, running or paused. The channel is idle then; a group stops as one."""
        if not 0 <= index < self.channel_count:
            return StopResult.INDEX
        channel = self._settled(index).master
        if channel.phase not in BUSY:
            return StopResult.NOT_RUNNING
        if channel.comm_failure:
            return StopResult.CHANNEL_NOT_CONNECT
        channel.end(Phase.IDLE, "Stopped by user")
        return StopResult.SUCCESS


def _is_name(schedule_name: str) -> bool:
    """Return whether every message that shows a schedule's name has room for this one."""
    return clean(schedule_name) == schedule_name and utf16_units(schedule_name) <= SCHEDULE_NAME_LIMIT
