"""A charge as a client sees it, judged by its physics; and any schedule, by what must not be lost."""

from __future__ import annotations

import math
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_schema import FrameBuffer, Message, decode, encode
from cti_schema.enums import ChannelStatus, MetaVariableCode
from cti_schema.messages.assign_schedule import AssignSchedule
from cti_schema.messages.continue_schedule import ContinueSchedule
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.login import Login
from cti_schema.messages.set_meta_variable import SetMetaVariable
from cti_schema.messages.start_schedule import StartSchedule
from spoofer import Device, running
from spoofer.battery.cell import Cell, CellParameters, open_circuit_integral
from spoofer.battery.run import Run
from spoofer.battery.schedule import Control, Schedule, Step
from tests.effort import times
from tests.spoofer.helpers import Clock, logged_in, one

Ask = Callable[[Message], Any]

#: Seconds of the clock between two readings; at 1,000x speed ten seconds of the test.
POLL_S = 0.01


# --- the default charge through the protocol -------------------------------------------------


def whole_test(ask: Ask, clock: Clock) -> list[Any]:
    """Return what a client reads of a whole test with the default schedule, ten seconds apart."""
    assert ask(AssignSchedule(channel_index=0, schedule_name="formation.sdx")).result.is_success
    assert ask(StartSchedule(test_name="a charge", channel_indices=[0])).result.is_success
    readings: list[Any] = []
    while not readings or readings[-1].status is not ChannelStatus.FINISHED:
        (reading,) = ask(GetChannelsInfo(channel_index=0)).channels
        readings.append(reading)
        clock.now += POLL_S
    return readings


@pytest.fixture(scope="module", params=["memory", "socket"])
def readings(request: pytest.FixtureRequest) -> Iterator[list[Any]]:
    """The readings of one test, by both ways to the same device."""
    clock = Clock()
    device = Device(channels=1, clock=clock, speed=1000.0)
    if request.param == "memory":
        connection = logged_in(device)
        yield whole_test(lambda message: one(connection, message), clock)
        return
    with running(device) as there, socket.create_connection((there.host, there.port), timeout=30.0) as client:
        buffer = FrameBuffer("feedback")

        def ask(message: Message) -> Any:
            client.sendall(encode(message))
            frames: list[Any] = []
            while not frames:
                data = client.recv(65536)
                assert data, "the spoofer has closed the connection"
                frames = buffer.feed(data)
            (frame,) = frames
            return decode(frame, "feedback")

        assert ask(Login(username="someone", password="secret")).result.is_success
        yield whole_test(ask, clock)


def steps(readings: list[Any], number: int) -> list[Any]:
    """Return the readings of a one-based step."""
    return [reading for reading in readings if f" {number}: " in reading.step_and_cycle]


def integral(readings: list[Any], value: Callable[[Any], float]) -> float:
    """Return the integral of a value over the time of the test, in hours."""
    return math.fsum(
        (value(a) + value(b)) / 2.0 * (b.test_time_s - a.test_time_s) / 3600.0 for a, b in pairwise(readings)
    )


def test_the_test_has_its_steps_in_their_order(readings: list[Any]) -> None:
    texts = list(dict.fromkeys(reading.step_and_cycle for reading in readings))
    assert texts == [
        "[1] 1: Rest_A, Rest",
        "[1] 2: Charge, CCCV",
        "[1] 3: Rest_B, Rest",
        "[1] 4: Discharge, Current(A)",
    ]
    assert [len(steps(readings, number)) > 100 for number in (2, 4)] == [True, True]
    assert readings[-1].exit_condition == "Finished"
    statuses = [{reading.status for reading in steps(readings[:-1], number)} for number in (1, 2, 3, 4)]
    assert statuses == [
        {ChannelStatus.REST},
        {ChannelStatus.CHARGE},
        {ChannelStatus.REST},
        {ChannelStatus.DISCHARGE},
    ]


