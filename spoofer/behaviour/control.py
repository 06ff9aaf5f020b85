"""Controlling channels: assign, start, stop, resume, continue, jump, set.

What has as many outcomes as channels is answered by as many feedbacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cti_schema.enums import CtiVersion, ResumeResult, StartResult
from cti_schema.message import Feedback
from cti_schema.messages.assign_schedule import AssignSchedule, AssignScheduleFeedback, AssignScheduleResult
from cti_schema.messages.continue_schedule import ContinueResult, ContinueSchedule, ContinueScheduleFeedback
from cti_schema.messages.jump_channel import JumpChannel, JumpChannelFeedback, JumpResult
from cti_schema.messages.resume_schedule import ResumeSchedule, ResumeScheduleFeedback
from cti_schema.messages.set_meta_variable import SetMetaVariable, SetMetaVariableFeedback, SetMvResult
from cti_schema.messages.start_schedule import StartSchedule, StartScheduleFeedback
from cti_schema.messages.start_schedule_vls import StartScheduleVls, StartScheduleVlsFeedback
from cti_schema.messages.stop_schedule import StopResult, StopSchedule, StopScheduleFeedback
from spoofer.device import USER_VARIABLES, Device
from spoofer.replies import Session, reply_to


def signed(index: int) -> int:
    """Return an index as a 32-bit field with a sign holds it; source: feedbacks have i32, requests u32."""
    return (index + 2**31) % 2**32 - 2**31


@reply_to(AssignSchedule)
def assign_schedule(device: Device, session: Session, request: AssignSchedule) -> Sequence[Feedback]:
    """Assign a schedule to one channel, or to all. On a Pro 7 also barcode and user variables 1 to 4."""
    indices = range(device.channel_count) if request.assign_all else [request.channel_index]
    feedbacks = []
    for index in indices:
        result = AssignScheduleResult.ERROR
        if session.may_control:
            result = device.assign(index, request.schedule_name)
            if result.is_success and device.version in _PRO7:
                _assign_pro7(device, index, request)
        feedbacks.append(AssignScheduleFeedback(channel_index=index, result=result))
    return feedbacks


#: Only Pro 7 uses what follows the schedule's name (rules.md, section 4).
_PRO7: Final = (CtiVersion.CTI_PRO7, CtiVersion.PRO7_MVUD, CtiVersion.TY_PRO7_2, CtiVersion.TY_PRO7_3)


def _assign_pro7(device: Device, index: int, request: AssignSchedule) -> None:
    channel = device.channel(index)
    assert channel is not None
    channel.barcode = request.barcode
    values = (request.mv_ud1, request.mv_ud2, request.mv_ud3, request.mv_ud4)
    channel.variables.update(zip(USER_VARIABLES, values, strict=False))


def _start(device: Device, session: Session, indices: list[int], test_name: str) -> list[dict[str, Any]]:
    """Start a test, and return the fields of each feedback."""
    if not session.may_control:
        results = [StartResult.ERROR] * len(indices)
    else:
        results = device.start(indices, test_name)
    pairs = list(zip(indices, results, strict=True)) or [(-1, StartResult.NO_GROUP_CHANNEL)]
    return [{"channel_index": index, "result": result} for index, result in pairs]


@reply_to(StartSchedule)
def start_schedule(device: Device, session: Session, request: StartSchedule) -> Sequence[Feedback]:
    """Start a test on channels; one feedback for each channel listed."""
    outcomes = _start(device, session, request.channel_indices, request.test_name)
    return [StartScheduleFeedback(**outcome) for outcome in outcomes]


@reply_to(StartScheduleVls)
def start_schedule_vls(device: Device, session: Session, request: StartScheduleVls) -> Sequence[Feedback]:
    """Start a test whose name has any length; one feedback for each channel listed."""
    outcomes = _start(device, session, request.channel_indices, request.test_name)
    return [StartScheduleVlsFeedback(**outcome) for outcome in outcomes]


@reply_to(StopSchedule)
def stop_schedule(device: Device, session: Session, request: StopSchedule) -> Sequence[Feedback]:
    """Stop one channel, or all."""
    indices = range(device.channel_count) if request.stop_all else [request.channel_index]
    return [
        StopScheduleFeedback(
            channel_index=signed(index),
            result=device.stop(index) if session.may_control else StopResult.ERROR,
        )
        for index in indices
    ]


@reply_to(ResumeSchedule)
def resume_schedule(device: Device, session: Session, request: ResumeSchedule) -> Sequence[Feedback]:
    """Let the last test of one channel, or of all, go on."""
    indices = range(device.channel_count) if request.resume_all else [request.channel_index]
    return [
        ResumeScheduleFeedback(
            channel_index=index,
            result=device.resume(index) if session.may_control else ResumeResult.ERROR,
        )
        for index in indices
    ]


@reply_to(ContinueSchedule)
def continue_schedule(device: Device, session: Session, request: ContinueSchedule) -> Sequence[Feedback]:
    """Let paused channels go on; one feedback for each channel listed."""
    return [
        ContinueScheduleFeedback(
            channel_index=index,
            result=device.continue_(index) if session.may_control else ContinueResult.ERROR,
        )
        for index in request.channel_indices
    ] or [ContinueScheduleFeedback(channel_index=-1, result=ContinueResult.INDEX)]


@reply_to(JumpChannel)
def jump_channel(device: Device, session: Session, request: JumpChannel) -> Sequence[Feedback]:
    """Let a running test go on with another step."""
    result = JumpResult.ERROR
    if session.may_control:
        result = device.jump(request.channel_index, request.step_index)
    return [JumpChannelFeedback(channel_index=request.channel_index, result=result)]


@reply_to(SetMetaVariable)
def set_meta_variable(device: Device, session: Session, request: SetMetaVariable) -> Sequence[Feedback]:
    """Set a user variable. The protocol takes the types 1 and 1 alone; its results have no missing right."""
    result = SetMvResult.FAILED
    if session.may_control and request.meta_variable_type == 1 and request.value_type == 1:
        result = device.set_variable(request.channel_index, request.meta_variable_code, request.value)
    return [SetMetaVariableFeedback(channel_index=signed(request.channel_index), result=result)]
