"""Test objects: what is known of the items on the channels, and how it is changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from cti_schema.message import Feedback
from cti_schema.messages import get_channels_info_ex as info_record
from cti_schema.messages.assign_file import AssignFileKind
from cti_schema.messages.convert_test_object import (
    ChannelResult as Converted,
)
from cti_schema.messages.convert_test_object import (
    ConvertTestObject,
    ConvertTestObjectFeedback,
    ConvertTestObjectResult,
)
from cti_schema.messages.get_channels_info_ex import GetChannelsInfoEx, GetChannelsInfoExFeedback
from cti_schema.messages.update_parameters import (
    ChannelResult as Updated,
)
from cti_schema.messages.update_parameters import (
    UpdateParameterDataType,
    UpdateParameterResult,
    UpdateParameters,
    UpdateParametersFeedback,
)
from spoofer.behaviour.selection import selected
from spoofer.device import Device
from spoofer.machine.channel import BUSY
from spoofer.replies import Session, refined, reply_to

_T = UpdateParameterDataType

#: The attribute of a test object that a parameter is.
_PARAMETERS: Final = {
    _T.NORM_CAPACITY: "nominal_capacity_ah",
    _T.I_MAX: "max_current_charge_a",
    _T.V_MAX: "max_voltage_charge_v",
    _T.V_MIN: "min_voltage_charge_v",
    _T.MASS: "mass",
    _T.S_CAPACITY: "specific_capacity",
    _T.NIR: "nominal_internal_resistance_ohm",
    _T.N_VOLTAGE: "nominal_voltage_v",
    _T.N_CAPACITANCE: "nominal_capacitance_f",
    _T.IS_AUTO_CALCULATE: "auto_calculate",
}


def _infos(device: Device, indices: Iterable[int]) -> GetChannelsInfoExFeedback:
    channels = []
    for index in indices:
        channel = device.channel(index)
        if channel is not None:
            channels.append(
                refined(
                    info_record.Channel,
                    channel.test_object,
                    channel_index=index,
                    test_object_name=channel.test_object.name,
                    chart_name=channel.files.get(AssignFileKind.CHART, ""),
                    auto_calculate=int(channel.test_object.auto_calculate),
                )
            )
    return GetChannelsInfoExFeedback(channels=channels)


@reply_to(GetChannelsInfoEx, steady=True)
def get_channels_info_ex(device: Device, session: Session, request: GetChannelsInfoEx) -> Sequence[Feedback]:
    """Tell the test objects and the charts of channels."""
    readings = selected(device, request.channel_index, request.channel_selection)
    return [_infos(device, [reading.channel_index for reading in readings])]


# --- changing values -----------------------------------------------------------------------------


@reply_to(UpdateParameters)
def update_parameters(device: Device, session: Session, request: UpdateParameters) -> Sequence[Feedback]:
    """Change values of test objects; an old server tells the test objects in a second feedback.

    Parameters that are not known are left out. Without a channel, all are meant (requests.json).
    """
    for_all = bool(request.for_all_channels) or not request.channel_indices
    indices = range(device.channel_count) if for_all else request.channel_indices
    results = [
        Updated(channel_index=index, result=_update(device, session, request, index)) for index in indices
    ]
    failed = [one.result for one in results if not one.result.is_success]
    overall = failed[0] if failed else UpdateParameterResult.SUCCESS
    feedback = UpdateParametersFeedback(
        channel_count=0 if for_all else len(results),
        result=overall,
        for_all_channels=int(for_all),
        reason="" if overall.is_success else overall.meaning,
        channel_results=[] if for_all else results,
    )
    if device.personality.answers_twice:
        return [feedback, _infos(device, indices)]
    return [feedback]


def _update(device: Device, session: Session, request: UpdateParameters, index: int) -> UpdateParameterResult:
    channel = device.channel(index)
    if not session.may_control:
        return UpdateParameterResult.ERROR
    if channel is None:
        return UpdateParameterResult.INDEX
    if channel.master.phase in BUSY:
        return UpdateParameterResult.CHANNEL_RUNNING_ERROR
    channel.test_object.change(
        {
            _PARAMETERS[one.parameter_type]: one.value
            for one in request.parameters
            if one.parameter_type in _PARAMETERS
        }
    )
    return UpdateParameterResult.SUCCESS


# --- anonymous and named -------------------------------------------------------------------------


@reply_to(ConvertTestObject)
def convert_test_object(device: Device, session: Session, request: ConvertTestObject) -> Sequence[Feedback]:
    """Make test objects anonymous, or give them a name; their values stay."""
    all_channels = bool(request.for_all_channels)
    indices: Iterable[int] = range(device.channel_count) if all_channels else request.channel_indices
    results = [
        Converted(channel_index=index, result=_convert(device, session, index, bool(request.to_anonymous)))
        for index in indices
    ]
    reason = next((one.result.meaning for one in results if not one.result.is_success), "")
    return [ConvertTestObjectFeedback(reason=reason, channel_results=results)]


def _convert(device: Device, session: Session, index: int, to_anonymous: bool) -> ConvertTestObjectResult:
    channel = device.channel(index)
    if not session.may_control or channel is None:
        return ConvertTestObjectResult.FAILED
    if channel.master.phase in BUSY:
        return ConvertTestObjectResult.CHANNEL_IS_RUNNING
    if to_anonymous:
        if not channel.test_object.name:
            return ConvertTestObjectResult.NO_TEST_OBJECT_FILE
        channel.test_object.name = ""
        channel.files.pop(AssignFileKind.TEST_OBJECT, None)
    elif not channel.test_object.name:
        channel.test_object.name = f"Channel_{index + 1}.to"
    return ConvertTestObjectResult.SUCCESS
