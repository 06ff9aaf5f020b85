"""Call a function of the cycler software with a BSON document."""

from __future__ import annotations

from typing import Any

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


@feedback(
    0x0BBCCD02,
    vendor="THIRD_PARTY_CUSTOM_CALLBACK_FEEDBACK",
    notes="Body is one BSON document with Header.SN (int32, equal to the SN in the request frame 0x0BBCCD01) and Data (the response object: Code{Code,Message,Type} plus SignalValues | ResponseSignalValues | ErrorSignals). No event: it completes the task of the request. Unknown SN or invalid BSON is ignored silently. An empty Type text shows as null.",
)
class CustomCallbackFeedback(Feedback):
    """Answer to a call, as a BSON document."""

    document: dict[str, Any] = f.bson(
        doc="one BSON document: Header {SN int32 (Type string optional)}, Data {response object}; SN must equal the SN of the request frame (0x0BBCCD01)"
    )


@request(
    0x0BBCCD01,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 5.0.0 release+",
    vendor="THIRD_PARTY_CUSTOM_CALLBACK",
    notes="Note the code: 0x0BBCCD01 (a seven-digit constant), not 0xBBCCD01x. SN starts at 1 and grows by one per call on an ArbinClient. Type is the .NET request class name. The returned task completes when a feedback with the same SN arrives, or fails on disconnect; there is no timeout. Recorded with Newtonsoft.Json 6 in place of 12, so details of the encoding may differ in a genuine installation; here every integer was written as BSON int64 (type 0x12) and enum values as numbers; accept int32 as well. CyclerSN in Data is an empty string when unset.",
)
class CustomCallback(Request[CustomCallbackFeedback]):
    """Call a function of the cycler software with a BSON document."""

    document: dict[str, Any] = f.bson(doc="one BSON document: Header {SN, Type}, Data")
