"""Ask which auxiliaries are mapped to which channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.parts import EventMembers


class AuxChannelTypeJson(f.Code):
    """Kind of an auxiliary."""

    VOLTAGE = 0, "voltage", "Voltage"
    TEMPERATURE = 1, "temperature", "Temperature"
    PRESSURE = 2, "pressure", "Pressure"
    DI = 3, "digital input", "DI"
    DO = 4, "digital output", "DO"
    EXTERNAL_CHARGE = 5, "external charge", "ExternalCharge"
    SAFETY = 6, "safety", "Safety"
    HUMIDITY = 7, "humidity", "Humidity"
    AO = 8, "analog output", "AO"
    CANBMS = 9, "CAN BMS", "CANBMS"
    SMB = 10, "SMB", "SMB"


@record
class MappedAux(Record):
    """How many auxiliaries of a kind are mapped."""

    aux_channel_type: AuxChannelTypeJson = f.json_int(
        "AuxChannelType",
        "i32",
        enum=AuxChannelTypeJson,
        default=AuxChannelTypeJson.TEMPERATURE,
        doc="kind; temperature when it is missing, so always send it",
    )
    aux_count: int = f.json_int("AuxCount", "i32", default=0, doc="number of auxiliaries")


@record
class ChannelMapping(Record):
    """Auxiliaries mapped to one channel."""

    channel_index: int = f.json_int("ChannelIndex", "i32", default=-1, doc="zero-based channel")
    aux_channel_infos: list[MappedAux] = f.json_list("AuxChannelInfos", MappedAux, default=[])


@part
class GetMappingAuxMembers(Part):
    """Members of the feedback itself."""

    task_id: int = f.json_int(
        "TaskID", "i64", default=0, doc="number chosen by the caller; the feedback repeats it"
    )
    mapping_infos: list[ChannelMapping] = f.json_list("MappingInfos", ChannelMapping, default=[])


@feedback(0xBB250114, vendor="THIRD_PARTY_CMD_GET_MAPPING_AUX_FEEDBACK")
class GetMappingAuxFeedback(GetMappingAuxMembers, EventMembers, Feedback):
    """Auxiliaries mapped to channels."""


@request(
    0xBB520114,
    effect=QUERY,
    echo={"task_id": "task_id"},
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 4.2.19-patch+",
    vendor="THIRD_PARTY_CMD_GET_MAPPING_AUX",
    notes="Always the whole mapping; there is no selection.",
)
class GetMappingAux(Request[GetMappingAuxFeedback]):
    """Ask which auxiliaries are mapped to which channels."""

    task_id: int = f.json_int(
        "TaskID", "i64", default=0, doc="number chosen by the caller; the feedback repeats it"
    )
