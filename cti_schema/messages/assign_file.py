"""Assign a file (schedule, CAN, SMB, simulation, test object, chart) to channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request


@record
class ChannelResult(Record):
    """Outcome on one channel."""

    channel_index: int = f.i32(doc="zero-based channel index")
    result: int = f.u8()


@feedback(
    0xBB320001,
    vendor="THIRD_PARTY_CMD_ASSIGN_FILE_FEED",
    notes="There is no overall result on the wire; results are per channel, grouped by the client.",
)
class AssignFileFeedback(Feedback):
    """Outcome of a file assignment, channel by channel."""

    channel_count = f.count(f.i32)
    reason: str = f.utf16(256)
    reserved = f.reserved(8)
    channel_results: list[ChannelResult] = f.array(ChannelResult, channel_count)


@request(
    0xBB230001,
    effect=CONTROL,
    versions="MITS Pro7: TYMitsPro7_202207071+; MITS Pro8: TYMitsPro8_202207071+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_ASSIGN_FILE",
    notes="With for_all_channels = 1 the count stays as given but NO list follows. Request code 0xBB230001 looks like a feedback of the 0xBB32.... family, and its feedback 0xBB320001 like a request. The whole file name, no path, is limited to 200 units (throws above).",
)
class AssignFile(Request[AssignFileFeedback]):
    """Assign a file (schedule, CAN, SMB, simulation, test object, chart) to channels."""

    channel_count: int = f.i32(doc="number of channels in the list")
    file_name: str = f.utf16(200, doc="file to assign")
    for_all_channels: int = f.u8(default=0, values={0: "only the given channel(s)", 1: "all channels"})
    file_type: int = f.u8(
        values={
            0: "schedule",
            1: "CAN BMS",
            2: "SMB",
            3: "simulation",
            4: "battery simulation",
            5: "test object",
            6: "chart",
            255: "none (-1)",
        },
        doc="kind of file",
    )
    reserved = f.reserved(6)
    channel_indices: list[int] = f.array(
        f.u16, channel_count, when=(for_all_channels, 0), doc="zero-based channel"
    )
