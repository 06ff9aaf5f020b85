"""Tests that begin at a step, go on with counters of their own, and what a client asks before that."""

from __future__ import annotations

from typing import Any

import pytest

from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.enums import ChannelCode, ChannelStatus, ResumeResult, StartResult
from cti_schema.enums import MetaVariableCode as Code
from cti_schema.message import Record
from cti_schema.messages import (
    resume_by_meta_variables,
    resume_schedule_ex,
    resume_schedule_ex_vls,
    start_schedule_ex,
    start_schedule_ex_vls,
)
from cti_schema.messages import start_schedule_advanced as advanced
from cti_schema.messages.get_resume_data import GetResumeData
from cti_schema.messages.get_resume_data_by_meta_variables import GetResumeDataByMetaVariables
from cti_schema.messages.get_resume_data_vls import GetResumeDataVls
from cti_schema.messages.get_start_data import GetStartData
from cti_schema.parts import DwordValue, QwordValue, ResumeCounters, UserVariables
from spoofer import Connection, Device, Schedule, Step
from spoofer.battery.schedule import Control
from spoofer.behaviour.counters import DWORDS, FIELDS, QWORDS
from tests.spoofer.helpers import Clock, ask, logged_in, one

S, R = StartResult, ResumeResult


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(clock: Clock) -> Device:
    long = Schedule("long", tuple(Step(f"S{number}", Control.REST) for number in range(201)))
    return Device(channels=4, clock=clock, schedules=[long])


@pytest.fixture
def connection(device: Device) -> Connection:
    return logged_in(device)


def results(connection: Connection, request: Any) -> list[tuple[int, Any]]:
    return [(one.channel_index, one.result) for one in ask(connection, request)]


# --- starting ------------------------------------------------------------------------------------


def start_ex(*orders: tuple[int, str, str, int]) -> Any:
    channels = [
        default(
            start_schedule_ex.Channel,
            channel_index=index,
            test_name=name,
            schedule_name=schedule,
            step_index=step,
            creator="ann",
            comment="first try",
            cycle=7,
            mv_ud1=3.0,
        )
        for index, name, schedule, step in orders
    ]
    return start_schedule_ex.StartScheduleEx(channels=channels)


def start_ex_vls(*orders: tuple[int, str, str, int]) -> Any:
    channels = [
        default(
            start_schedule_ex_vls.Channel,
            channel_index=index,
            test_name=name,
            schedule_name=schedule,
            dword_values=[
                DwordValue(meta_variable_code=Code.PV_CYCLE_INDEX, value=7),
                DwordValue(meta_variable_code=Code.PV_STEP_INDEX, value=step),
                DwordValue(meta_variable_code=Code.MV_UD1, value=3.0),
            ],
        )
        for index, name, schedule, step in orders
    ]
    return start_schedule_ex_vls.StartScheduleExVls(channels=channels, creator="ann", comment="first try")


@pytest.mark.parametrize("request_", [start_ex, start_ex_vls], ids=["fixed", "vls"])
def test_start_at_a_step(connection: Connection, device: Device, request_: Any) -> None:
    orders = [
        (0, "a", "one.sdx", 1),
        (1, "a", "two.sdx", 0),
        (2, "b", "", 0),
        (3, "a", "one.sdx", 4),
        (9, "a", "x", 0),
    ]
    assert results(connection, request_(*orders)) == [
        (0, S.SUCCESS),
        (1, S.SUCCESS),
        (2, S.NO_SCHEDULE_ASSIGNED),
        (3, S.GO_STEP),
        (9, S.INDEX),
    ]
    first, second, third, fourth = device.readings()
    # Only name, schedule and step are used (v4.5).
    assert (first.test_name, first.schedule_name, first.step_number, first.cycle) == ("a", "one.sdx", 2, 1)
    assert (second.test_name, second.schedule_name, second.step_number) == ("a", "two.sdx", 1)
    assert (first.status, second.status) == (ChannelStatus.CHARGE, ChannelStatus.REST)
    assert (third.test_name, fourth.test_name, fourth.schedule_name) == ("", "", "")
    channel = device.channel(0)
    assert channel is not None
    assert (channel.creator, channel.comment, channel.variables) == ("ann", "first try", {})
    assert results(connection, request_((2, "a", "one.sdx", 0), (3, "c", "long", 0))) == [
        (2, S.TEST_NAME_EXISTS),
        (3, S.STEP_NUMBER),
    ]
    assert results(connection, request_()) == [(-1, S.NO_GROUP_CHANNEL)]
    assert results(Connection(device), request_((2, "d", "one.sdx", 0))) == [(2, S.ERROR)]


