"""Assigning, starting and stopping: one feedback for each channel that there is an outcome for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cti_schema.enums import StartResult
from cti_schema.message import Feedback
from cti_schema.messages.assign_schedule import AssignSchedule, AssignScheduleFeedback, AssignScheduleResult
from cti_schema.messages.start_schedule import StartSchedule, StartScheduleFeedback
from cti_schema.messages.start_schedule_advanced import (
    Channel,
    Failure,
    StartScheduleAdvanced,
    StartScheduleAdvancedFeedback,
)
from cti_schema.messages.start_schedule_ex import StartScheduleEx
from cti_schema.messages.start_schedule_ex_vls import StartScheduleExVls, StartScheduleExVlsFeedback
from cti_schema.messages.start_schedule_vls import StartScheduleVls, StartScheduleVlsFeedback
from cti_schema.messages.stop_schedule import StopResult, StopSchedule, StopScheduleFeedback
from spoofer.behaviour.counters import step_of
from spoofer.behaviour.numbers import signed
from spoofer.device import USER_VARIABLES, Device
from spoofer.machine.control import Start
from spoofer.machine.texts import kept
from spoofer.replies import Session, reply_to


@reply_to(AssignSchedule)
def assign_schedule(device: Device, session: Session, request: AssignSchedule) -> Sequence[Feedback]:
    """Assign a schedule to one channel, or to all. On a Pro 7 also what comes with it."""

    def assign(index: int) -> AssignScheduleResult:
        if not session.may_control:
            return AssignScheduleResult.ERROR
        result = device.assign(index, request.schedule_name)
        # Only Pro 7 uses what follows the schedule's name (rules.md, section 4).
        if result.is_success and device.personality.generation == "pro7":
            _assign_pro7(device, index, request)
        return result

    if request.assign_all:
        outcomes = list(enumerate(device.everywhere(assign)))
    else:
        outcomes = [(request.channel_index, assign(request.channel_index))]
    return [AssignScheduleFeedback(channel_index=index, result=result) for index, result in outcomes]


def _assign_pro7(device: Device, index: int, request: AssignSchedule) -> None:
    channel = device.channel(index)
    assert channel is not None
    channel.barcode = kept(request.barcode)
    values = (request.mv_ud1, request.mv_ud2, request.mv_ud3, request.mv_ud4)
    channel.variables.update(zip(USER_VARIABLES, values, strict=False))
    if request.capacity_ah > 0.0:
        channel.test_object.change({"nominal_capacity_ah": request.capacity_ah})


# --- starting ------------------------------------------------------------------------------------


def _start(device: Device, session: Session, orders: Sequence[Start]) -> list[dict[str, Any]]:
    """Start tests, and return the fields of each feedback; without a channel, of one that says so."""
    results = [StartResult.ERROR] * max(len(orders), 1)
    if session.may_control:
        results = device.start_each(orders) or [StartResult.NO_GROUP_CHANNEL]
    indices = [signed(order.index) for order in orders] or [-1]
    return [
        {"channel_index": index, "result": result} for index, result in zip(indices, results, strict=True)
    ]


@reply_to(StartSchedule)
def start_schedule(device: Device, session: Session, request: StartSchedule) -> Sequence[Feedback]:
    """Start a test on channels; one feedback for each channel listed."""
    orders = [Start(index, request.test_name) for index in request.channel_indices]
    return [StartScheduleFeedback(**outcome) for outcome in _start(device, session, orders)]


@reply_to(StartScheduleVls)
def start_schedule_vls(device: Device, session: Session, request: StartScheduleVls) -> Sequence[Feedback]:
    """Start a test whose name has any length; one feedback for each channel listed."""
    orders = [Start(index, request.test_name) for index in request.channel_indices]
    return [StartScheduleVlsFeedback(**outcome) for outcome in _start(device, session, orders)]


@reply_to(StartScheduleEx)
def start_schedule_ex(device: Device, session: Session, request: StartScheduleEx) -> Sequence[Feedback]:
    """Start tests with a schedule and a step each; counters and variables are not used (v4.5)."""
    orders = [
        Start(one.channel_index, one.test_name, one.schedule_name, one.step_index, one.creator, one.comment)
        for one in request.channels
    ]
    return [StartScheduleFeedback(**outcome) for outcome in _start(device, session, orders)]


@reply_to(StartScheduleExVls)
def start_schedule_ex_vls(
    device: Device, session: Session, request: StartScheduleExVls
) -> Sequence[Feedback]:
    """Start tests with a schedule and a step each; the rest is not used, as in the other form."""
    orders = [
        Start(
            one.channel_index,
            one.test_name,
            one.schedule_name,
            step_of(one.dword_values) or 0,
            kept(request.creator),
            kept(request.comment),
        )
        for one in request.channels
    ]
    return [StartScheduleExVlsFeedback(**outcome) for outcome in _start(device, session, orders)]


@reply_to(StartScheduleAdvanced)
def start_schedule_advanced(
    device: Device, session: Session, request: StartScheduleAdvanced
) -> Sequence[Feedback]:
    """Assign schedule, test object and barcode, and start; who does not start keeps what it had."""
    orders = [
        Start(one.channel_index, one.test_name or "", one.schedule_name or "") for one in request.channels
    ]
    results = [StartResult.ERROR] * len(orders)
    if session.may_control:
        results = device.start_each(orders)
    started, failed = [], []
    for one, result in zip(request.channels, results, strict=True):
        if result.is_success:
            started.append(one.channel_index)
            _connect_item(device, one)
        else:
            failed.append(
                Failure(channel_index=one.channel_index, start_result=result, message=result.meaning)
            )
    feedback = StartScheduleAdvancedFeedback(
        task_id=request.task_id, successful_channel_indices=started, failed_results=failed
    )
    return [feedback]


def _connect_item(device: Device, order: Channel) -> None:
    """Remember barcode and test object of a channel that was started; what is not given stays."""
    channel = device.channel(order.channel_index)
    assert channel is not None
    if order.barcode:
        channel.barcode = kept(order.barcode)
    if order.test_object is not None:
        values = {kind.name: value for kind, value in order.test_object.present()}
        if "auto_calculate_capacity" in values:
            values["auto_calculate"] = values.pop("auto_calculate_capacity")
        channel.test_object.change(values)


# --- stopping ------------------------------------------------------------------------------------


@reply_to(StopSchedule)
def stop_schedule(device: Device, session: Session, request: StopSchedule) -> Sequence[Feedback]:
    """Stop one channel, or all."""

    def stop(index: int) -> StopResult:
        return device.stop(index) if session.may_control else StopResult.ERROR

    if request.stop_all:
        outcomes = list(enumerate(device.everywhere(stop)))
    else:
        outcomes = [(signed(request.channel_index), stop(request.channel_index))]
    return [StopScheduleFeedback(channel_index=index, result=result) for index, result in outcomes]
