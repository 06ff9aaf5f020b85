"""Start the automatic calibration."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


class AutoCalibrationResult(f.ResultCode):
    """Auto calibration result."""

    SUCCESS = 1, "started", "CTI_AUTOCALI_START_SUCCESS"
    FAILED = 2, "not started", "CTI_AUTOCALI_START_FAILED"


@feedback(
    0xCD410001,
    vendor="THIRD_PARTY_CMD_AUTOCALI_START_FEED_BACK_CODE",
    notes="v1.1 values 0/1 contradict v4.5 and library values 1/2. v4.5 prints a wrong command code.",
)
class StartAutomaticCalibrationFeedback(Feedback):
    """Whether the calibration was started."""

    result: AutoCalibrationResult = f.enum(f.u32, AutoCalibrationResult)


@request(
    0xCD140001,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: TYMitsPro8_201909191+; MITS 10: no",
    vendor="THIRD_PARTY_CMD_AUTOCALI_START_CODE",
    notes="v4.5 layout comment gives code 0xCD130004; table and bytes 0xCD140001. The calibration window must be open.",
)
class StartAutomaticCalibration(Request[StartAutomaticCalibrationFeedback]):
    """Start the automatic calibration."""

    reserved = f.reserved(102)
