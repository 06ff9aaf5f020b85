"""Ask for what a start of channels needs to know."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import ChannelCode
from cti_schema.parts import UserVariables


@part
class ChannelHead(Part):
    """First fields of a channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    channel_code: ChannelCode = f.enum(f.u32, ChannelCode, doc="whether the data are there")
    test_name_count = f.count(f.u32)
    step_count = f.count(f.u32)
    schedule_name: str = f.utf16(200, doc="schedule file")


@record
class Channel(ChannelHead, UserVariables, Record):
    """One channel."""

    test_names: list[str] = f.array(
        f.prefixed_text(f.u32, exact=True), ChannelHead.test_name_count, doc="names of tests that were run"
    )
    steps: list[str] = f.array(
        f.prefixed_text(f.u32, exact=False, limit=512), ChannelHead.step_count, doc="step labels"
    )


@feedback(
    0xCD310001,
    vendor="THIRD_PARTY_CMD_GET_START_DATA_FEED_CODE",
    notes=(
        "Test names are in the code page of the client's machine; none but ASCII was tried. The "
        "length of a step label is ignored: its NUL ends it. v4.5 shows both without the NUL."
    ),
)
class GetStartDataFeedback(Feedback):
    """Schedules, user variables, test names and step labels of channels."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xCD130001,
    effect=QUERY,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_START_DATA_CODE",
)
class GetStartData(Request[GetStartDataFeedback]):
    """Ask for what a start of channels needs to know."""

    channel_count = f.count(f.u32)
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
