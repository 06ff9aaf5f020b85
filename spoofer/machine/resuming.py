"""Resuming, continuing and jumping: how a test that was started goes on, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from cti_schema.enums import MetaVariableCode, ResumeResult
from cti_schema.messages.continue_schedule import ContinueResult
from cti_schema.messages.jump_channel import JumpResult
from spoofer.battery.schedule import USER_VARIABLES
from spoofer.machine.channel import Channel, Phase
from spoofer.machine.rack import Rack
from spoofer.machine.texts import clean

#: Larger numbers have no place in the four bytes that most of them are shown in.
_LARGEST: Final = 1e30

#: What a resume may set: counters of the test, by the meta variable's code.
RUN_VALUES: Final[Mapping[int, str]] = {
    MetaVariableCode.PV_CYCLE_INDEX: "cycle",
    MetaVariableCode.PV_TEST_TIME: "test_time_s",
    MetaVariableCode.PV_STEP_TIME: "step_time_s",
    MetaVariableCode.PV_CHARGE_CAPACITY: "charge_capacity_ah",
    MetaVariableCode.PV_DISCHARGE_CAPACITY: "discharge_capacity_ah",
    MetaVariableCode.PV_CHARGE_ENERGY: "charge_energy_wh",
    MetaVariableCode.PV_DISCHARGE_ENERGY: "discharge_energy_wh",
}


@dataclass(frozen=True, slots=True)
class Resume:
    """What is to go on on one channel.

    Attributes:
        index: zero-based channel.
        test_name: must be that of the last test; ``None`` for that one.
        schedule_name: must be that of the last test; empty for that one.
        step_index: zero-based step to go on with; ``None`` for where it was stopped.
        values: counters and user variables to go on with, by the meta variable's code.
    """

    index: int
    test_name: str | None = None
    schedule_name: str = ""
    step_index: int | None = None
    values: Mapping[int, float] = field(default_factory=dict)


class Resuming(Rack):
    """A rack whose tests go on."""

    def resume(self, index: int) -> ResumeResult:
        """Let the last test of a channel go on where it was stopped; see `resume_each`."""
        (result,) = self.resume_each([Resume(index)])
        return result

    def resume_each(self, orders: Sequence[Resume]) -> list[ResumeResult]:
        """Let last tests go on, and return the result of each channel.

        A test that came to its end by itself has nothing to go on with, and is no test to resume, unless the
        order names a step. The test and the schedule of a group are those of its master.
        """
        return [self._resume(order) for order in orders]

    def _resume(self, order: Resume) -> ResumeResult:
        if not 0 <= order.index < self.channel_count:
            return ResumeResult.INDEX
        channel = self._settled(order.index)
        refusal = self.not_ready(channel)
        if refusal is not None:
            return ResumeResult(refusal)
        if not channel.master.schedule_name:
            return ResumeResult.NO_SCHEDULE_ASSIGNED
        run = channel.run
        if run is None or (run.step is None and order.step_index is None):
            return ResumeResult.NO_TEST_NAME
        if order.test_name is not None and clean(order.test_name) != channel.test_name:
            return ResumeResult.NO_TEST_NAME
        if not (run.schedule.name == channel.schedule_name == (order.schedule_name or run.schedule.name)):
            return ResumeResult.NO_TEST_NAME
        # Counters are those of a step that begins anew.
        step_index = run.step_index if order.step_index is None and order.values else order.step_index
        if step_index is not None:
            if not 0 <= step_index < len(run.schedule.steps):
                return ResumeResult.STEP_NUMBER
            run.jump(step_index)
        self._set_values(channel, order.values)
        channel.go_on()
        return ResumeResult.SUCCESS

    def _set_values(self, channel: Channel, values: Mapping[int, float]) -> None:
        """Take counters and variables; what is no finite number of a usual size is left out."""
        for code, value in values.items():
            if not isfinite(value) or abs(value) > _LARGEST:
                continue
            if code in USER_VARIABLES:
                channel.variables[code] = float(value)
            elif code == MetaVariableCode.PV_CYCLE_INDEX:
                setattr(channel.run, RUN_VALUES[code], max(1, int(value)))
            elif code in RUN_VALUES:
                setattr(channel.run, RUN_VALUES[code], max(0.0, float(value)))
            elif code != MetaVariableCode.PV_STEP_INDEX:
                channel.counters[code] = float(value)

    def continue_(self, index: int) -> ContinueResult:
        """Let a paused channel go on."""
        if not 0 <= index < self.channel_count:
            return ContinueResult.INDEX
        channel = self._settled(index)
        master = channel.master
        if master.phase is Phase.RUNNING:
            return ContinueResult.CHANNEL_RUNNING
        if master.phase is Phase.UNSAFE:
            return ContinueResult.CHANNEL_UNSAFE
        if channel.comm_failure or master.comm_failure:
            return ContinueResult.CHANNEL_NOT_CONNECT
        if self.is_calibrating(channel):
            return ContinueResult.CHANNEL_CALIBRATING
        if channel.is_slave or master.phase is not Phase.PAUSED:
            return ContinueResult.NOT_PAUSE_NORMAL
        master.go_on()
        return ContinueResult.SUCCESS

    def jump(self, index: int, step_index: int) -> JumpResult:
        """Go on with another zero-based step. One that does not exist stops the test (protocol v1.1).

        The result of a channel that is not running is ``CHANNEL_RUNNING``, whose name says the opposite.
        """
        if not 0 <= index < self.channel_count:
            return JumpResult.INDEX
        channel = self._settled(index)
        if channel.is_slave:
            return JumpResult.INVALID_PARALLEL
        if channel.comm_failure:
            return JumpResult.CHANNEL_NOT_CONNECT
        if channel.phase is not Phase.RUNNING or channel.run is None:
            return JumpResult.CHANNEL_RUNNING
        channel.run.jump(step_index)
        self.changed()
        if channel.run.step is None:
            channel.end(Phase.IDLE, "Jump to a step that does not exist")
        return JumpResult.SUCCESS
