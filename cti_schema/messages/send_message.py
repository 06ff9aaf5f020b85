"""Show a message to the operator of the cycler."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


class SendMessageResult(f.ResultCode):
    """Send message result."""

    SUCCESS = 1, "success", "SEND_MSG_TO_CTI_SUCCESS"
    FAILED = 2, "failed", "SEND_MSG_TO_CTI_FAILED"


@feedback(
    0xCD410002,
    vendor="THIRD_PARTY_CMD_SEND_MSG_TO_CTI_FEED_BACK_CODE",
    notes="v4.5 prints a wrong command code.",
)
class SendMessageFeedback(Feedback):
    """Whether the message was taken."""

    result: SendMessageResult = f.enum(f.u32, SendMessageResult)


@request(
    0xCD140002,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: TYMitsPro8_201909191+; MITS 10: no",
    vendor="THIRD_PARTY_CMD_SEND_MSG_TO_CTI_CODE",
    notes="Library throws when the separator is missing or the text is longer than 1024 units; it does not check the date or the rich text. v4.5 layout comment gives code 0xCC130006; table and bytes 0xCD140002. v1.1 mentions no format.",
)
class SendMessage(Request[SendMessageFeedback]):
    """Show a message to the operator of the cycler."""

    message: str = f.utf16(
        1024,
        doc='date-time text, the four characters <-->, then rich text (v4.5; enforced by the library as "contains the separator")',
    )
