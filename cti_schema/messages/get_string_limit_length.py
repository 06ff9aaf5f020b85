"""Ask how long texts may be."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request


class StringLimitType(f.Code):
    """Which text a limit is about."""

    TEST_NAME = 1, "test name", "TestName"


@record
class Limit(Record):
    """The limit of one text."""

    string_type: StringLimitType = f.enum(f.u32, StringLimitType, doc="which text")
    limit_length: int = f.u32(doc="most characters")


@feedback(0xBBAC0001, vendor="THIRD_PARTY_GET_STRING_LIMIT_LENGTH_FEEDBACK")
class GetStringLimitLengthFeedback(Feedback):
    """Limits of text lengths."""

    item_count = f.count(f.u32)
    reserved = f.reserved(32)
    items: list[Limit] = f.array(Limit, item_count)


@request(
    0xBBCA0001,
    effect=QUERY,
    versions="MITS Pro7: TYMitsPro7_20230529+; MITS Pro8: TYMitsPro8_202300613+; MITS 10: 3.0.0+",
    vendor="THIRD_PARTY_GET_STRING_LIMIT_LENGTH",
    notes="The library always asks for 1, whatever its caller wants.",
)
class GetStringLimitLength(Request[GetStringLimitLengthFeedback]):
    """Ask how long texts may be."""

    string_types: StringLimitType = f.enum(
        f.u32, StringLimitType, default=StringLimitType.TEST_NAME, doc="which text"
    )
    reserved = f.reserved(32)
