"""Voltage and current of channels, as meta variables."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import Feedback, Record, feedback, record
from cti_schema.enums import DataType, GetMvResult, MetaVariableCode


@record
class Item(Record):
    """One entry."""

    channel_index: int = f.u16()
    error: GetMvResult = f.enum(f.u8, GetMvResult)
    data_type: DataType = f.enum(f.u8, DataType)
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode)
    value: float = f.f32()


@feedback(
    0xEEBC0002,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_MINIMALIST_MODE_INFO_FEED_CODE",
    notes="Same wire form as get_meta_variables_feedback with another code: the client folds code 21 (voltage) and 22 (current) per channel. Entries with error != 0 show 0.",
)
class GetChannelsInfoMinimalistFeedback(Feedback):
    """Voltage and current of channels, as meta variables."""

    item_count = f.count(f.u16)
    reserved = f.reserved(18)
    items: list[Item] = f.array(Item, item_count)
