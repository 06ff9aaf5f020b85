"""Set user variables of many channels in one request."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import MetaVariableCode


class UpdateMvAdvancedResult(f.ResultCode):
    """Outcome of setting variables."""

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
    SET_MV_METACODE_MCU_ACK_FAILED = (
        24,
        "microcontroller did not acknowledge",
        "CTI_SET_MV_METACODE_MCU_ACK_FAILED",
    )


@feedback(
    0xBB510002,
    vendor="THIRD_PARTY_CMD_UPDATE_MV_ADVANCED_FEED_CODE",
    notes=(
        "The vendor's client reads channel and result only, and takes a body without the reserved bytes too."
    ),
)
class UpdateMetaVariablesFeedback(Feedback):
    """Outcome of setting user variables."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: UpdateMvAdvancedResult = f.enum(f.u8, UpdateMvAdvancedResult, doc="outcome")
    reserved = f.reserved(101)


@record
class NewValue(Record):
    """One value to set."""

    channel_index: int = f.u16(doc="zero-based channel")
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode, doc="which variable")
    value: float = f.f32(doc="new value")


@request(
    0xBB150002,
    effect=CONTROL,
    versions="MITS Pro7: TYMitsPro7_202110131+; MITS Pro8: TYMitsPro8_202110131+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_UPDATE_MV_ADVANCED_CODE",
    notes=(
        "Faster than every 200 ms is refused (v1.1). Of more than 160 entries the library sends "
        "the first 160, returns true and sets its error to -1 (v4.5: 1). v4.5 has a channel index "
        "of 32 bits in place of the count, and prints the code 0xCD130004 at the layout; its "
        "table and the bytes have 0xBB150002."
    ),
)
class UpdateMetaVariables(Request[UpdateMetaVariablesFeedback]):
    """Set user variables of many channels in one request."""

    meta_variable_count = f.count(f.u16, doc="number of entries")
    reserved = f.reserved(18)
    entries: list[NewValue] = f.array(NewValue, meta_variable_count, limit=160)
    surplus = f.surplus(148, step=8, doc="8 more per entry above 160 that the library drops")
