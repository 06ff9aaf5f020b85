"""Call a function of the cycler software with a BSON document."""

from __future__ import annotations

from typing import Any

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


@feedback(
    0x0BBCCD02,
    vendor="THIRD_PARTY_CUSTOM_CALLBACK_FEEDBACK",
    notes=(
        "Data is the response: Code {Code, Message, Type} and SignalValues, ResponseSignalValues "
        "or ErrorSignals. The vendor's client silently ignores an unknown SN and a document that "
        "does not parse, and shows an empty Type as null."
    ),
)
class CustomCallbackFeedback(Feedback):
    """Answer to a call, as a BSON document."""

    document: dict[str, Any] = f.bson(doc="Header {SN, maybe Type} and Data; SN is that of the request")


@request(
    0x0BBCCD01,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 5.0.0 release+",
    vendor="THIRD_PARTY_CUSTOM_CALLBACK",
    notes=(
        "The code has seven digits, 0x0BBCCD01. Header.SN counts the calls of a client from 1, "
        "Header.Type is the .NET name of the request's class, CyclerSN in Data is empty when "
        "unset. The feedback with the same SN ends the call; there is no deadline. Integers and "
        "enumerations were recorded as int64; take int32 too. The recorder had another version of "
        "the BSON writer than an installation has, so details may differ."
    ),
)
class CustomCallback(Request[CustomCallbackFeedback]):
    """Call a function of the cycler software with a BSON document."""

    document: dict[str, Any] = f.bson(doc="Header {SN, Type} and Data")