def test_capacity_is_the_integral_of_current(readings: list[Any]) -> None:
    charge = steps(readings, 2)
    grown = charge[-1].charge_capacity_ah - charge[0].charge_capacity_ah
    assert grown > 1.5
    assert grown == pytest.approx(integral(charge, lambda reading: reading.current_a), rel=1e-4)
    discharge = steps(readings[:-1], 4)
    grown = discharge[-1].discharge_capacity_ah - discharge[0].discharge_capacity_ah
    assert grown > 2.0
    assert grown == pytest.approx(-integral(discharge, lambda reading: reading.current_a), rel=1e-4)


def test_energy_is_the_integral_of_voltage_times_current(readings: list[Any]) -> None:
    charge = steps(readings, 2)
    grown = charge[-1].charge_energy_wh - charge[0].charge_energy_wh
    assert grown == pytest.approx(
        integral(charge, lambda reading: reading.voltage_v * reading.current_a), rel=1e-4
    )
    discharge = steps(readings[:-1], 4)
    grown = discharge[-1].discharge_energy_wh - discharge[0].discharge_energy_wh
    assert grown == pytest.approx(
        -integral(discharge, lambda reading: reading.voltage_v * reading.current_a), rel=1e-4
    )


def test_voltage_rises_while_the_current_is_constant(readings: list[Any]) -> None:
    constant = [reading for reading in steps(readings, 2) if reading.voltage_v < 4.1999]
    assert len(constant) > 100
    assert {reading.current_a for reading in constant} == {1.25}
    assert all(a.voltage_v < b.voltage_v for a, b in pairwise(constant))
    falling = steps(readings[:-1], 4)
    assert {reading.current_a for reading in falling} == {-1.25}
    assert all(a.voltage_v > b.voltage_v for a, b in pairwise(falling))


def test_current_falls_while_the_voltage_is_held(readings: list[Any]) -> None:
    held = [reading for reading in steps(readings, 2) if reading.voltage_v >= 4.1999]
    assert len(held) > 30
    assert all(reading.voltage_v == pytest.approx(4.2, abs=1e-6) for reading in held)
    assert all(a.current_a > b.current_a > 0.0 for a, b in pairwise(held))


def test_each_step_ends_where_its_condition_is_met(readings: list[Any]) -> None:
    charge = steps(readings, 2)
    # The last reading of the charge is less than one poll away from C/20, and none is below it.
    falls = charge[-2].current_a - charge[-1].current_a
    assert 0.125 < charge[-1].current_a < 0.125 + falls
    assert charge[0].step_time_s < 10.0
    rest = steps(readings, 3)
    assert 590.0 < rest[-1].step_time_s <= 600.0
    falling = steps(readings[:-1], 4)
    assert 2.8 < falling[-1].voltage_v < 2.8 + 1.5 * (falling[-2].voltage_v - falling[-1].voltage_v)
    # The rest behind the charge begins with the drop over the series resistance, and relaxes.
    assert rest[0].voltage_v < 4.2
    assert all(a.voltage_v >= b.voltage_v for a, b in pairwise(rest))


def test_time_and_heat(readings: list[Any]) -> None:
    for a, b in pairwise(readings[:-1]):
        assert b.test_time_s - a.test_time_s == pytest.approx(10.0, abs=1e-3)
    warm = steps(readings, 2)
    assert max(reading.power_w for reading in warm) == pytest.approx(4.2 * 1.25, abs=1e-3)


# --- a loop that is closed by a client --------------------------------------------------------


