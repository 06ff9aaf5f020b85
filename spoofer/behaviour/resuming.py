"""Going on with tests: resume in all its forms, continue, jump, and what a client asks before it does so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from cti_schema.derive.defaults import default
from cti_schema.enums import ChannelCode, ResumeResult
from cti_schema.errors import ScenarioError
from cti_schema.message import Feedback
from cti_schema.messages import get_resume_data as resume_record
from cti_schema.messages import get_resume_data_by_meta_variables as resume_list_record
from cti_schema.messages import get_resume_data_vls as resume_vls_record
from cti_schema.messages import get_start_data as start_record
from cti_schema.messages.continue_schedule import ContinueResult, ContinueSchedule, ContinueScheduleFeedback
from cti_schema.messages.get_resume_data import GetResumeData, GetResumeDataFeedback
from cti_schema.messages.get_resume_data_by_meta_variables import (
    GetResumeDataByMetaVariables,
    GetResumeDataByMetaVariablesFeedback,
)
from cti_schema.messages.get_resume_data_vls import GetResumeDataVls, GetResumeDataVlsFeedback
from cti_schema.messages.get_start_data import GetStartData, GetStartDataFeedback
from cti_schema.messages.jump_channel import JumpChannel, JumpChannelFeedback, JumpResult
from cti_schema.messages.resume_by_meta_variables import (
    ResumeByMetaVariables,
    ResumeByMetaVariablesFeedback,
)
from cti_schema.messages.resume_schedule import ResumeSchedule, ResumeScheduleFeedback
from cti_schema.messages.resume_schedule_ex import ResumeScheduleEx
from cti_schema.messages.resume_schedule_ex_vls import ResumeScheduleExVls, ResumeScheduleExVlsFeedback
from spoofer.behaviour.counters import as_fields, as_lists, step_of, values_in, values_of, values_shown
from spoofer.behaviour.numbers import signed
from spoofer.device import Device
from spoofer.machine.channel import Channel
from spoofer.machine.resuming import Resume
from spoofer.replies import Session, refined, reply_to, single_bytes

#: Names of tests that are told to one who wants to start the next, and bytes of a step's label.
_MOST_NAMES: Final = 128
_LONGEST_LABEL: Final = 512

#: The first moment of a cycler's calendar; simulated time is counted from there, so that it is repeatable.
_CALENDAR: Final = datetime(2025, 1, 1)


# --- resume --------------------------------------------------------------------------------------


@reply_to(ResumeSchedule)
def resume_schedule(device: Device, session: Session, request: ResumeSchedule) -> Sequence[Feedback]:
    """Let the last test of one channel, or of all, go on."""

    def resume(index: int) -> ResumeResult:
        return device.resume(index) if session.may_control else ResumeResult.ERROR

    if request.resume_all:
        outcomes = list(enumerate(device.everywhere(resume)))
    else:
        outcomes = [(request.channel_index, resume(request.channel_index))]
    return [ResumeScheduleFeedback(channel_index=index, result=result) for index, result in outcomes]


def _resume(device: Device, session: Session, orders: Sequence[Resume]) -> list[dict[str, Any]]:
    """Let tests go on, and return the fields of each feedback; without a channel, of one that says so."""
    results = [ResumeResult.ERROR] * max(len(orders), 1)
    if session.may_control:
        results = device.resume_each(orders) or [ResumeResult.NO_GROUP_CHANNEL]
    indices = [signed(order.index) for order in orders] or [-1]
    return [
        {"channel_index": index, "result": result} for index, result in zip(indices, results, strict=True)
    ]


@reply_to(ResumeScheduleEx)
def resume_schedule_ex(device: Device, session: Session, request: ResumeScheduleEx) -> Sequence[Feedback]:
    """Let tests go on at a step, with counters and variables of their own."""
    orders = [
        Resume(one.channel_index, one.test_name, one.schedule_name, one.step_index, values_of(one))
        for one in request.channels
    ]
    return [ResumeScheduleFeedback(**outcome) for outcome in _resume(device, session, orders)]


def _by_lists(one: Any) -> Resume:
    """Return what a channel shall go on with that has lists of codes and values."""
    values = values_in(one.dword_values, one.qword_values)
    return Resume(one.channel_index, one.test_name, one.schedule_name, step_of(one.dword_values), values)


@reply_to(ResumeScheduleExVls)
def resume_schedule_ex_vls(
    device: Device, session: Session, request: ResumeScheduleExVls
) -> Sequence[Feedback]:
    """Let tests go on with the values of lists."""
    orders = [_by_lists(one) for one in request.channels]
    return [ResumeScheduleExVlsFeedback(**outcome) for outcome in _resume(device, session, orders)]


@reply_to(ResumeByMetaVariables)
def resume_by_meta_variables(
    device: Device, session: Session, request: ResumeByMetaVariables
) -> Sequence[Feedback]:
    """Let tests go on with the values of lists; the vendor's client does not know the feedback."""
    orders = [_by_lists(one) for one in request.channels]
    return [ResumeByMetaVariablesFeedback(**outcome) for outcome in _resume(device, session, orders)]


