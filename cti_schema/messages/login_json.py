"""Log in, in JSON."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request
from cti_schema.enums import CtiVersion, LoginResult


@feedback(
    0xEEBA0011,
    vendor="THIRD_PARTY_LOGIN_JSON_FEED_CODE",
    notes="Event LoginFeedEvent, same event object type as the classic login feedback. The client dispatches on the code only, so either login feedback is accepted after either login request.",
)
class LoginJsonFeedback(Feedback):
    """Whether the login succeeded, and who the cycler is, in JSON."""

    result: LoginResult = f.json_int("Result", "i32", enum=LoginResult, default=0)
    user_type: int = f.json_int("UserType", "i32", default=0)
    serial_number: str | None = f.json_text("SN", nullable=True, default=None)
    note: str | None = f.json_text("Note", nullable=True, default=None)
    nickname: str | None = f.json_text("NickName", nullable=True, default=None)
    location: str | None = f.json_text("Location", nullable=True, default=None)
    emergency_contact: str | None = f.json_text(
        "EmergencyContactNameAndPhoneNumber", nullable=True, default=None
    )
    other_comments: str | None = f.json_text("OtherComments", nullable=True, default=None)
    email: str | None = f.json_text("Email", nullable=True, default=None)
    itac: int = f.json_int("ITAC", "u32", default=0)
    call: str | None = f.json_text("CALL", nullable=True, default=None)
    allow_control: int = f.json_int("IsAllowToControl", "u32", default=0, doc="non-zero: may control")
    channel_count: int = f.json_int("ChannelNum", "u32", default=0)
    version: CtiVersion = f.json_int(
        "Version",
        "i32",
        enum=CtiVersion,
        default=CtiVersion.NONE,
        doc="remembered per connection; missing means 0",
    )
    picture: str | None = f.json_text(
        "Img", nullable=True, default=None, doc="null; the vendor's client fails on a base64 text"
    )
    server_info: str | None = f.json_text(
        "ServerInfo", nullable=True, default=None, doc="only in the JSON login"
    )
    command: int = f.json_int("dwCmd", "u32", ignored=True, default=0)
    extended_command: int = f.json_int("dwCmd_Extend", "u32", ignored=True, default=0)
    socket: None = f.json_null("socket", default=None, doc="must be null or absent")
    channel_index: int = f.json_int(
        "Channel", "i32", default=-1, doc="taken over when present; not used by the JSON messages"
    )
    channel_indices: list[int] | None = f.json_list(
        "ChannelIndexList", "u16", nullable=True, default=None, doc="taken over when present"
    )


@request(
    0xEEAB0011,
    effect=QUERY,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_LOGIN_JSON_CODE",
    notes="Sent only when the caller asks for it (fourth argument true, default false); never automatically. Clear text.",
)
class LoginJson(Request[LoginJsonFeedback]):
    """Log in, in JSON."""

    username: str | None = f.json_text(
        "Username",
        nullable=True,
        default=None,
        doc="ASCII only, at most 32 characters (checked before sending)",
    )
    password: str | None = f.json_text(
        "Password", nullable=True, secret=True, default=None, doc="same limits"
    )
