"""Ask which channels share a temperature chamber."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request


@record
class ChamberGroup(Record):
    """Channels that share a chamber."""

    group_name: str = f.utf16(64, doc="name of the group")
    channel_count = f.count(f.u16, doc="used places of the table")
    channels: list[int] = f.table(f.i32, 64, channel_count, doc="zero-based channels")
    reserved = f.reserved(15)


@feedback(
    0xFFAC0002,
    vendor="THIRD_PARTY_GET_GROUP_T_CHAMBER_MAPPING_INFO_FEEDBACK",
    notes=(
        "More than 64 channels in a group make the vendor's client read beyond the table. It "
        "shows the feedback only to a call that waits (3 s) or after one that succeeded."
    ),
)
class GetTChamberMappingFeedback(Feedback):
    """Temperature chamber groups and their channels."""

    group_count = f.count(f.u16)
    reserved = f.reserved(16)
    groups: list[ChamberGroup] = f.array(ChamberGroup, group_count)


@request(
    0xFFCA0002,
    effect=QUERY,
    vendor="THIRD_PARTY_GET_GROUP_T_CHAMBER_MAPPING_INFO",
    notes="The library waits up to 3 s for the feedback, then returns false.",
)
class GetTChamberMapping(Request[GetTChamberMappingFeedback]):
    """Ask which channels share a temperature chamber."""

    reserved = f.reserved(64)
    surplus = f.surplus(148)
