"""The cycler does not know a command that it was sent."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import Feedback, feedback


@feedback(0xBB111111, vendor="THIRD_PARTY_CMD_UNKNOWN_CODE_FEEDBACK")
class UnknownCommandFeedback(Feedback):
    """The cycler does not know a command that it was sent."""

    command: int = f.u32(doc="the code that the server does not know")
    extended_command: int = f.u32(doc="its extended code")
    reserved = f.reserved(128)
