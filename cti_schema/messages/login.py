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
    notes="Sets the server version that steers the client (VLS requests etc.). A picture that the imaging library cannot decode throws inside the receive path and leaves the vendor client deaf for good: later frames on the connection are never decoded. A picture length of 10485760 or more is ignored. MITS8 capture: picture_length 0, version 1, ITAC 7918320 (looks uninitialised). v1.1 types the picture as characters; it is bytes.",
)
class LoginFeedback(Feedback):
    """Whether the login succeeded, and who the cycler is."""

    result: LoginResult = f.enum(f.u32, LoginResult)
    ip_address: bytes = f.bytes_fixed(4, doc="IPv4 address of the server; not exposed by the vendor object")
    serial_number: str = f.latin1(16, doc="cycler serial number")
    note: str = f.latin1(256, doc="customer note")
    nickname: str = f.utf16(1024)
    location: str = f.utf16(1024)
    emergency_contact: str = f.utf16(1024)
    other_comments: str = f.utf16(1024)
    email: str = f.utf16(64)
    call: str = f.utf16(16)
    itac: int = f.u32(doc="international telephone area code")
    version: CtiVersion = f.enum(
        f.u32, CtiVersion, doc="server version; steers which requests the vendor client will send"
    )
    allow_control: int = f.u32(doc="1: this client may control channels")
    channel_count: int = f.u32(doc="number of IV channels")
    user_type: UserType = f.enum(f.u32, UserType, doc="0 normal user, 1 super user")
    picture_length = f.length(f.u32, doc="bytes of picture that follow")
    picture: bytes = f.bytes_counted(
        picture_length, doc="image file bytes; decoded only when 0 < length < 10485760"
    )


@request(
    0xEEAB0001,
    effect=QUERY,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_LOGIN_CODE",
    notes="Library throws for >32 bytes or any non-ASCII character; empty strings are sent. 32-character strings leave no terminating zero. Nothing in the library forces a login first: every other request can be sent before it. Instructions v4.5 state a frame of 187 bytes; recorded and captured frames are 86. The login feedback's Version field selects later message variants (see framing.md).",
)
class Login(Request[LoginFeedback]):
    """Log in with user name and password."""

    username: str = f.ascii(32, doc="account name")
    password: str = f.ascii(32, secret=True, doc="password, clear text")
