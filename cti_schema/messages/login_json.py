"""Log in, in JSON."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Request, feedback, part, request
from cti_schema.enums import CtiVersion, LoginResult
from cti_schema.messages.login import UserType
from cti_schema.parts import EventMembers


@part
class LoginJsonMembers(Part):
    """Members of the feedback itself."""

    result: LoginResult = f.json_int(
        "Result", "i32", enum=LoginResult, default=0, doc="whether the login succeeded"
    )
    user_type: UserType = f.json_int(
        "UserType", "i32", enum=UserType, default=UserType.NORMAL_USER, doc="rights of the user"
    )
    serial_number: str | None = f.json_text(
        "SN", nullable=True, default=None, doc="serial number of the cycler"
    )
    note: str | None = f.json_text(
        "Note", nullable=True, default=None, personal=True, doc="note of the owner"
    )
    nickname: str | None = f.json_text(
        "NickName", nullable=True, default=None, personal=True, doc="name that the owner gave the cycler"
    )
    location: str | None = f.json_text(
        "Location", nullable=True, default=None, personal=True, doc="where the cycler stands"
    )
    emergency_contact: str | None = f.json_text(
        "EmergencyContactNameAndPhoneNumber",
        nullable=True,
        default=None,
        personal=True,
        doc="name and telephone number for emergencies",
    )
    other_comments: str | None = f.json_text(
        "OtherComments", nullable=True, default=None, personal=True, doc="further comments"
    )
    email: str | None = f.json_text(
        "Email", nullable=True, default=None, personal=True, doc="address of the owner"
    )
    itac: int = f.json_int("ITAC", "u32", default=0, personal=True, doc="international telephone area code")
    call: str | None = f.json_text("CALL", nullable=True, default=None, personal=True, doc="telephone number")
    allow_control: int = f.json_int(
        "IsAllowToControl", "u32", default=0, doc="not zero: this client may control channels"
    )
    channel_count: int = f.json_int("ChannelNum", "u32", default=0, doc="number of IV channels")
    version: CtiVersion = f.json_int(
        "Version",
        "i32",
        enum=CtiVersion,
        default=CtiVersion.NONE,
        doc="chooses the variants of messages; 0 when it is missing",
    )
    picture: str | None = f.json_text(
        "Img", nullable=True, default=None, personal=True, doc="null: the vendor's client fails on any text"
    )
    server_info: str | None = f.json_text("ServerInfo", nullable=True, default=None, doc="about the server")


@feedback(
    0xEEBA0011,
    vendor="THIRD_PARTY_LOGIN_JSON_FEED_CODE",
    notes="The vendor's client takes either login feedback after either login.",
)
class LoginJsonFeedback(LoginJsonMembers, EventMembers, Feedback):
    """Whether the login succeeded, and who the cycler is, in JSON."""


@request(
    0xEEAB0011,
    effect=QUERY,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_LOGIN_JSON_CODE",
    notes=(
        "The library sends it only when its caller asks for it, and then without trying the "
        "binary login. The password is in clear text."
    ),
)
class LoginJson(Request[LoginJsonFeedback]):
    """Log in, in JSON."""

    username: str | None = f.json_text(
        "Username",
        nullable=True,
        default=None,
        personal=True,
        doc="name of the account; the library takes up to 32 ASCII characters",
    )
    password: str | None = f.json_text(
        "Password",
        nullable=True,
        secret=True,
        default=None,
        doc="password, in clear text; up to 32 ASCII characters",
    )
