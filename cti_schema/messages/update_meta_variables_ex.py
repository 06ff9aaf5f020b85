"""Set user or auxiliary variables of many channels in one request."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import DataType, MetaVariableCode


class UpdateMvAdvancedExResult(f.ResultCode):
    """Outcome of setting a variable."""

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
class ValueOutcome(Record):
    """Outcome for one value."""

    channel_index: int = f.u16(doc="zero-based channel")
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode, doc="which variable")
    data_type: DataType = f.enum(f.u8, DataType, doc="what the code names")
    error: UpdateMvAdvancedExResult = f.enum(f.u8, UpdateMvAdvancedExResult, doc="outcome")
    reserved = f.reserved(2)
    value: float = f.f32(doc="the value; the vendor's client does not read it")


@feedback(
    0xBB510004,
    vendor="THIRD_PARTY_CMD_UPDATE_MV_ADVANCED_EX_FEED_CODE",
    notes="The vendor's client does not read the value, so that only its neighbours confirm its place.",
)
class UpdateMetaVariablesExFeedback(Feedback):
    """Outcome of setting variables, entry by entry."""

    item_count = f.count(f.u16)
    reserved = f.reserved(18)
    items: list[ValueOutcome] = f.array(ValueOutcome, item_count)


@record
class NewValue(Record):
    """One value to set."""

    channel_index: int = f.u16(doc="zero-based channel")
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode, doc="which variable")
    data_type: DataType = f.enum(
        f.u8, DataType, default=DataType.MP_DATA_TYPE_META_VALUE, doc="what the code names"
    )
    error: int = f.u8(default=0, doc="sent as 0, whatever the caller set")
    reserved = f.reserved(2)
    value: float = f.f32(doc="new value")


@request(
    0xBB150004,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_UPDATE_MV_ADVANCED_EX_CODE",
    notes=(
        "Of more than 118 entries the library sends the first 118, returns true and sets its error to -1."
    ),
)
class UpdateMetaVariablesEx(Request[UpdateMetaVariablesExFeedback]):
    """Set user or auxiliary variables of many channels in one request."""

    meta_variable_count = f.count(f.u16, doc="number of entries")
    reserved = f.reserved(18)
    entries: list[NewValue] = f.array(NewValue, meta_variable_count, limit=118)
