"""Set user or auxiliary variables of many channels in one request."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import DataType, MetaVariableCode


class UpdateMvAdvancedExResult(f.ResultCode):
    """Update mv advanced ex result."""

    SUCCESS = 0, "success", "CTI_SET_MV_SUCCESS"
    FAILED = 16, "failed", "CTI_SET_MV_FAILED"
    METACODE_NOTEXIST = 17, "meta variable code does not exist", "CTI_SET_MV_METACODE_NOTEXIST"
    CHANNEL_NOT_STARTED = 18, "channel is not running", "CTI_SET_MV_CHANNEL_NOT_STARTED"
    METACODE_NOTEXIST_PRO7 = (
        19,
        "meta variable code does not exist in MITS Pro 7",
        "CTI_SET_MV_METACODE_NOTEXIST_Pro7",
    )
    METACODE_UPDATE_TOO_FREQUENTLY_200_MS = (
        20,
        "updates must be at least 200 ms apart",
        "CTI_SET_MV_METACODE_UPDATE_TOO_FREQUENTLY_200MS",
    )
    SET_MV_METACODE_DATATYPE_NOTSUPPORT = (
        21,
        "data type not supported",
        "CTI_SET_MV_METACODE_DATATYPE_NOTSUPPORT",
    )
    SET_MV_METACODE_NO_TEMPERATURE_CHAMBER = (
        22,
        "no temperature chamber",
        "CTI_SET_MV_METACODE_NO_TEMPERATURE_CHAMBER",
    )
    SET_MV_METACODE_NOT_CONTROLLED_AUXILIARY = (
        23,
        "auxiliary is not controllable",
        "CTI_SET_MV_METACODE_NOT_CONTROLLED_AUXILIARY",
    )


@record
class Item(Record):
    """One entry."""

    channel_index: int = f.u16()
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode)
    data_type: DataType = f.enum(f.u8, DataType)
    error: UpdateMvAdvancedExResult = f.enum(f.u8, UpdateMvAdvancedExResult)
    reserved = f.reserved(2)
    value: float = f.f32(doc="on the wire, but the vendor client never reads it back")


@feedback(
    0xBB510004,
    vendor="THIRD_PARTY_CMD_UPDATE_MV_ADVANCED_EX_FEED_CODE",
    notes="value is on the wire but not read back by the client; its position is not confirmed by the library.",
)
class UpdateMetaVariablesExFeedback(Feedback):
    """Outcome of setting variables, entry by entry."""

    item_count = f.count(f.u16)
    reserved = f.reserved(18)
    items: list[Item] = f.array(Item, item_count)


@record
class Entry(Record):
    """One entry."""

    channel_index: int = f.u16(doc="zero-based channel")
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode)
    data_type: DataType = f.enum(
        f.u8, DataType, default=DataType.MP_DATA_TYPE_META_VALUE, doc="what the code names"
    )
    error: int = f.u8(default=0, doc="sent as 0, whatever the caller set")
    reserved = f.reserved(2)
    value: float = f.f32()


@request(
    0xBB150004,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_UPDATE_MV_ADVANCED_EX_CODE",
    notes="Limit (1452-20-8-2)/12 = 118 entries; above it the first 118 go out, the method returns true and the error output is -1.",
)
class UpdateMetaVariablesEx(Request[UpdateMetaVariablesExFeedback]):
    """Set user or auxiliary variables of many channels in one request."""

    meta_variable_count = f.count(f.u16, doc="number of entries, library limit 118")
    reserved = f.reserved(18)
    entries: list[Entry] = f.array(Entry, meta_variable_count, limit=118)
