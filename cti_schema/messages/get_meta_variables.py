"""Read meta variables of channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import DataType, GetMvResult, MetaVariableCode
from cti_schema.messages.get_channels_info_minimalist import GetChannelsInfoMinimalistFeedback


@record
class Item(Record):
    """One entry."""

    channel_index: int = f.u16()
    error: GetMvResult = f.enum(f.u8, GetMvResult)
    data_type: DataType = f.enum(f.u8, DataType)
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode)
    value: float = f.f32()


@feedback(
    0xBB510003,
    vendor="THIRD_PARTY_CMD_GET_MV_VAULE_FEED_CODE",
    notes="Confirmed through the decoded command object. The control class raises its event (GetMetaVariablesFeedBackEvent) only once a PostGetMetaVariables call on the same control object is waiting or has succeeded; before the first call, or after a call that timed out (3 s), the feedback is swallowed. The wait handle is created after the request is sent, so an instant answer could be lost (not seen in 3 tries with an immediate answer on loopback).",
)
class GetMetaVariablesFeedback(Feedback):
    """Values of meta variables, entry by entry."""

    item_count = f.count(f.u16)
    reserved = f.reserved(18)
    items: list[Item] = f.array(Item, item_count)


@record
class Entry(Record):
    """One entry."""

    channel_index: int = f.u16(doc="zero-based channel")
    error: int = f.u8(default=0, doc="sent as 0")
    data_type: DataType = f.enum(
        f.u8, DataType, default=DataType.MP_DATA_TYPE_META_VALUE, doc="what the code names"
    )
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode)
    value: float = f.f32(default=0.0, doc="sent as 0")


@request(
    0xBB150003,
    effect=QUERY,
    select=("version", {0x0201: GetChannelsInfoMinimalistFeedback}),
    versions="MITS Pro7: TYMitsPro7_202203291+; MITS Pro8: TYMitsPro8_202203301+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_MV_VAULE_CODE",
    notes="Minimalist mode: channel >= 0 asks for codes 22 (current) then 21 (voltage) of that channel; channel < 0 sends count 0 (all channels) and 20 unused bytes. PostGetMetaVariables blocks for up to 3 s for the feedback, then returns false with error -2. Above 128 the first 128 are sent.",
)
class GetMetaVariables(Request[GetMetaVariablesFeedback | GetChannelsInfoMinimalistFeedback]):
    """Read meta variables of channels."""

    meta_variable_count = f.count(f.u16, doc="number of entries, at most 128")
    version: int = f.u16(
        default=0x0101,
        values={257: "PostGetMetaVariables", 513: "PostGetChannelsDataMinimalistMode"},
        doc="selects the kind of answer",
    )
    reserved = f.reserved(16)
    entries: list[Entry] = f.array(Entry, meta_variable_count, limit=128)
    surplus = f.surplus(148, others=[168])
