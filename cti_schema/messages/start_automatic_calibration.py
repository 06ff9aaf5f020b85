"""Start the automatic calibration."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


class AutoCalibrationResult(f.ResultCode):
    """Whether the calibration was started."""

    SUCCESS = 1, "started", "CTI_AUTOCALI_START_SUCCESS"
    FAILED = 2, "not started", "CTI_AUTOCALI_START_FAILED"


@feedback(
    0xCD410001,
    vendor="THIRD_PARTY_CMD_AUTOCALI_START_FEED_BACK_CODE",
    notes=(
        "The values are 0 and 1 in v1.1, 1 and 2 in v4.5 and the library. v4.5 prints a wrong "
        "code at the layout."
    ),
)
class StartAutomaticCalibrationFeedback(Feedback):
    """Whether the calibration was started."""

    result: AutoCalibrationResult = f.enum(f.u32, AutoCalibrationResult, doc="outcome")


@request(
    0xCD140001,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: TYMitsPro8_201909191+; MITS 10: no",
    vendor="THIRD_PARTY_CMD_AUTOCALI_START_CODE",
    notes=(
        "The calibration window must be open. v4.5 prints the code 0xCD130004 at the layout; its "
        "table and the bytes have 0xCD140001."
    ),
)
class StartAutomaticCalibration(Request[StartAutomaticCalibrationFeedback]):
    """Start the automatic calibration."""

    reserved = f.reserved(102)
