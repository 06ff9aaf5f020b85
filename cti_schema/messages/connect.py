"""Ask for the control session, and say whether this client may be kicked out of it."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


class ConnectResult(f.ResultCode):
    """Connect result."""

    ACCEPTED = f.ok(0, "connection accepted")
    REJECTED = 1, "connection refused, server full"


@feedback(
    0xEEBA0002,
    vendor="THIRD_PARTY_CMD_CONNECT_FEED_CODE",
    notes="Sense of set_kick_out: v1.1 request says 1 = may be kicked, v4.5 request says 0 = may be kicked and 1 = not, v4.5 feedback says 0 not / 1 kick. Undecidable from the library.",
)
class ConnectFeedback(Feedback):
    """Whether the control session was granted."""

    set_kick_out: int = f.u32(doc="kick-out flag echoed; documents contradict each other on its sense")
    connect_result: ConnectResult = f.enum(f.u32, ConnectResult, doc="0 accepted, 1 rejected")
    reserved = f.reserved(32)


@request(
    0xEEAB0002,
    effect=QUERY,
    echo={"set_kick_out": "set_kick_out"},
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_CONNECT_CODE",
    notes='Documents contradict each other on the polarity: v4.5 layout 0 = may be kicked, 1 = suggest not to kick; v4.5 function text: true = may be kicked out; v1.1: 1 = true "can be kicked". Library only maps true to 1. The brief introduction makes this the first message of a connection; the other two require login first.',
)
class Connect(Request[ConnectFeedback]):
    """Ask for the control session, and say whether this client may be kicked out of it."""

    set_kick_out: int = f.u32(
        values={0: "library argument false", 1: "library argument true"}, doc="kick-out flag of this session"
    )
    reserved = f.reserved(32)
