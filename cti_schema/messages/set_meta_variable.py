"""Set one user variable of a running channel."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import MetaVariableCode


class SetMvResult(f.ResultCode):
    """Set mv result."""

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
    notes="The vendor client reads only channel index and result; the 101 reserved bytes may even be missing. v4.5 prints a wrong command code (0xBB130002) for this structure; capture, v1.1 and library agree on 0xBB510001.",
)
class SetMetaVariableFeedback(Feedback):
    """Outcome of setting a user variable on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: SetMvResult = f.enum(f.u8, SetMvResult)
    reserved = f.reserved(101)


@request(
    0xBB150001,
    effect=CONTROL,
    echo={"channel_index": "channel_index"},
    port=9031,
    versions="MITS Pro7: TYMitsPro7_202101181+; MITS Pro8: TYMitsPro8_201910311+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_SET_MV_VAULE_CODE",
    notes="The library turns the value into text and parses it back as a float in the current culture: text that is not a number is sent as 0, NaN and infinities pass (NaN as bytes 00 00 c0 ff), 1e300 was sent as 0, the text 1,5 as 15 (invariant culture), null throws. v4.5 layout comment gives code 0xCD130004; table and bytes 0xBB150001. The channel must be running (v1.1).",
)
class SetMetaVariable(Request[SetMetaVariableFeedback]):
    """Set one user variable of a running channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    meta_variable_type: int = f.i32(
        default=1, doc="only 1 (IV) allowed (v1.1); the library always writes 1 and ignores its argument"
    )
    meta_variable_code: MetaVariableCode = f.enum(f.i32, MetaVariableCode, doc="meta-variable code")
    reserved_1 = f.reserved(16)
    value_type: int = f.i32(
        default=1, doc="1 = float; the only value allowed (v1.1); passed through by the library"
    )
    value: float = f.f32(doc="new value")
    reserved_2 = f.reserved(16)