def test_a_client_sets_the_current_ten_times_a_second() -> None:
    """The current falls with the voltage: the client reads, works out a current, and sets the variable."""
    steps_ = (
        Step("Loop", Control.CCCV, MetaVariableCode.MV_UD1, voltage_v=4.2),
        Step("Rest", Control.REST),
    )
    clock = Clock()
    device = Device(channels=1, clock=clock, schedules=[Schedule("loop.sdx", steps_)], speed=100.0)
    connection = logged_in(device)
    assert one(connection, AssignSchedule(channel_index=0, schedule_name="loop.sdx")).result.is_success
    assert one(connection, StartSchedule(test_name="loop", channel_indices=[0])).result.is_success
    expected_ah, set_a, seen = 0.0, 0.0, []
    for _ in range(600):
        (reading,) = one(connection, GetChannelsInfo(channel_index=0)).channels
        assert reading.current_a == pytest.approx(set_a, abs=1e-6)
        assert reading.charge_capacity_ah == pytest.approx(expected_ah, rel=1e-6)
        seen.append(reading)
        set_a = 2.5 * (4.15 - reading.voltage_v)
        set_ = SetMetaVariable(
            channel_index=0,
            meta_variable_type=1,
            meta_variable_code=MetaVariableCode.MV_UD1,
            value_type=1,
            value=set_a,
        )
        assert one(connection, set_).result.is_success
        clock.now += 0.1
        expected_ah += set_a * 10.0 / 3600.0
    assert seen[1].current_a > 1.0 > seen[-1].current_a > 0.0
    assert seen[-1].voltage_v < 4.15


def test_a_pause_step_waits_for_a_continue() -> None:
    steps_ = (
        Step("Charge", Control.CURRENT, 1.0, max_time_s=100.0),
        Step("Look", Control.PAUSE),
        Step("Discharge", Control.CURRENT, -1.0, max_time_s=100.0),
    )
    clock = Clock()
    device = Device(channels=1, clock=clock, schedules=[Schedule("p.sdx", steps_)], speed=10.0)
    connection = logged_in(device)
    one(connection, AssignSchedule(channel_index=0, schedule_name="p.sdx"))
    one(connection, StartSchedule(test_name="p", channel_indices=[0]))
    clock.now += 50.0
    (reading,) = one(connection, GetChannelsInfo(channel_index=0)).channels
    assert (reading.status, reading.current_a) == (ChannelStatus.PAUSE, 0.0)
    assert reading.test_time_s == pytest.approx(100.0)
    assert reading.step_and_cycle == "[1] 2: Look, Pause"
    assert one(connection, ContinueSchedule(channel_indices=[0])).result.is_success
    clock.now += 5.0
    (reading,) = one(connection, GetChannelsInfo(channel_index=0)).channels
    assert (reading.status, reading.current_a) == (ChannelStatus.DISCHARGE, -1.0)
    assert reading.test_time_s == pytest.approx(150.0)


# --- any schedule -----------------------------------------------------------------------------

CELL = CellParameters()
some_time = st.floats(0.0, 20_000.0)
some_current = st.floats(-6.0, 6.0) | st.just(MetaVariableCode.MV_UD1)
limits = st.fixed_dictionaries(
    {"max_time_s": some_time},
    optional={
        "max_temperature_degc": st.floats(20.0, 45.0),
        "end_capacity_ah": st.floats(0.0, 3.0),
        "end_energy_wh": st.floats(0.0, 10.0),
    },
)
end_voltage = st.fixed_dictionaries({}, optional={"end_voltage_v": st.floats(2.5, 4.3)})
end_current = st.fixed_dictionaries({}, optional={"end_current_a": st.floats(0.0, 2.0)})


def step(control: Control, *parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Step]:
    """Return steps of a control with the values of all parts."""
    return st.tuples(*parts).map(
        lambda found: Step(label="", control=control, **{key: v for part in found for key, v in part.items()})
    )


any_step = st.one_of(
    step(Control.REST, st.fixed_dictionaries({"max_time_s": some_time})),
    step(Control.CURRENT, st.fixed_dictionaries({"current_a": some_current}), limits, end_voltage),
    step(
        Control.CCCV,
        st.fixed_dictionaries({"current_a": some_current, "voltage_v": st.floats(2.7, 4.3)}),
        limits,
        end_current,
    ),
    step(
        Control.VOLTAGE,
        st.fixed_dictionaries(
            {"voltage_v": st.floats(2.7, 4.3)}, optional={"max_current_a": st.floats(0.0, 5.0)}
        ),
        limits,
        end_current,
    ),
    step(
        Control.POWER,
        st.fixed_dictionaries({"power_w": st.floats(-20.0, 20.0)}),
        limits,
        end_voltage,
        end_current,
    ),
    step(
        Control.SET_VARIABLES, st.just({"variables": {MetaVariableCode.MV_UD1: 1.0}, "advance_cycle": True})
    ),
)


