"""What a client may set: user variables, outputs and chambers, how often, and with a watchdog.

Limits of time are those of the clock, not of simulated time: they are about how fast a client asks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cti_schema.enums import DataType, MetaVariableCode
from cti_schema.messages.set_meta_variable import SetMvResult
from cti_schema.messages.set_meta_variables_time_sensitive import TimeSensitiveSetMvResult
from cti_schema.messages.update_meta_variables import UpdateMvAdvancedResult
from spoofer.battery.schedule import USER_VARIABLES
from spoofer.machine.channel import Channel, Phase
from spoofer.machine.equipment import AUX_TYPES, OUTPUTS, Equipment
from spoofer.machine.rack import Rack
from spoofer.personality import Personality

#: The same variable is not updated again sooner (rules.md, section 4).
UPDATE_INTERVAL_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class NewValue:
    """A value to set.

    Attributes:
        index: zero-based channel.
        code: the meta variable; of an auxiliary its zero-based number on the channel.
        value: the new value.
        kind: what the code names.
    """

    index: int
    code: int
    value: float
    kind: int = DataType.MP_DATA_TYPE_META_VALUE


class Setting(Rack):
    """A rack whose values can be set."""

    personality: Personality
    equipment: Equipment
    _updated: dict[tuple[int, int, int], float]

    def set_variable(self, index: int, code: int, value: float) -> SetMvResult:
        """Set a user variable of a channel that runs.

        There is no result for a wrong index, and none for a controller that cannot be reached: ``FAILED``.
        """
        new = NewValue(index, code, value)
        refusal = self._refusal(new)
        if refusal is not None:
            result = SetMvResult(int(refusal))
            return result if result.known else SetMvResult.FAILED
        self._set(new)
        return SetMvResult.SUCCESS

    def update(self, values: Sequence[NewValue]) -> list[UpdateMvAdvancedResult]:
        """Set values, and return the result of each; one that comes again within 200 ms is refused."""
        results = []
        for new in values:
            result = self._refusal(new)
            if result is None and self.clock_s < self._free_at(new):
                result = UpdateMvAdvancedResult.METACODE_UPDATE_TOO_FREQUENTLY_200_MS
            if result is None:
                self._set(new)
            results.append(result or UpdateMvAdvancedResult.SUCCESS)
        self._note(values, results)
        return results

    def update_all(self, values: Sequence[NewValue]) -> tuple[int, UpdateMvAdvancedResult]:
        """Set all values or none, and return the one result, with the channel that it is about."""
        for new in values:
            result = self._refusal(new)
            if result is None and self.clock_s < self._free_at(new):
                result = UpdateMvAdvancedResult.METACODE_UPDATE_TOO_FREQUENTLY_200_MS
            if result is not None:
                return new.index, result
        for new in values:
            self._set(new)
        self._note(values, [UpdateMvAdvancedResult.SUCCESS] * len(values))
        return (values[0].index if values else -1), UpdateMvAdvancedResult.SUCCESS

    def _free_at(self, new: NewValue) -> float:
        # A hair early: times on a clock are rarely exact, and 200 ms are 200 ms.
        return self._updated.get((new.index, new.kind, new.code), -math.inf) + UPDATE_INTERVAL_S - 1e-9

    def _note(self, values: Sequence[NewValue], results: Sequence[UpdateMvAdvancedResult]) -> None:
        for new, result in zip(values, results, strict=True):
            if result.is_success:
                self._updated[new.index, new.kind, new.code] = self.clock_s

    def _refusal(self, new: NewValue) -> UpdateMvAdvancedResult | None:
        """Return why a value cannot be set; ``None`` if it can."""
        if not 0 <= new.index < self.channel_count:
            return UpdateMvAdvancedResult.FAILED
        channel = self._settled(new.index)
        if new.kind != DataType.MP_DATA_TYPE_META_VALUE:
            return self._aux_refusal(channel, new)
        if new.code == MetaVariableCode.T_CHAMBER:
            if self.equipment.chamber_of(new.index) is None:
                return UpdateMvAdvancedResult.SET_MV_METACODE_NO_TEMPERATURE_CHAMBER
            return None
        if new.code not in USER_VARIABLES:
            return UpdateMvAdvancedResult.METACODE_NOTEXIST
        if new.code not in USER_VARIABLES[: self.personality.user_variables]:
            return UpdateMvAdvancedResult.METACODE_NOTEXIST_PRO7
        if channel.comm_failure:
            return UpdateMvAdvancedResult.SET_MV_METACODE_MCU_ACK_FAILED
        if channel.master.phase is not Phase.RUNNING:
            return UpdateMvAdvancedResult.CHANNEL_NOT_STARTED
        return None

    def _aux_refusal(self, channel: Channel, new: NewValue) -> UpdateMvAdvancedResult | None:
        if new.kind not in AUX_TYPES:
            return UpdateMvAdvancedResult.SET_MV_METACODE_DATATYPE_NOTSUPPORT
        group = OUTPUTS.get(DataType(new.kind))
        if group is None or not 0 <= new.code < self.equipment.aux.get(group, 0):
            return UpdateMvAdvancedResult.SET_MV_METACODE_NOT_CONTROLLED_AUXILIARY
        if channel.comm_failure:
            return UpdateMvAdvancedResult.SET_MV_METACODE_MCU_ACK_FAILED
        return None

    def _set(self, new: NewValue) -> None:
        channel = self._settled(new.index)
        if new.kind != DataType.MP_DATA_TYPE_META_VALUE:
            channel.outputs[new.kind, new.code] = new.value
        elif new.code == MetaVariableCode.T_CHAMBER:
            chamber = self.equipment.chamber_of(new.index)
            assert chamber is not None
            chamber.temperature_degc = new.value
        else:
            channel.master.variables[int(new.code)] = new.value
        self.changed()

    # --- with a watchdog ------------------------------------------------------------------------

    def set_fast(self, index: int, values: Mapping[int, float], timeout_s: float) -> TimeSensitiveSetMvResult:
        """Set user variables of a channel, running or not, and wind up its watchdog.

        A running channel is stopped when the next successful call comes later than the time-out; 0 or less
        switches that off. All values are set, or none.
        """
        if not 0 <= index < self.channel_count:
            return TimeSensitiveSetMvResult.CHANNEL_INDEX_ERROR
        channel = self._settled(index).master
        # The time-out may be shorter than the grid of the readings.
        channel.advance(self.clock_s * self.speed, whole=False)
        if any(code not in USER_VARIABLES[: self.personality.user_variables] for code in values):
            return TimeSensitiveSetMvResult.METACODE_NOTEXIST
        if channel.comm_failure:
            return TimeSensitiveSetMvResult.MCU_SOCKET_DISCONNECTED
        channel.variables.update(values)
        self.changed()
        running = channel.phase is Phase.RUNNING
        channel.stop_at = (self.clock_s + timeout_s) * self.speed if running and timeout_s > 0.0 else None
        return TimeSensitiveSetMvResult.SUCCESS if running else TimeSensitiveSetMvResult.SUCCESS_NOTRUNNING
