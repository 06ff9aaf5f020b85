"""Ask which channels share a temperature chamber."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request


@record
class Group(Record):
    """One group."""

    group_name: str = f.utf16(64)
    channel_count = f.count(f.u16, doc="used entries of the fixed table (0..64)")
    channels: list[int] = f.table(f.i32, 64, channel_count)
    reserved = f.reserved(15)


@feedback(
    0xFFAC0002,
    vendor="THIRD_PARTY_GET_GROUP_T_CHAMBER_MAPPING_INFO_FEEDBACK",
    notes="Confirmed through the decoded command object. Same waiting rule as get_meta_variables_feedback (3 s; event ArbinCommandGetTChamberMappingInfoFeedBackEvent). The vendor object never fills its GroupCount field. A channel_count above 64 makes the client read past the table.",
)
class GetTChamberMappingFeedback(Feedback):
    """Temperature chamber groups and their channels."""

    group_count = f.count(f.u16)
    reserved = f.reserved(16)
    groups: list[Group] = f.array(Group, group_count)


@request(
    0xFFCA0002,
    effect=QUERY,
    vendor="THIRD_PARTY_GET_GROUP_T_CHAMBER_MAPPING_INFO",
    notes="The call blocks for up to 3 s until the feedback has been handled; then returns false.",
)
class GetTChamberMapping(Request[GetTChamberMappingFeedback]):
    """Ask which channels share a temperature chamber."""

    reserved = f.reserved(64)
    surplus = f.surplus(148)
