"""Set one user variable of a running channel."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import MetaVariableCode


class SetMvResult(f.ResultCode):
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


@feedback(
    0xBB510001,
    vendor="THIRD_PARTY_CMD_SET_MV_VAULE_FEED_CODE",
    notes=(
        "The vendor's client reads channel and result only, and takes a body without the reserved "
        "bytes too. v4.5 prints the code 0xBB130002 at the layout; v1.1, the library and a real "
        "cycler have 0xBB510001."
    ),
)
class SetMetaVariableFeedback(Feedback):
    """Outcome of setting a user variable on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: SetMvResult = f.enum(f.u8, SetMvResult, doc="outcome")
    reserved = f.reserved(101)


@request(
    0xBB150001,
    effect=CONTROL,
    echo={"channel_index": "channel_index"},
    port=9031,
    versions="MITS Pro7: TYMitsPro7_202101181+; MITS Pro8: TYMitsPro8_201910311+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_SET_MV_VAULE_CODE",
    notes=(
        "The channel must be running (v1.1). The library reads the value as a text in the local "
        "notation: 1,5 may become 15, 1e300 and what is no number become 0; NaN and infinities "
        "pass. v4.5 prints the code 0xCD130004 at the layout; its table and the bytes have "
        "0xBB150001."
    ),
)
class SetMetaVariable(Request[SetMetaVariableFeedback]):
    """Set one user variable of a running channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    meta_variable_type: int = f.i32(
        default=1, doc="1 (IV channel) is the only type; the library always sends 1"
    )
    meta_variable_code: MetaVariableCode = f.enum(
        f.i32, MetaVariableCode, doc="which variable; manual 1.2.0: the sixteen user variables only"
    )
    reserved_1 = f.reserved(16)
    value_type: int = f.i32(default=1, doc="1 (float) is the only type; the library sends what it is given")
    value: float = f.f32(doc="new value")
    reserved_2 = f.reserved(16)
