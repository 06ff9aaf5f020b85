"""Log in with user name and password."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request
from cti_schema.enums import CtiVersion, LoginResult


class UserType(f.Code):
    """Rights of a user."""

    NORMAL_USER = 0, "normal user"
    SUPER_USER = 1, "super user"


@feedback(
    0xEEBA0001,
    vendor="THIRD_PARTY_LOGIN_FEED_CODE",
    notes=(
        "The version chooses what the vendor's client sends from now on, whatever the result is. "
        "A picture that does not decode makes that client deaf: it decodes nothing more on the "
        "connection; one of 10485760 bytes or more is ignored. v1.1 has the picture as "
        "characters; it is bytes. A real cycler sent version 1 and ITAC 7918320 (it looks "
        "uninitialised)."
    ),
)
class LoginFeedback(Feedback):
    """Whether the login succeeded, and who the cycler is."""

    result: LoginResult = f.enum(f.u32, LoginResult, doc="whether the login succeeded")
    ip_address: bytes = f.bytes_fixed(
        4, doc="IPv4 address of the server; the vendor's client does not show it"
    )
    serial_number: str = f.latin1(16, doc="serial number of the cycler")
    note: str = f.latin1(256, personal=True, doc="note of the owner")
    nickname: str = f.utf16(1024, personal=True, doc="name that the owner gave the cycler")
    location: str = f.utf16(1024, personal=True, doc="where the cycler stands")
    emergency_contact: str = f.utf16(1024, personal=True, doc="name and telephone number for emergencies")
    other_comments: str = f.utf16(1024, personal=True, doc="further comments")
    email: str = f.utf16(64, personal=True, doc="address of the owner")
    call: str = f.utf16(16, personal=True, doc="telephone number")
    itac: int = f.u32(personal=True, doc="international telephone area code")
    version: CtiVersion = f.enum(f.u32, CtiVersion, doc="chooses the variants of messages")
    allow_control: int = f.u32(doc="1: this client may control channels")
    channel_count: int = f.u32(doc="number of IV channels")
    user_type: UserType = f.enum(f.u32, UserType, doc="rights of the user")
    picture_length = f.length(f.u32, doc="size of the picture")
    picture: bytes = f.bytes_counted(
        picture_length, personal=True, doc="image file; none, or less than 10485760 bytes"
    )


@request(
    0xEEAB0001,
    effect=QUERY,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_LOGIN_CODE",
    notes=(
        "Any other request can be sent before it. A text of 32 characters has no NUL. The library "
        "refuses more than 32 characters, and any that is not ASCII. v4.5 states a frame of 187 "
        "bytes; it has 86."
    ),
)
class Login(Request[LoginFeedback]):
    """Log in with user name and password."""

    username: str = f.ascii(32, personal=True, doc="name of the account")
    password: str = f.ascii(32, secret=True, doc="password, in clear text")
