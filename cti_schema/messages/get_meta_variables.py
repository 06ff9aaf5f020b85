"""Read meta variables of channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import DataType, GetMvResult, MetaVariableCode
from cti_schema.messages.get_channels_info_minimalist import GetChannelsInfoMinimalistFeedback


@record
class Reading(Record):
    """One value of one channel."""

    channel_index: int = f.u16(doc="zero-based channel")
    error: GetMvResult = f.enum(f.u8, GetMvResult, doc="whether the value is there")
    data_type: DataType = f.enum(f.u8, DataType, doc="what the code names")
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode, doc="which value")
    value: float = f.f32(doc="the value")


@feedback(
    0xBB510003,
    vendor="THIRD_PARTY_CMD_GET_MV_VAULE_FEED_CODE",
    notes=(
        "The vendor's client shows it only to a call that waits (3 s) or after one that "
        "succeeded; else it is swallowed. It begins to wait after sending, so that an instant "
        "answer could be lost (not seen on loopback)."
    ),
)
class GetMetaVariablesFeedback(Feedback):
    """Values of meta variables, entry by entry."""

    item_count = f.count(f.u16)
    reserved = f.reserved(18)
    items: list[Reading] = f.array(Reading, item_count)


@record
class WantedReading(Record):
    """One value to read."""

    channel_index: int = f.u16(doc="zero-based channel")
    error: int = f.u8(default=0, doc="sent as 0")
    data_type: DataType = f.enum(
        f.u8, DataType, default=DataType.MP_DATA_TYPE_META_VALUE, doc="what the code names"
    )
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode, doc="which value")
    value: float = f.f32(default=0.0, doc="sent as 0")


@request(
    0xBB150003,
    effect=QUERY,
    select=("version", {0x0201: GetChannelsInfoMinimalistFeedback}),
    versions="MITS Pro7: TYMitsPro7_202203291+; MITS Pro8: TYMitsPro8_202203301+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_MV_VAULE_CODE",
    notes=(
        "With version 0x0201 (minimalist mode) another feedback answers. For one channel it asks "
        "for the codes 22 (current) and 21 (voltage) in this order; for all it has no entry, and "
        "20 more surplus bytes. The library waits 3 s for the answer, then returns false with "
        "error -2; of more than 128 entries it sends the first 128."
    ),
)
class GetMetaVariables(Request[GetMetaVariablesFeedback | GetChannelsInfoMinimalistFeedback]):
    """Read meta variables of channels."""

    meta_variable_count = f.count(f.u16, doc="number of entries; none: all channels")
    version: int = f.u16(
        default=0x0101,
        values={257: "PostGetMetaVariables", 513: "PostGetChannelsDataMinimalistMode"},
        doc="which feedback answers",
    )
    reserved = f.reserved(16)
    entries: list[WantedReading] = f.array(WantedReading, meta_variable_count, limit=128)
    surplus = f.surplus(148, others=[168])
