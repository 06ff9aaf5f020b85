"""Changing what a schedule requires of auxiliaries; assigning and starting it looks at that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cti_schema.enums import AuxGroup
from cti_schema.errors import ScenarioError
from cti_schema.message import Feedback, Record
from cti_schema.messages.modify_schedule import (
    ModifySchedule,
    ModifyScheduleFeedback,
    ModifyScheduleResult,
    SafetyScope,
    ScheduleChange,
    ScheduleOutcome,
)
from spoofer.device import Device
from spoofer.machine.channel import BUSY
from spoofer.machine.texts import clean
from spoofer.replies import Session, reply_to

#: The auxiliaries that a requirement is about. CAN BMS and SMB are no auxiliaries: nothing limits them.
_GROUPS: Final = {
    "aux_do_requirement": AuxGroup.DO,
    "aux_ao_requirement": AuxGroup.AO,
    "aux_voltage_requirement": AuxGroup.AUX_V,
    "aux_temperature_requirement": AuxGroup.T,
    "aux_pressure_requirement": AuxGroup.P,
    "aux_di_requirement": AuxGroup.DI,
    "aux_external_charge_requirement": AuxGroup.EC,
    "aux_humidity_requirement": AuxGroup.HUMIDITY,
    "aux_safety_requirement": AuxGroup.SAFETY,
}


@reply_to(ModifySchedule)
def modify_schedule(device: Device, session: Session, request: ModifySchedule) -> Sequence[Feedback]:
    """Change schedules, each for itself."""
    outcomes = []
    for change in request.schedule_modify_infos:
        result = _modify(device, session, change)
        message = "" if result.is_success else result.meaning
        outcomes.append(ScheduleOutcome(schedule_name=change.schedule_name, result=result, message=message))
    return [ModifyScheduleFeedback(task_id=request.task_id, schedule_modify_infos=outcomes)]


def _modify(device: Device, session: Session, change: ScheduleChange) -> ModifyScheduleResult:
    name = change.schedule_name
    if session.username is None:
        return ModifyScheduleResult.MODIFY_NO_LOGIN_ERROR
    if not session.may_control:
        return ModifyScheduleResult.MODIFY_NO_PERMISSION_ERROR
    if not name:
        return ModifyScheduleResult.MODIFY_SCHEDUL_NAME_EMPTY_ERROR
    try:
        found = device.library.find(name) if clean(name) == name else None
    except ScenarioError:
        return ModifyScheduleResult.MODIFY_ERROR
    if found is None:
        return ModifyScheduleResult.MODIFY_SCHEDUL_NOT_EXIST_ERROR
    for index in range(device.channel_count):
        channel = device.channel(index)
        if channel is not None and channel.phase in BUSY and channel.schedule_name == name:
            return ModifyScheduleResult.MODIFY_SCHEDUL_RUNNING_ERROR
    return _change(device, name, change)


def _change(device: Device, name: str, change: ScheduleChange) -> ModifyScheduleResult:
    needs = dict(device.equipment.needs.get(name, {}))
    for attribute, group in _GROUPS.items():
        requirement = getattr(change, attribute, None)
        if requirement is None or not requirement.enable:
            continue
        mapped = device.equipment.aux.get(group, 0)
        if requirement.aux_count > mapped * device.channel_count:
            return ModifyScheduleResult.MODIFY_AUX_COUNT_EXCEED_SYSCONFIG_ERROR
        if requirement.aux_count > mapped:
            return ModifyScheduleResult.MODIFY_AUX_COUNT_EXCEED_MAPPING_ERROR
        if any(not scope.low <= scope.high for scope in _scopes(requirement)):
            return ModifyScheduleResult.MODIFY_AUX_SAFETY_SCOPE_ERROR
        needs[group] = requirement.aux_count
    device.equipment.require(name, needs)
    return ModifyScheduleResult.MODIFY_SUCCESS


def _scopes(requirement: Record) -> Iterator[SafetyScope]:
    """Yield the safe ranges that a requirement has."""
    for _, value in requirement.present():
        if isinstance(value, SafetyScope):
            yield value
