"""What is about the machine as a whole: who it is, its chambers and auxiliaries, its log, its operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cti_schema.derive.defaults import default
from cti_schema.enums import AuxGroup
from cti_schema.message import Feedback
from cti_schema.messages.get_machine_type import GetMachineType, GetMachineTypeFeedback, MachineType
from cti_schema.messages.get_mapping_aux import (
    AuxChannelTypeJson,
    ChannelMapping,
    GetMappingAux,
    GetMappingAuxFeedback,
    MappedAux,
)
from cti_schema.messages.get_serial_number import GetSerialNumber, GetSerialNumberFeedback
from cti_schema.messages.get_server_software_version import (
    GetServerSoftwareVersion,
    GetServerSoftwareVersionFeedback,
)
from cti_schema.messages.get_string_limit_length import (
    GetStringLimitLength,
    GetStringLimitLengthFeedback,
    Limit,
    StringLimitType,
)
from cti_schema.messages.get_t_chamber_mapping import (
    ChamberGroup,
    GetTChamberMapping,
    GetTChamberMappingFeedback,
)
from cti_schema.messages.send_message import SendMessage, SendMessageFeedback, SendMessageResult
from cti_schema.messages.set_log_interval import (
    SetIntervalTimeLogDataResult,
    SetLogInterval,
    SetLogIntervalFeedback,
)
from cti_schema.messages.start_automatic_calibration import (
    AutoCalibrationResult,
    StartAutomaticCalibration,
    StartAutomaticCalibrationFeedback,
)
from spoofer.behaviour.numbers import signed
from spoofer.device import Device
from spoofer.replies import Session, reply_to, single_bytes

#: Shortest and longest interval in seconds, as a 32-bit float holds them (rules.md, section 4).
_INTERVALS_S: Final = (0.005, 3.0)

#: What stands between the date and the text of a message (send_message's notes).
_SEPARATOR: Final = "<-->"

#: What the mapping calls a group; groups that it has no word for are left out.
_MAPPED: Final = {
    AuxGroup.AUX_V: AuxChannelTypeJson.VOLTAGE,
    AuxGroup.T: AuxChannelTypeJson.TEMPERATURE,
    AuxGroup.P: AuxChannelTypeJson.PRESSURE,
    AuxGroup.DI: AuxChannelTypeJson.DI,
    AuxGroup.DO: AuxChannelTypeJson.DO,
    AuxGroup.EC: AuxChannelTypeJson.EXTERNAL_CHARGE,
    AuxGroup.SAFETY: AuxChannelTypeJson.SAFETY,
    AuxGroup.HUMIDITY: AuxChannelTypeJson.HUMIDITY,
    AuxGroup.AO: AuxChannelTypeJson.AO,
}


@reply_to(GetSerialNumber, steady=True)
def get_serial_number(device: Device, session: Session, request: GetSerialNumber) -> Sequence[Feedback]:
    """Tell the serial number, which has a sign in this feedback."""
    return [default(GetSerialNumberFeedback, serial_number=signed(device.serial_number))]


@reply_to(GetMachineType, steady=True)
def get_machine_type(device: Device, session: Session, request: GetMachineType) -> Sequence[Feedback]:
    """Tell whether there are EQs, cells and trays beside the channels."""
    kind = MachineType.ALL if device.equipment.sptt else MachineType.IV
    return [default(GetMachineTypeFeedback, machine_type=kind)]


@reply_to(GetServerSoftwareVersion, steady=True)
def get_server_software_version(
    device: Device, session: Session, request: GetServerSoftwareVersion
) -> Sequence[Feedback]:
    """Tell the version as a text."""
    return [GetServerSoftwareVersionFeedback(version=single_bytes(device.personality.software))]


@reply_to(GetStringLimitLength, steady=True)
def get_string_limit_length(
    device: Device, session: Session, request: GetStringLimitLength
) -> Sequence[Feedback]:
    """Tell the limit of test names; other texts have none that is known."""
    limits = [Limit(string_type=StringLimitType.TEST_NAME, limit_length=device.personality.test_name_limit)]
    wanted = [one for one in limits if one.string_type == request.string_types]
    return [GetStringLimitLengthFeedback(items=wanted)]


@reply_to(GetTChamberMapping, steady=True)
def get_t_chamber_mapping(
    device: Device, session: Session, request: GetTChamberMapping
) -> Sequence[Feedback]:
    """Tell which channels share a chamber."""
    groups = [
        ChamberGroup(group_name=chamber.name, channels=list(chamber.channels))
        for chamber in device.equipment.chambers
    ]
    return [GetTChamberMappingFeedback(groups=groups)]


@reply_to(GetMappingAux, steady=True)
def get_mapping_aux(device: Device, session: Session, request: GetMappingAux) -> Sequence[Feedback]:
    """Tell how many auxiliaries each channel has."""
    found = [
        MappedAux(aux_channel_type=_MAPPED[group], aux_count=count)
        for group, count in device.equipment.aux.items()
        if group in _MAPPED
    ]
    infos = [
        ChannelMapping(channel_index=index, aux_channel_infos=found) for index in range(device.channel_count)
    ]
    return [default(GetMappingAuxFeedback, task_id=request.task_id, mapping_infos=infos)]


@reply_to(SetLogInterval)
def set_log_interval(device: Device, session: Session, request: SetLogInterval) -> Sequence[Feedback]:
    """Set the interval of logging; with a channel that cannot be reached, it is only partly done."""
    least, most = _INTERVALS_S
    interval = request.interval_s
    if not session.may_control:
        result, message = SetIntervalTimeLogDataResult.FAILED, "the right to control is missing"
    elif not least <= round(interval, 7) <= most:  # a NaN is in no range
        result, message = SetIntervalTimeLogDataResult.EXCEED_LIMIT, f"{least} to {most} s are allowed"
    else:
        device.log_interval_s = interval
        result, message = SetIntervalTimeLogDataResult.SUCCESS, ""
        if any(reading.comm_failure for reading in device.readings()):
            result, message = SetIntervalTimeLogDataResult.PARTIAL_SUCCESS, "some channels cannot be reached"
    return [SetLogIntervalFeedback(result=result, message=message)]


@reply_to(SendMessage)
def send_message(device: Device, session: Session, request: SendMessage) -> Sequence[Feedback]:
    """Show a message to the operator: it is added to `Device.messages`."""
    taken = session.may_control and _SEPARATOR in request.message
    if taken:
        device.messages.append(request.message)
    return [SendMessageFeedback(result=SendMessageResult.SUCCESS if taken else SendMessageResult.FAILED)]


@reply_to(StartAutomaticCalibration)
def start_automatic_calibration(
    device: Device, session: Session, request: StartAutomaticCalibration
) -> Sequence[Feedback]:
    """Calibrate all channels for a while; the calibration window must be open, and nothing may run."""
    began = session.may_control and device.calibration_window_open and device.calibrate()
    result = AutoCalibrationResult.SUCCESS if began else AutoCalibrationResult.FAILED
    return [StartAutomaticCalibrationFeedback(result=result)]
