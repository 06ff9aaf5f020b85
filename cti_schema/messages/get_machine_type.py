"""Ask what kind of machine this is."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


class MachineType(f.Code):
    """Kind of channels that the machine has."""

    IV = 1, "IV channels only", "IV"
    SPTT = 2, "SPTT only", "SPTT"
    ALL = 3, "both", "ALL"


class GetMachineResult(f.ResultCode):
    """Outcome of asking for the kind of machine."""

    SUCCESS = 0, "success", "CTI_GET_MACHINE_SUCCESS"
    ERROR = 16, "error", "CTI_GET_MACHINE_ERROR"


@feedback(0xBBA60001, vendor="THIRD_PARTY_CMD_GET_MACHINE_TYPE_FEEDBACK")
class GetMachineTypeFeedback(Feedback):
    """Kind of the machine."""

    machine_type: MachineType = f.enum(f.u32, MachineType, doc="kind of the machine")
    error: GetMachineResult = f.enum(f.u16, GetMachineResult, doc="outcome")
    reserved = f.reserved(30)


@request(
    0xBB6A0001,
    effect=QUERY,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_GET_MACHINE_TYPE",
)
class GetMachineType(Request[GetMachineTypeFeedback]):
    """Ask what kind of machine this is."""

    reserved = f.reserved(32)
