"""Let the lamps of some channels blink, to find them. A made-up command."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import (
    CONTROL,
    Feedback,
    Record,
    Request,
    feedback,
    record,
    request,
)


class BlinkResult(f.ResultCode):
    """Outcome of blinking."""

    SUCCESS = 0, "the lamp blinks"
    CHANNEL_INDEX = 16, "no such channel"
    NO_LAMP = 17, "the channel has no lamp"


class Colour(f.Code):
    """Colour of a lamp."""

    RED = 1, "red"
    GREEN = 2, "green"


@feedback(0xBBF20001)
class BlinkChannelsFeedback(Feedback):
    """Outcome on one channel."""

    channel_index: int = f.i32(doc="zero-based channel")
    result: BlinkResult = f.enum(f.u8, BlinkResult, doc="outcome")
    reserved = f.reserved(11)


@record
class Lamp(Record):
    """What one lamp shall do."""

    channel_index: int = f.u16(doc="zero-based channel")
    colour: Colour = f.enum(f.u8, Colour, default=Colour.GREEN, doc="colour")
    seconds: float = f.f32(unit="s", doc="for how long")


@request(
    0xBBF10001,
    effect=CONTROL,
    answers=f.per_channel("lamps"),
    echo={"channel_index": "lamps"},
    notes="Made up, to show how a message is added.",
)
class BlinkChannels(Request[BlinkChannelsFeedback]):
    """Let the lamps of some channels blink, to find them."""

    note: str = f.utf16(16, doc="shown on the cycler's screen")
    lamp_count = f.count(f.u16)
    lamps: list[Lamp] = f.array(Lamp, lamp_count, limit=128, doc="the lamps")
