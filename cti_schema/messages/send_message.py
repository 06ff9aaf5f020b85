"""Show a message to the operator of the cycler."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


class SendMessageResult(f.ResultCode):
    """Whether the message was taken."""

    SUCCESS = 1, "success", "SEND_MSG_TO_CTI_SUCCESS"
    FAILED = 2, "failed", "SEND_MSG_TO_CTI_FAILED"


@feedback(
    0xCD410002,
    vendor="THIRD_PARTY_CMD_SEND_MSG_TO_CTI_FEED_BACK_CODE",
    notes="v4.5 prints a wrong code at the layout.",
)
class SendMessageFeedback(Feedback):
    """Whether the message was taken."""

    result: SendMessageResult = f.enum(f.u32, SendMessageResult, doc="outcome")


@request(
    0xCD140002,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: TYMitsPro8_201909191+; MITS 10: no",
    vendor="THIRD_PARTY_CMD_SEND_MSG_TO_CTI_CODE",
    notes=(
        "The library refuses a text without the separator, but looks at neither date nor rich "
        "text. v1.1 knows no format. v4.5 prints the code 0xCC130006 at the layout; its table and "
        "the bytes have 0xCD140002."
    ),
)
class SendMessage(Request[SendMessageFeedback]):
    """Show a message to the operator of the cycler."""

    message: str = f.utf16(1024, doc="date and time, the separator <-->, then rich text")
