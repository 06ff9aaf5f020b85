"""Setting meta variables: one, many, many of any kind, with a watchdog, and for a special purpose."""

from __future__ import annotations

from collections.abc import Sequence

from cti_schema.derive.defaults import default
from cti_schema.enums import SpecialSetMvResult
from cti_schema.message import Feedback
from cti_schema.messages.set_meta_variable import SetMetaVariable, SetMetaVariableFeedback, SetMvResult
from cti_schema.messages.set_meta_variables_time_sensitive import (
    ChannelOrder,
    ChannelReading,
    ControlStatus,
    SetMetaVariablesTimeSensitive,
    SetMetaVariablesTimeSensitiveFeedback,
    TimeSensitiveSetMvResult,
)
from cti_schema.messages.special_set_mv import SpecialSetMv, SpecialSetMvFeedback, SpecialValue
from cti_schema.messages.update_meta_variables import (
    UpdateMetaVariables,
    UpdateMetaVariablesFeedback,
    UpdateMvAdvancedResult,
)
from cti_schema.messages.update_meta_variables_ex import (
    UpdateMetaVariablesEx,
    UpdateMetaVariablesExFeedback,
    UpdateMvAdvancedExResult,
    ValueOutcome,
)
from spoofer.behaviour.numbers import signed
from spoofer.device import USER_VARIABLES, Device
from spoofer.machine.setting import NewValue
from spoofer.replies import Session, refined, reply_to


@reply_to(SetMetaVariable)
def set_meta_variable(device: Device, session: Session, request: SetMetaVariable) -> Sequence[Feedback]:
    """Set a user variable. The protocol takes the types 1 and 1 alone; its results have no missing right."""
    result = SetMvResult.FAILED
    if session.may_control and request.meta_variable_type == 1 and request.value_type == 1:
        result = device.set_variable(request.channel_index, request.meta_variable_code, request.value)
    return [SetMetaVariableFeedback(channel_index=signed(request.channel_index), result=result)]


@reply_to(UpdateMetaVariables)
def update_meta_variables(
    device: Device, session: Session, request: UpdateMetaVariables
) -> Sequence[Feedback]:
    """Set user variables, all or none; the one result is about the first entry, or the first refused one."""
    values = [NewValue(one.channel_index, one.meta_variable_code, one.value) for one in request.entries]
    index, result = (values[0].index if values else -1), UpdateMvAdvancedResult.FAILED
    if session.may_control:
        index, result = device.update_all(values)
    return [UpdateMetaVariablesFeedback(channel_index=index, result=result)]


@reply_to(UpdateMetaVariablesEx)
def update_meta_variables_ex(
    device: Device, session: Session, request: UpdateMetaVariablesEx
) -> Sequence[Feedback]:
    """Set values of any kind, each for itself."""
    values = [
        NewValue(one.channel_index, one.meta_variable_code, one.value, one.data_type)
        for one in request.entries
    ]
    results = [UpdateMvAdvancedResult.FAILED] * len(values)
    if session.may_control:
        results = device.update(values)
    items = []
    for one, result in zip(request.entries, results, strict=True):
        # These results have no word for a controller that cannot be reached.
        error = UpdateMvAdvancedExResult(int(result))
        items.append(
            refined(ValueOutcome, one, error=error if error.known else UpdateMvAdvancedExResult.FAILED)
        )
    return [UpdateMetaVariablesExFeedback(items=items)]


@reply_to(SpecialSetMv)
def special_set_mv(device: Device, session: Session, request: SpecialSetMv) -> Sequence[Feedback]:
    """Set values of any kind, each for itself; an entry that is not enabled is left out, and succeeds."""
    enabled = [one for one in request.meta_variable_infos if one.enable]
    values = [
        NewValue(one.channel_index, one.meta_variable_code, one.set_value, one.data_type) for one in enabled
    ]
    results = [UpdateMvAdvancedResult.FAILED] * len(values)
    if session.may_control:
        results = device.update(values)
    outcome = {id(one): SpecialSetMvResult(int(result)) for one, result in zip(enabled, results, strict=True)}
    infos = [
        refined(SpecialValue, one, error=outcome.get(id(one), SpecialSetMvResult.SET_MV_SUCCESS))
        for one in request.meta_variable_infos
    ]
    feedback = default(
        SpecialSetMvFeedback,
        task_id=request.task_id,
        setting_source=request.setting_source,
        meta_variable_infos=infos,
    )
    return [feedback]


@reply_to(SetMetaVariablesTimeSensitive)
def set_meta_variables_time_sensitive(
    device: Device, session: Session, request: SetMetaVariablesTimeSensitive
) -> Sequence[Feedback]:
    """Set user variables and wind up the watchdog of each channel; the answer is its reading."""
    return [
        SetMetaVariablesTimeSensitiveFeedback(
            channels=[_set_fast(device, session, one, request.timeout_s) for one in request.channels]
        )
    ]


def _set_fast(device: Device, session: Session, order: ChannelOrder, timeout_s: float) -> ChannelReading:
    values = {int(slot.meta_variable_code): slot.value for slot in order.slots if slot.enable}
    result = TimeSensitiveSetMvResult.NOT_ALLOW_CONTROL
    if session.may_control:
        result = device.set_fast(order.channel_index, values, timeout_s)
    channel = device.channel(order.channel_index)
    if channel is None:
        shown = default(ChannelReading, channel_index=order.channel_index, result=result)
        shown.mv_ud_values = [0.0] * len(USER_VARIABLES)
        return shown
    (reading,) = device.readings([order.channel_index])
    variables = channel.master.variables
    return refined(
        ChannelReading,
        reading,
        step_index=reading.step_number,
        control_status=ControlStatus(int(reading.status)),
        result=result,
        mv_ud_values=[variables.get(int(code), 0.0) for code in USER_VARIABLES],
    )