def test_start_advanced(connection: Connection, device: Device) -> None:
    item = default(
        advanced.TestObject,
        nominal_capacity_ah=3.5,
        mass=50.0,
        specific_capacity=0.1,
        max_voltage_charge_v=4.1,
    )
    channels = [
        advanced.Channel(
            channel_index=0, test_name="a", schedule_name="x.sdx", barcode="B1", test_object=item
        ),
        advanced.Channel(channel_index=1, test_name="a", schedule_name=None, barcode=None, test_object=None),
        advanced.Channel(channel_index=-1, test_name="a", schedule_name="x", barcode="B", test_object=item),
    ]
    feedback = one(connection, advanced.StartScheduleAdvanced(task_id=2**40, channels=channels))
    assert (feedback.task_id, feedback.successful_channel_indices) == (2**40, [0])
    assert [(one.channel_index, one.start_result, one.message) for one in feedback.failed_results] == [
        (1, S.NO_SCHEDULE_ASSIGNED, "no schedule assigned to the channel"),
        (-1, S.INDEX, "channel index does not exist"),
    ]
    channel = device.channel(0)
    assert channel is not None
    assert (channel.test_name, channel.schedule_name, channel.barcode) == ("a", "x.sdx", "B1")
    assert (channel.test_object.nominal_capacity_ah, channel.test_object.max_voltage_charge_v) == (3.5, 4.1)
    again = default(advanced.TestObject, mass=50.0, specific_capacity=0.1, auto_calculate_capacity=True)
    order = advanced.Channel(channel_index=1, test_name="b", schedule_name="y", barcode="", test_object=again)
    assert one(connection, advanced.StartScheduleAdvanced(task_id=0, channels=[order])).failed_results == []
    channel = device.channel(1)
    assert channel is not None
    assert channel.test_object.nominal_capacity_ah == pytest.approx(5.0)
    (refused,) = one(
        Connection(device), advanced.StartScheduleAdvanced(task_id=0, channels=[order])
    ).failed_results
    assert refused.start_result is S.ERROR


# --- resuming ------------------------------------------------------------------------------------

#: Counters and variables that a resume brings; every one another number.
VALUES = {code: 1.0 + number for number, code in enumerate(FIELDS.values())} | {
    Code.PV_CYCLE_INDEX: 5,
    Code.PV_STEP_TIME: 12.0,
}


def resume_ex(name: str = "a", schedule: str = "any", step: int = 1, index: int = 1) -> Any:
    fields: dict[str, Any] = {field: VALUES[code] for field, code in FIELDS.items()}
    channel = resume_schedule_ex.Channel(
        channel_index=index, test_name=name, schedule_name=schedule, step_index=step, **fields
    )
    return resume_schedule_ex.ResumeScheduleEx(channels=[channel])


def _lists(step: int) -> dict[str, Any]:
    dwords = [
        DwordValue(meta_variable_code=Code.PV_CYCLE_INDEX, value=5),
        DwordValue(meta_variable_code=Code.PV_STEP_INDEX, value=step),
        *(DwordValue(meta_variable_code=code, value=VALUES.get(code, 99.0)) for code in DWORDS),
    ]
    qwords = [QwordValue(meta_variable_code=Code(code), value=VALUES[code]) for code in QWORDS]
    return {"dword_values": dwords, "qword_values": qwords}


def resume_ex_vls(name: str = "a", schedule: str = "any", step: int = 1, index: int = 1) -> Any:
    channel = default(
        resume_schedule_ex_vls.Channel,
        channel_index=index,
        test_name=name,
        schedule_name=schedule,
        **_lists(step),
    )
    return default(resume_schedule_ex_vls.ResumeScheduleExVls, channels=[channel])


