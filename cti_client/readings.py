"""What a call returns about a channel: a reading, or the outcome of a command. Channels count from 1 here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cti_client.channels import channel_of
from cti_schema.enumerations import Code
from cti_schema.enums import ChannelStatus
from cti_schema.errors import CTIError, ResultError
from cti_schema.message import Feedback, Record, Request

__all__ = ["Outcome", "Reading", "readings_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """State and measured values of one channel.

    The values are the same whatever variant of the feedback brought them. A number that the variant does
    not have is NaN, a text is empty.

    Attributes:
        channel: number of the channel, from 1.
        status: what the channel does.
        comm_failure: the cycler cannot reach the channel's controller.
        master_channel: first channel of a group in parallel, from 1; the channel itself without one.
        raw: the record as it came, with auxiliary values and those of the CAN BMS and the SMB.
    """

    channel: int
    status: ChannelStatus
    comm_failure: bool = False
    master_channel: int = 0
    schedule_name: str = ""
    test_name: str = ""
    step_and_cycle: str = ""
    exit_condition: str = ""
    barcode: str = ""
    can_config_name: str = ""
    smb_config_name: str = ""
    test_time_s: float = math.nan
    step_time_s: float = math.nan
    voltage_v: float = math.nan
    current_a: float = math.nan
    power_w: float = math.nan
    charge_capacity_ah: float = math.nan
    discharge_capacity_ah: float = math.nan
    charge_energy_wh: float = math.nan
    discharge_energy_wh: float = math.nan
    internal_resistance_ohm: float = math.nan
    dv_dt_v_per_s: float = math.nan
    acr_ohm: float = math.nan
    aci_ohm: float = math.nan
    aci_phase_deg: float = math.nan
    raw: Record = field(repr=False, compare=False)

    @property
    def temperature_t1_degc(self) -> float:
        """The first auxiliary temperature."""
        measured: Any = getattr(self.raw, "aux_temperature", None)
        return float(getattr(measured[0], "value", measured[0])) if measured else math.nan


_SAME_NAME = tuple(
    name
    for name in Reading.__dataclass_fields__
    if name not in ("channel", "status", "comm_failure", "master_channel", "raw")
)


def _reading(record: Any) -> Reading:
    channel = channel_of(record.channel_index)
    values = {name: value for name in _SAME_NAME if (value := getattr(record, name, None)) is not None}
    return Reading(
        channel=channel,
        status=getattr(record, "status", ChannelStatus.IDLE),
        comm_failure=bool(getattr(record, "comm_failure", False)),
        master_channel=getattr(record, "master_channel", channel - 1) + 1,
        raw=record,
        **values,
    )


def readings_of(feedbacks: Iterable[Any]) -> dict[int, Reading]:
    """Return the readings in feedbacks that list channels, by channel, sorted."""
    found = (_reading(record) for feedback in feedbacks for record in feedback.channels)
    return {reading.channel: reading for reading in sorted(found, key=lambda reading: reading.channel)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did on one channel.

    Attributes:
        channel: number of the channel, from 1.
        result: the result code; it has a ``meaning``. ``None`` where no answer came.
        request: what was sent.
        feedback: what came back, or ``None``.
        error: why no answer came, or ``None``. With `cti_schema.errors.OutcomeUnknown` the command may have
            taken effect all the same.
    """

    channel: int
    result: Code | None
    request: Request[Any] = field(repr=False)
    feedback: Feedback | None = field(default=None, repr=False)
    error: CTIError | None = None

    @property
    def ok(self) -> bool:
        """Whether the command succeeded on the channel."""
        return self.result is not None and self.result.is_success

    @property
    def meaning(self) -> str:
        """What the result code means, or why there is none."""
        return str(self.error) if self.result is None else self.result.meaning

    def check(self) -> None:
        """Do nothing if the command succeeded.

        Raises:
            CTIError: it did not: `cti_schema.errors.ResultError` for a result that is not success, else why
                no answer came.
        """
        if self.error is not None:
            raise self.error
        if not self.ok:
            assert self.result is not None
            assert self.feedback is not None
            raise refused(self.request, self.feedback, self.result, self.channel)


def refused(request: Request[Any], feedback: Feedback, result: Code, channel: int | None) -> ResultError:
    """Return the error for a result that is not success."""
    where = "" if channel is None else f"channel {channel}: "
    return ResultError(
        f"{where}{request.spec.name} was refused: {result.meaning} (result {result.value}, {result.label})",
        request=request,
        feedback=feedback,
        result=result,
        channel=channel,
    )
