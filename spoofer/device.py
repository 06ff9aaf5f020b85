"""The cycler: its channels, its users, and what it refuses. No bytes, no sockets, no tasks.

Every method that changes something returns a result of the declarations. Which refusal fits is taken
from the meanings of the results; where the documents are silent, the choice is said at the method.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from cti_schema.enums import CtiVersion, LoginResult, MetaVariableCode, ResumeResult, StartResult
from cti_schema.errors import ConfigurationError
from cti_schema.messages.assign_schedule import AssignScheduleResult
from cti_schema.messages.continue_schedule import ContinueResult
from cti_schema.messages.jump_channel import JumpResult
from cti_schema.messages.set_meta_variable import SetMvResult
from cti_schema.messages.stop_schedule import StopResult
from spoofer.cell import Cell, CellParameters
from spoofer.channel import Channel, Phase, Reading
from spoofer.schedule import Schedule, default_schedule
from spoofer.users import User, as_users

#: The vendor's client throws a whole feedback away when a channel index is 2048 or more.
MOST_CHANNELS: Final = 2048

#: Longest names in UTF-16 units: the fixed channel record has no room for more.
TEST_NAME_LIMIT: Final = 72
SCHEDULE_NAME_LIMIT: Final = 200

#: The meta variables that a client may set: user variables 1-4 and 5-16.
USER_VARIABLES: Final = tuple(MetaVariableCode(code) for code in (*range(52, 56), *range(105, 117)))


class Device:
    """A cycler with its channels.

    Args:
        channels: number of channels, 1 to 2048.
        version: the version told at login, which selects the messages that a client sends.
        serial_number: of the cycler.
        users: who may log in, by name: a password, or a `User`. ``None`` lets anybody in.
        schedules: schedules by name; every other name runs `default_schedule`.
        cell: what the cells are made of; each differs from it by a few per cent.
        clock: returns seconds; need not begin at zero.
        speed: simulated seconds per second of the clock.
        seed: of everything that is left to chance.

    Attributes:
        users: who may log in, by name; ``None`` when anybody may.
        schedules: schedules by name.

    Raises:
        ConfigurationError: the number of channels or the speed makes no sense.
    """

    def __init__(
        self,
        channels: int = 16,
        *,
        version: CtiVersion = CtiVersion.CTI_PRO8,
        serial_number: int = 100001,
        users: Mapping[str, str | User] | None = None,
        schedules: Iterable[Schedule] = (),
        cell: CellParameters | None = None,
        clock: Callable[[], float] = time.monotonic,
        speed: float = 1.0,
        seed: int = 0,
    ) -> None:
        if not 1 <= channels <= MOST_CHANNELS:
            raise ConfigurationError(f"channels: {channels} is not from 1 to {MOST_CHANNELS}")
        if not (speed > 0.0 and math.isfinite(speed)):
            raise ConfigurationError(f"speed: {speed} is no number above zero")
        self.version = version
        self.serial_number = serial_number
        self.speed = speed
        self.schedules = {schedule.name: schedule for schedule in schedules}
        self.random = random.Random(seed)  # noqa: S311 - no secrets: the same seed makes the same cycler
        self.users = as_users(users)
        self._nominal = cell or CellParameters()
        self._clock = clock
        self._began = clock()
        self._channels = [Channel(index, self._new_cell()) for index in range(channels)]
        self._test_names: set[str] = set()

    def _new_cell(self) -> Cell:
        nominal, spread = self._nominal, self.random.uniform
        parameters = CellParameters(
            capacity_ah=nominal.capacity_ah * spread(0.98, 1.02),
            series_resistance_ohm=nominal.series_resistance_ohm * spread(0.95, 1.05),
            pair_resistance_ohm=nominal.pair_resistance_ohm * spread(0.95, 1.05),
            pair_time_constant_s=nominal.pair_time_constant_s,
            heat_capacity_j_per_k=nominal.heat_capacity_j_per_k,
            cooling_w_per_k=nominal.cooling_w_per_k,
            ambient_degc=nominal.ambient_degc,
        )
        return Cell(parameters, soc=spread(0.15, 0.35))

    # --- looking -------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Simulated seconds since the device was made."""
        return (self._clock() - self._began) * self.speed

    @property
    def channel_count(self) -> int:
        """Number of channels."""
        return len(self._channels)

    def channel(self, index: int) -> Channel | None:
        """Return a channel as it is now, or ``None`` if there is none of that zero-based index.

        A channel may be changed directly (`Channel.comm_failure`, `Channel.barcode`), as an operator would.
        """
        if not 0 <= index < len(self._channels):
            return None
        channel = self._channels[index]
        channel.advance(self.now)
        return channel

    def readings(self, indices: Iterable[int] | None = None) -> list[Reading]:
        """Return what channels show now: those of the indices, by default all. Unknown ones are left out."""
        now = self.now
        wanted = range(len(self._channels)) if indices is None else indices
        return [self._channels[index].reading(now) for index in wanted if 0 <= index < len(self._channels)]

    def login(self, username: str, password: str) -> tuple[LoginResult, bool]:
        """Return whether the user may log in, and whether it may control."""
        if self.users is None:
            return LoginResult.SUCCESS, True
        user = self.users.get(username)
        if user is None or user.password != password:
            return LoginResult.FAILED, False
        return LoginResult.SUCCESS, user.may_control

    # --- controlling ---------------------------------------------------------------------------

    def _settled(self, index: int) -> Channel | None:
        """Return a channel whose state holds exactly now, so that it may be changed; ``None`` if none."""
        channel = self.channel(index)
        if channel is not None:
            channel.advance(self.now, whole=False)
        return channel

    def assign(self, index: int, schedule_name: str) -> AssignScheduleResult:
        """Assign a schedule to a channel. That of a paused channel cannot be changed either.

        A name that no message can carry is that of no schedule.
        """
        channel = self._settled(index)
        if channel is None:
            return AssignScheduleResult.INDEX
        if not schedule_name:
            return AssignScheduleResult.SCHEDULE_NAME_EMPTY_ERROR
        if "\0" in schedule_name or utf16_units(schedule_name) > SCHEDULE_NAME_LIMIT:
            return AssignScheduleResult.SCHEDULE_NOT_FOUND_ERROR
        if channel.phase in (Phase.RUNNING, Phase.PAUSED):
            return AssignScheduleResult.CHANNEL_RUNNING_ERROR
        channel.schedule_name = schedule_name
        return AssignScheduleResult.SUCCESS

    def start(self, indices: Sequence[int], test_name: str) -> list[StartResult]:
        """Start one test on channels, and return the result of each.

        A name is used up when a channel starts with it; the channels of one call share it. An unsafe
        channel counts as running, as the result's meaning says. A name ends at its first NUL.
        """
        test_name = test_name.partition("\0")[0]
        new = bool(test_name) and test_name not in self._test_names
        return [self._start(index, test_name, new) for index in indices]

    def _start(self, index: int, test_name: str, new: bool) -> StartResult:
        channel = self._settled(index)
        if channel is None:
            return StartResult.INDEX
        if channel.phase in (Phase.RUNNING, Phase.PAUSED, Phase.UNSAFE):
            return StartResult.CHANNEL_RUNNING
        if channel.comm_failure:
            return StartResult.CHANNEL_NOT_CONNECT
        if not channel.schedule_name:
            return StartResult.NO_SCHEDULE_ASSIGNED
        if utf16_units(test_name) > TEST_NAME_LIMIT:
            return StartResult.TEST_NAME_TOO_LONG
        if not new:
            return StartResult.TEST_NAME_EXISTS
        self._test_names.add(test_name)
        channel.begin(self._schedule(channel.schedule_name), test_name)
        return StartResult.SUCCESS

    def _schedule(self, name: str) -> Schedule:
        return self.schedules.get(name) or default_schedule(name, self._nominal.capacity_ah)

    def stop(self, index: int) -> StopResult:
        """Stop the test on a channel, running or paused. The channel is idle then."""
        channel = self._settled(index)
        if channel is None:
            return StopResult.INDEX
        if channel.phase not in (Phase.RUNNING, Phase.PAUSED):
            return StopResult.NOT_RUNNING
        channel.end(Phase.IDLE, "Stopped by user")
        return StopResult.SUCCESS

    def resume(self, index: int) -> ResumeResult:
        """Let the last test of a channel go on where it was stopped.

        A test that came to its end by itself has nothing to go on with, and is no test to resume.
        """
        channel = self._settled(index)
        if channel is None:
            return ResumeResult.INDEX
        if channel.phase in (Phase.RUNNING, Phase.PAUSED, Phase.UNSAFE):
            return ResumeResult.CHANNEL_RUNNING
        if channel.comm_failure:
            return ResumeResult.CHANNEL_NOT_CONNECT
        if not channel.schedule_name:
            return ResumeResult.NO_SCHEDULE_ASSIGNED
        if channel.run is None or channel.run.step is None:
            return ResumeResult.NO_TEST_NAME
        if channel.run.schedule.name != channel.schedule_name:
            return ResumeResult.NO_TEST_NAME
        channel.go_on()
        return ResumeResult.SUCCESS

    def continue_(self, index: int) -> ContinueResult:
        """Let a paused channel go on."""
        channel = self._settled(index)
        if channel is None:
            return ContinueResult.INDEX
        if channel.phase is Phase.RUNNING:
            return ContinueResult.CHANNEL_RUNNING
        if channel.phase is Phase.UNSAFE:
            return ContinueResult.CHANNEL_UNSAFE
        if channel.comm_failure:
            return ContinueResult.CHANNEL_NOT_CONNECT
        if channel.phase is not Phase.PAUSED:
            return ContinueResult.NOT_PAUSE_NORMAL
        channel.go_on()
        return ContinueResult.SUCCESS

    def jump(self, index: int, step_index: int) -> JumpResult:
        """Go on with another zero-based step. One that does not exist stops the test (protocol v1.1).

        The result of a channel that is not running is ``CHANNEL_RUNNING``, whose name says the opposite.
        """
        channel = self._settled(index)
        if channel is None:
            return JumpResult.INDEX
        if channel.comm_failure:
            return JumpResult.CHANNEL_NOT_CONNECT
        if channel.phase is not Phase.RUNNING or channel.run is None:
            return JumpResult.CHANNEL_RUNNING
        channel.run.jump(step_index)
        if channel.run.step is None:
            channel.end(Phase.IDLE, "Jump to a step that does not exist")
        return JumpResult.SUCCESS

    def set_variable(self, index: int, code: int, value: float) -> SetMvResult:
        """Set a user variable of a channel that runs. There is no result for a wrong index: ``FAILED``."""
        channel = self._settled(index)
        if channel is None:
            return SetMvResult.FAILED
        if code not in USER_VARIABLES:
            return SetMvResult.METACODE_NOTEXIST
        if channel.phase is not Phase.RUNNING:
            return SetMvResult.CHANNEL_NOT_STARTED
        channel.variables[int(code)] = value
        return SetMvResult.SUCCESS

    # --- what happens to a cycler ---------------------------------------------------------------

    def pause(self, index: int) -> None:
        """Pause a running test, as the operator or a schedule does; no CTI command does it.

        Raises:
            IndexError: there is no such channel.
        """
        channel = self._must(index)
        if channel.phase is Phase.RUNNING:
            channel.end(Phase.PAUSED, "Paused by user")

    def trip(self, index: int, exit_condition: str = "Unsafe") -> None:
        """Make a channel unsafe; a running test ends.

        Raises:
            IndexError: there is no such channel.
        """
        self._must(index).end(Phase.UNSAFE, exit_condition)

    def clear(self, index: int) -> None:
        """Make an unsafe channel idle again.

        Raises:
            IndexError: there is no such channel.
        """
        channel = self._must(index)
        if channel.phase is Phase.UNSAFE:
            channel.end(Phase.IDLE, "N/A")

    def _must(self, index: int) -> Channel:
        channel = self._settled(index)
        if channel is None:
            raise IndexError(f"there is no channel with index {index}")
        return channel


def utf16_units(text: str) -> int:
    """Return how many UTF-16 units a text has on the wire."""
    return len(text) + sum(character > "\uffff" for character in text)