def resume_by_values(name: str = "a", schedule: str = "any", step: int = 1, index: int = 1) -> Any:
    channel = default(
        resume_by_meta_variables.Channel,
        channel_index=index,
        test_name=name,
        schedule_name=schedule,
        **_lists(step),
    )
    return resume_by_meta_variables.ResumeByMetaVariables(channels=[channel])


FORMS = pytest.mark.parametrize(
    "form", [resume_ex, resume_ex_vls, resume_by_values], ids=["fixed", "vls", "values"]
)


@FORMS
def test_resume_with_counters(connection: Connection, device: Device, clock: Clock, form: Any) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    clock.now += 50.0
    assert results(connection, form()) == [(1, R.CHANNEL_RUNNING)]
    device.stop(1)
    assert results(connection, form(name="b")) == [(1, R.NO_TEST_NAME)]
    assert results(connection, form(schedule="other")) == [(1, R.NO_TEST_NAME)]
    assert results(connection, form(step=4)) == [(1, R.STEP_NUMBER)]
    assert results(connection, form(index=9)) == [(9, R.INDEX)]
    assert results(Connection(device), form()) == [(1, R.ERROR)]
    assert results(connection, form()) == [(1, R.SUCCESS)]
    (reading,) = device.readings([1])
    assert (reading.status, reading.step_number, reading.cycle) == (ChannelStatus.CHARGE, 2, 5)
    for field in ("test_time_s", "step_time_s", "charge_capacity_ah", "discharge_energy_wh"):
        assert getattr(reading, field) == VALUES[FIELDS[field]]
    channel = device.channel(1)
    assert channel is not None
    assert channel.variables == {
        code: VALUES[code] for name, code in FIELDS.items() if name.startswith("mv_ud")
    }
    assert channel.counters[Code.TC_TIMER1] == VALUES[Code.TC_TIMER1]
    # What was brought is what is told.
    (told,) = one(connection, GetResumeData(channel_indices=[1])).channels
    assert {name: getattr(told, name) for name in FIELDS} == {
        name: VALUES[code] for name, code in FIELDS.items()
    }


@FORMS
def test_a_finished_test_goes_on_at_a_step(
    connection: Connection, device: Device, clock: Clock, form: Any
) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    clock.now += 100_000.0
    assert results(connection, form(step=0)) == [(1, R.SUCCESS)]
    assert device.readings([1])[0].step_number == 1


def test_numbers_that_make_no_sense_are_left_out(connection: Connection, device: Device) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    device.stop(1)
    request = resume_ex()
    channel = request.channels[0]
    channel.test_time_s, channel.charge_capacity_ah, channel.charge_energy_wh = float("nan"), 1e300, -1.0
    channel.cycle, channel.mv_ud1 = 0, float("inf")
    assert results(connection, request) == [(1, R.SUCCESS)]
    (reading,) = device.readings([1])
    assert (reading.test_time_s, reading.charge_capacity_ah, reading.charge_energy_wh) == (0.0, 0.0, 0.0)
    assert reading.cycle == 1
    variables = device.channel(1).variables  # type: ignore[union-attr]
    assert 52 not in variables


def test_resume_without_channels(connection: Connection) -> None:
    for form in (resume_ex, resume_ex_vls, resume_by_values):
        request = form()
        request.channels = []
        assert results(connection, request) == [(-1, R.NO_GROUP_CHANNEL)]


# --- before that ---------------------------------------------------------------------------------


