"""Ask for the control session, and say whether this client may be kicked out of it."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


class ConnectResult(f.ResultCode):
    """Whether the connection is accepted."""

    ACCEPTED = f.ok(0, "connection accepted")
    REJECTED = 1, "connection refused, server full"


@feedback(
    0xEEBA0002,
    vendor="THIRD_PARTY_CMD_CONNECT_FEED_CODE",
    notes="Here v4.5 says 0 = not kicking, 1 = kicking; what the request's flag means is open too.",
)
class ConnectFeedback(Feedback):
    """Whether the control session was granted."""

    set_kick_out: int = f.u32(doc="the flag of the request, or its outcome; see there")
    connect_result: ConnectResult = f.enum(f.u32, ConnectResult, doc="whether the connection is accepted")
    reserved = f.reserved(32)


@request(
    0xEEAB0002,
    effect=QUERY,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_CONNECT_CODE",
    notes=(
        "The documents contradict each other on the flag. 0 = may be kicked out, 1 = better not "
        "(v4.5, layout); 1 = may be kicked out (v4.5, text, and v1.1). The library only makes 1 "
        "of true. The brief introduction sends this before the login, the other documents after "
        "it."
    ),
)
class Connect(Request[ConnectFeedback]):
    """Ask for the control session, and say whether this client may be kicked out of it."""

    set_kick_out: int = f.u32(
        values={0: "false in the library", 1: "true in the library"},
        doc="whether this client may be kicked out; the documents contradict each other",
    )
    reserved = f.reserved(32)
