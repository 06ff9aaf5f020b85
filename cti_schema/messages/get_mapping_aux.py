"""Ask which auxiliaries are mapped to which channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request


class AuxChannelTypeJson(f.Code):
    """Aux channel type json."""

    VOLTAGE = 0, "voltage", "Voltage"
    TEMPERATURE = 1, "temperature", "Temperature"
    PRESSURE = 2, "pressure", "Pressure"
    DI = 3, "digital in", "DI"
    DO = 4, "digital out", "DO"
    EXTERNAL_CHARGE = 5, "external charge", "ExternalCharge"
    SAFETY = 6, "safety", "Safety"
    HUMIDITY = 7, "humidity", "Humidity"
    AO = 8, "analog out", "AO"
    CANBMS = 9, "canbms", "CANBMS"
    SMB = 10, "smb", "SMB"


@record
class AuxChannelInfo(Record):
    """One entry."""

    aux_channel_type: AuxChannelTypeJson = f.json_int(
        "AuxChannelType",
        "i32",
        enum=AuxChannelTypeJson,
        default=AuxChannelTypeJson.TEMPERATURE,
        doc="default 1 (temperature), so always send it",
    )
    aux_count: int = f.json_int("AuxCount", "i32", default=0)


@record
class MappingInfo(Record):
    """One entry."""

    channel_index: int = f.json_int("ChannelIndex", "i32", default=-1)
    aux_channel_infos: list[AuxChannelInfo] = f.json_list("AuxChannelInfos", AuxChannelInfo, default=[])


@feedback(
    0xBB250114,
    vendor="THIRD_PARTY_CMD_GET_MAPPING_AUX_FEEDBACK",
    notes="Event ArbinCommandGetMappingAuxFeedBackEvent.",
)
class GetMappingAuxFeedback(Feedback):
    """Auxiliaries mapped to channels."""

    task_id: int = f.json_int(
        "TaskID",
        "i64",
        default=0,
        doc="chosen by the caller, not numbered by the library; the feedback has the same member, so echo it",
    )
    mapping_infos: list[MappingInfo] = f.json_list("MappingInfos", MappingInfo, default=[])
    command: int = f.json_int("dwCmd", "u32", ignored=True, default=0)
    extended_command: int = f.json_int("dwCmd_Extend", "u32", ignored=True, default=0)
    socket: None = f.json_null("socket", default=None, doc="must be null or absent")
    channel_index: int = f.json_int(
        "Channel", "i32", default=-1, doc="taken over when present; not used by the JSON messages"
    )
    channel_indices: list[int] | None = f.json_list(
        "ChannelIndexList", "u16", nullable=True, default=None, doc="taken over when present"
    )


@request(
    0xBB520114,
    effect=QUERY,
    echo={"task_id": "task_id"},
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 4.2.19-patch+",
    vendor="THIRD_PARTY_CMD_GET_MAPPING_AUX",
    notes="Whole mapping, no selection.",
)
class GetMappingAux(Request[GetMappingAuxFeedback]):
    """Ask which auxiliaries are mapped to which channels."""

    task_id: int = f.json_int(
        "TaskID",
        "i64",
        default=0,
        doc="chosen by the caller, not numbered by the library; the feedback has the same member, so echo it",
    )