def stored_wh(cell: Cell) -> float:
    """Return the energy in the source and in the capacitor; only differences mean something."""
    parameters = cell.parameters
    capacitor_f = parameters.pair_time_constant_s / parameters.pair_resistance_ohm
    pair_wh = 0.5 * capacitor_f * cell.pair_v**2 / 3600.0
    return parameters.capacity_ah * open_circuit_integral(cell.soc) + pair_wh


@settings(max_examples=times(50), deadline=None)
@given(
    st.lists(any_step, min_size=1, max_size=6),
    st.integers(0, 3),
    st.floats(0.05, 0.95),
    st.lists(st.floats(0.0, 9_000.0), max_size=10),
)
def test_nothing_is_lost_in_any_schedule(
    steps_: list[Step], repeat: int, soc: float, pauses: list[float]
) -> None:
    if repeat:
        steps_[0] = replace(steps_[0], label="first")
        steps_.append(Step("", Control.SET_VARIABLES, advance_cycle=True, goto="first", repeat=repeat))
    cell = Cell(CELL, soc=soc)
    run = Run(Schedule("any", tuple(steps_)), cell, {})
    stored, passed, lost_wh = stored_wh(cell), 0.0, 0.0
    for pause in [*pauses, 1e6]:
        left = run.advance(pause, whole=False)
        passed += pause - left
        assert run.test_time_s == pytest.approx(passed, rel=1e-9, abs=1e-6)
        flowed_ah = run.charge_capacity_ah - run.discharge_capacity_ah
        assert cell.soc == pytest.approx(soc + flowed_ah / CELL.capacity_ah, abs=1e-9)
        # What went in and is not stored became heat; and heat never comes back.
        went_in = run.charge_energy_wh - run.discharge_energy_wh
        heat_wh = went_in - (stored_wh(cell) - stored)
        assert heat_wh >= lost_wh - 1e-4
        lost_wh = heat_wh
        assert cell.temperature_degc >= CELL.ambient_degc - 1e-9
        assert run.voltage_v == pytest.approx(cell.voltage(run.current_a), abs=1e-9)
    assert run.step is None
    assert run.cycle == 1 + (repeat + 1) * sum(step_.advance_cycle for step_ in steps_)
    most_s = (repeat + 1) * sum(step_.max_time_s or 0.0 for step_ in steps_)
    assert run.test_time_s <= most_s + 1e-6


@settings(max_examples=times(25), deadline=None)
@given(any_step.filter(lambda step_: step_.control is not Control.SET_VARIABLES), st.floats(0.05, 0.95))
def test_a_step_ends_at_its_first_limit_and_no_later(step_: Step, soc: float) -> None:
    run = Run(Schedule("one", (step_,)), Cell(CELL, soc=soc), {MetaVariableCode.MV_UD1: 1.5})
    run.advance(1e6, whole=True)
    mark = run.last_step
    assert mark is not None
    assert step_.max_time_s is not None
    assert mark.step_time_s <= step_.max_time_s + 1e-6
    if step_.end_capacity_ah is not None:
        assert run.step_capacity_ah <= step_.end_capacity_ah + 1e-6
    if step_.end_energy_wh is not None:
        assert run.step_energy_wh <= step_.end_energy_wh + 1e-5
    ends_early = mark.step_time_s < step_.max_time_s - 1e-6
    met = [
        step_.end_capacity_ah is not None and run.step_capacity_ah >= step_.end_capacity_ah,
        step_.end_energy_wh is not None and run.step_energy_wh >= step_.end_energy_wh,
        step_.end_current_a is not None and abs(run.current_a) <= step_.end_current_a,
        step_.end_voltage_v is not None
        and math.copysign(1.0, run.current_a) * (run.voltage_v - step_.end_voltage_v) >= 0.0,
        step_.max_temperature_degc is not None and run.cell.temperature_degc >= step_.max_temperature_degc,
    ]
    if ends_early:
        assert any(met)
