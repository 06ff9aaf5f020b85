"""Voltage and current of channels, as meta variables."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import Feedback, Record, feedback, record
from cti_schema.enums import DataType, GetMvResult, MetaVariableCode


@record
class Reading(Record):
    """One value of one channel."""

    channel_index: int = f.u16(doc="zero-based channel")
    error: GetMvResult = f.enum(f.u8, GetMvResult, doc="whether the value is there")
    data_type: DataType = f.enum(f.u8, DataType, doc="what the code names")
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode, doc="which value")
    value: float = f.f32(doc="the value")


@feedback(
    0xEEBC0002,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_MINIMALIST_MODE_INFO_FEED_CODE",
    notes=(
        "Code 21 is the voltage, 22 the current of a channel. The vendor's client shows 0 where "
        "an error is set."
    ),
)
class GetChannelsInfoMinimalistFeedback(Feedback):
    """Voltage and current of channels, as meta variables."""

    item_count = f.count(f.u16)
    reserved = f.reserved(18)
    items: list[Reading] = f.array(Reading, item_count)
