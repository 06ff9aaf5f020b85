"""Ask for the version of the cycler software."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


@feedback(
    0xBBCC0001,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 3.0.0+",
    vendor="THIRD_PARTY_GET_SERVER_SOFTWARE_VERSION_NUMBER_FEEDBACK",
    notes="Request and feedback share one code.",
)
class GetServerSoftwareVersionFeedback(Feedback):
    """Version of the cycler software as a text."""

    version_length = f.length(f.u32, unit="byte", doc="length of the text")
    reserved = f.reserved(32)
    version: str = f.latin1_counted(version_length, doc="version of the software")


@request(
    0xBBCC0001,
    effect=QUERY,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 3.0.0+",
    vendor="THIRD_PARTY_GET_SERVER_SOFTWARE_VERSION_NUMBER",
    notes="Request and feedback share one code.",
)
class GetServerSoftwareVersion(Request[GetServerSoftwareVersionFeedback]):
    """Ask for the version of the cycler software."""

    reserved = f.reserved(32)