def test_start_data(connection: Connection, device: Device) -> None:
    device.assign(0, "any")
    device.start([0], "früh Ω")
    device.set_variable(0, 52, 1.5)
    first, second, third = one(connection, GetStartData(channel_indices=[0, 2, 9])).channels
    assert (first.channel_index, first.channel_code, first.schedule_name) == (0, ChannelCode.OK, "any")
    assert (first.mv_ud1, first.mv_ud16) == (1.5, 0.0)
    assert first.steps == ["Rest_A", "Charge", "Rest_B", "Discharge"]
    # These names are of single bytes.
    assert first.test_names == second.test_names == ["früh ?"]
    assert (second.channel_code, second.schedule_name, second.steps) == (ChannelCode.OK, "", [])
    assert (third.channel_index, third.channel_code) == (9, ChannelCode.TEST_NAME_QUERY_FAILED)
    for number in range(200):
        device.stop(0)
        device.start([0], str(number))
    (first,) = one(connection, GetStartData(channel_indices=[0])).channels
    assert first.test_names == [str(number) for number in range(72, 200)]


@pytest.mark.parametrize("request_", [GetResumeData, GetResumeDataByMetaVariables, GetResumeDataVls])
def test_resume_data(connection: Connection, device: Device, clock: Clock, request_: Any) -> None:
    clock.now += 60.0
    one(connection, start_ex_vls((0, "a", "x.sdx", 0)))
    clock.now += 110.0
    first, second, third = one(connection, request_(channel_indices=[0, 2, 9])).channels
    (reading,) = device.readings([0])
    assert (first.channel_index, first.channel_code) == (0, ChannelCode.OK)
    assert (first.test_name, first.schedule_name) == ("a", "x.sdx")
    assert (first.creator, first.comment) == ("ann", "first try")
    assert first.start_time == "2025-01-01 00:01:00"
    assert first.steps == ["Rest_A", "Charge", "Rest_B", "Discharge"]
    assert (second.channel_code, second.test_name, second.start_time) == (ChannelCode.TEST_NAME_EMPTY, "", "")
    assert (third.channel_index, third.channel_code) == (9, ChannelCode.RESUME_TABLE_FAILED)
    if request_ is GetResumeData:
        assert (first.cycle, first.test_time_s, first.step_time_s) == (1, 110.0, 100.0)
        assert first.charge_energy_wh == reading.charge_energy_wh
        return
    assert (first.test_id, second.test_id) == (1, 0)
    dwords = {int(one.meta_variable_code): one.value for one in first.dword_values}
    qwords = {int(one.meta_variable_code): one.value for one in first.qword_values}
    # As many as the vendor's library sends; cycle and step are integers, the step counts from 0.
    assert (len(first.dword_values), len(first.qword_values)) == (26, 20)
    assert (dwords[2], dwords[1]) == (1, 1)
    assert (qwords[4], qwords[3], qwords[25]) == (110.0, 100.0, reading.charge_energy_wh)


def test_resume_data_can_be_sent_back(connection: Connection, device: Device, clock: Clock) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    device.set_variable(1, 53, 4.5)
    clock.now += 110.0
    device.stop(1)
    before = device.readings([1])[0]
    (told,) = one(connection, GetResumeDataByMetaVariables(channel_indices=[1])).channels
    values = {name: getattr(told, name) for name in ("test_name", "schedule_name", "test_id")}
    channel = resume_by_meta_variables.Channel(
        channel_index=1, dword_values=told.dword_values, qword_values=told.qword_values, **values
    )
    request = resume_by_meta_variables.ResumeByMetaVariables(channels=[channel])
    assert results(connection, request) == [(1, R.SUCCESS)]
    after = device.readings([1])[0]
    for name in (
        "step_number",
        "cycle",
        "test_time_s",
        "step_time_s",
        "charge_capacity_ah",
        "charge_energy_wh",
    ):
        assert getattr(after, name) == getattr(before, name), name


def test_counters_are_all_there_are() -> None:
    parts: tuple[type, ...] = (ResumeCounters, UserVariables)
    assert set(FIELDS) == {name for part in parts for name in part.__annotations__}
    assert not [code for code in DWORDS if code in QWORDS]


def test_the_frame_of_an_answer_is_full_size(connection: Connection) -> None:
    """All of these have 128 bytes: the vendor's structures with their reserved bytes."""
    requests: list[Record] = [
        start_ex((0, "a", "", 0)),
        start_ex_vls((0, "a", "", 0)),
        resume_ex(),
        resume_by_values(),
    ]
    for request in requests:
        assert len(connection.receive(encode(request))) == 128  # type: ignore[arg-type]