# --- continue and jump ---------------------------------------------------------------------------


@reply_to(ContinueSchedule)
def continue_schedule(device: Device, session: Session, request: ContinueSchedule) -> Sequence[Feedback]:
    """Let paused channels go on; one feedback for each channel listed."""

    def go_on(index: int) -> ContinueResult:
        return device.continue_(index) if session.may_control else ContinueResult.ERROR

    indices = request.channel_indices or [-1]
    return [ContinueScheduleFeedback(channel_index=index, result=go_on(index)) for index in indices]


@reply_to(JumpChannel)
def jump_channel(device: Device, session: Session, request: JumpChannel) -> Sequence[Feedback]:
    """Let a running test go on with another step.

    The number on the wire counts from 1: manual 1.2.0 says so of the library's method, which sends what it is
    given (recorded). Protocol v1.1, which counts from 0, is the older and less trusted source.
    """
    result = JumpResult.ERROR
    if session.may_control:
        result = device.jump(request.channel_index, request.step_index - 1)
    return [JumpChannelFeedback(channel_index=request.channel_index, result=result)]


# --- what a client asks before -------------------------------------------------------------------


def _labels(device: Device, channel: Channel) -> list[str]:
    """Return the labels of the steps of the schedule that is assigned; none if there is none."""
    name = channel.master.schedule_name
    try:
        schedule = device.library.find(name) if name else None
    except ScenarioError:
        return []
    return [] if schedule is None else [single_bytes(step.label)[:_LONGEST_LABEL] for step in schedule.steps]


@reply_to(GetStartData)
def get_start_data(device: Device, session: Session, request: GetStartData) -> Sequence[Feedback]:
    """Tell schedules, user variables, names of tests that were run, and labels of steps."""
    names = [single_bytes(name) for name in device.test_names[-_MOST_NAMES:]]
    channels = []
    for index in request.channel_indices:
        channel = device.channel(index)
        if channel is None:
            code = ChannelCode.TEST_NAME_QUERY_FAILED
            channels.append(default(start_record.Channel, channel_index=index, channel_code=code))
            continue
        (reading,) = device.readings([index])
        fields = as_fields(values_shown(channel.master, reading))
        variables = {name: value for name, value in fields.items() if name.startswith("mv_ud")}
        channels.append(
            refined(
                start_record.Channel,
                reading,
                channel_code=ChannelCode.OK,
                test_names=names,
                steps=_labels(device, channel),
                **variables,
            )
        )
    return [GetStartDataFeedback(channels=channels)]


def _resume_data(device: Device, index: int, *, lists: bool) -> tuple[object, dict[str, Any]]:
    """Return what a resume needs to know of a channel: an object with its texts, and the other fields.

    A channel that does not exist has no resume table; one without a test has no name of a test.
    """
    channel = device.channel(index)
    if channel is None:
        return None, {"channel_index": index, "channel_code": ChannelCode.RESUME_TABLE_FAILED}
    master = channel.master
    (reading,) = device.readings([index])
    values = values_shown(master, reading)
    step_index = 0 if master.run is None else master.run.step_index
    started = (_CALENDAR + timedelta(seconds=master.started_s)).isoformat(" ", "seconds")
    return reading, {
        "channel_code": ChannelCode.OK if master.test_name else ChannelCode.TEST_NAME_EMPTY,
        "creator": master.creator,
        "comment": master.comment,
        "start_time": started if master.test_name else "",
        "steps": _labels(device, channel),
        **(as_lists(values, step_index) if lists else as_fields(values)),
        **({"test_id": master.test_id} if lists else {}),
    }


@reply_to(GetResumeData)
def get_resume_data(device: Device, session: Session, request: GetResumeData) -> Sequence[Feedback]:
    """Tell what a resume needs to know."""
    channels = [
        refined(resume_record.Channel, texts, **fields)
        for texts, fields in (_resume_data(device, index, lists=False) for index in request.channel_indices)
    ]
    return [GetResumeDataFeedback(channels=channels)]


@reply_to(GetResumeDataByMetaVariables)
def get_resume_data_by_meta_variables(
    device: Device, session: Session, request: GetResumeDataByMetaVariables
) -> Sequence[Feedback]:
    """Tell the same as lists of codes and values."""
    channels = [
        refined(resume_list_record.Channel, texts, **fields)
        for texts, fields in (_resume_data(device, index, lists=True) for index in request.channel_indices)
    ]
    return [GetResumeDataByMetaVariablesFeedback(channels=channels)]


@reply_to(GetResumeDataVls)
def get_resume_data_vls(device: Device, session: Session, request: GetResumeDataVls) -> Sequence[Feedback]:
    """Tell the same with texts of any length."""
    channels = [
        refined(resume_vls_record.Channel, texts, **fields)
        for texts, fields in (_resume_data(device, index, lists=True) for index in request.channel_indices)
    ]
    return [GetResumeDataVlsFeedback(channels=channels)]
