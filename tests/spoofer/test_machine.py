"""Several clients, an operator and the time play with one cycler; what must always hold of it is checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cti_schema.derive.defaults import default
from cti_schema.enumerations import ResultCode
from cti_schema.enums import ChannelStatus, GetChannelType
from cti_schema.kinds import Scalar
from cti_schema.message import CONTROL, Message, Record, Request
from cti_schema.messages.assign_schedule import AssignSchedule
from cti_schema.messages.connect import Connect
from cti_schema.messages.continue_schedule import ContinueSchedule
from cti_schema.messages.engage_tray import EngageTray, TrayOrder
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_channels_info_vls import GetChannelsInfoVls
from cti_schema.messages.jump_channel import JumpChannel
from cti_schema.messages.login import Login
from cti_schema.messages.resume_schedule import ResumeSchedule
from cti_schema.messages.set_meta_variable import SetMetaVariable
from cti_schema.messages.set_meta_variables_time_sensitive import (
    ChannelOrder,
    SetMetaVariablesTimeSensitive,
    Slot,
)
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.start_schedule_ex import Channel as StartChannel
from cti_schema.messages.start_schedule_ex import StartScheduleEx
from cti_schema.messages.stop_schedule import StopSchedule
from cti_schema.messages.update_meta_variables import NewValue, UpdateMetaVariables
from spoofer import Connection, Device, Phase, User
from spoofer.machine.channel import BUSY
from tests.spoofer.helpers import Clock, ask

COUNT = 5
GROUP = (3, 4)  # work in parallel
USERS = {"ann": User("a"), "eve": User("e"), "bob": User("b", may_control=False)}

channels = st.integers(0, COUNT)  # the last one does not exist
several = st.lists(channels, max_size=3)
schedules = st.sampled_from(["one.sdx", "two.sdx", "", "x.can"])
tests = st.sampled_from([f"test {number}" for number in range(8)] + ["", "n" * 72])
codes = st.sampled_from([52, 116, 21, 9999])
values = st.floats(width=32, allow_nan=True)
clients = st.sampled_from([0, 0, 0, 1, 2])  # the first one controls most of the time
flags = st.integers(0, 1)


def results_of(record: Record) -> list[ResultCode]:
    """Return every result in a feedback, of its records too."""
    found: list[ResultCode] = []
    for kind, value in record.present():
        if isinstance(kind, Scalar) and isinstance(value, ResultCode):
            found.append(value)
        for item in value if isinstance(value, list) else []:
            if isinstance(item, Record):
                found.extend(results_of(item))
    return found


class Cycler(RuleBasedStateMachine):
    """The cycler, three connections, and what is known of both."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.device = Device(channels=COUNT, clock=self.clock, users=USERS, parallel=[GROUP], speed=100.0)
        self.connections = [Connection(self.device, peer=str(number)) for number in range(3)]
        self.started: dict[str, int] = {}  # name of a test -> how many channels started with it
        self.running: dict[int, tuple[str, str]] = {}  # channel -> the test and the schedule that it runs

    @initialize()
    def first(self) -> None:
        self.login(0, "ann")
        self.send(0, self.assignment(0, "one.sdx", 1))

    # --- what clients do ------------------------------------------------------------------------

    def send(self, client: int, request: Request[Any]) -> list[Any]:
        """Send a request, and check what must hold of every answer."""
        connection = self.connections[client]
        allowed = connection.session.may_control or (
            connection.session.has_right and self.device.seat.username in (None, connection.session.username)
        )
        before = [(channel.phase, channel.schedule_name, dict(channel.variables)) for channel in self.all()]
        feedbacks = ask(connection, request)
        assert len(feedbacks) == self.count(request)
        assert {type(one) for one in feedbacks} == set(request.spec.feedbacks)
        results = [result for feedback in feedbacks for result in results_of(feedback)]
        assert all(result.known for result in results)
        if request.spec.effect is CONTROL:
            assert connection.session.may_control == allowed
            if not allowed:
                assert not any(result.is_success for result in results)
                after = [(one.phase, one.schedule_name, dict(one.variables)) for one in self.all()]
                assert repr(after) == repr(before)  # a NaN is equal to itself there
        return feedbacks

    def all(self) -> Sequence[Any]:
        return [self.device.channel(index) for index in range(COUNT)]

    def count(self, request: Message) -> int:
        answers = request.spec.answers
        if answers.how == "per_channel":
            return len(getattr(request, answers.field)) or 1
        if answers.how == "per_channel_if" and getattr(request, answers.field):
            return COUNT
        return 1

    def assignment(self, index: int, name: str, to_all: int) -> AssignSchedule:
        return AssignSchedule(channel_index=index, assign_all=to_all, schedule_name=name)

    @rule(client=clients, user=st.sampled_from(["ann", "ann", "eve", "bob", "mallory"]))
    def login(self, client: int, user: str) -> None:
        password = USERS[user].password if user in USERS else ""
        (feedback,) = self.send(client, Login(username=user, password=password))
        assert feedback.result.is_success == (user in USERS)
        if feedback.result.is_success:
            assert feedback.allow_control == int(self.connections[client].session.may_control)

    @rule(client=clients, flag=flags)
    def connect(self, client: int, flag: int) -> None:
        (feedback,) = self.send(client, Connect(set_kick_out=flag))
        assert feedback.set_kick_out == flag

    @rule(client=clients)
    def reconnect(self, client: int) -> None:
        self.connections[client].close()
        assert not self.connections[client].session.may_control
        self.connections[client] = Connection(self.device, peer=str(client))

    @rule(client=clients, index=channels, name=schedules, to_all=flags)
    def assign(self, client: int, index: int, name: str, to_all: int) -> None:
        self.send(client, self.assignment(index, name, to_all))

    @rule(client=clients, indices=several, name=tests)
    def start(self, client: int, indices: list[int], name: str) -> None:
        feedbacks = self.send(client, StartSchedule(test_name=name, channel_indices=indices))
        self.note([(one, name) for one in feedbacks])

    @rule(
        client=clients, orders=st.lists(st.tuples(channels, tests, schedules, st.integers(0, 5)), max_size=3)
    )
    def start_ex(self, client: int, orders: list[tuple[int, str, str, int]]) -> None:
        wanted = [
            default(
                StartChannel, channel_index=index, test_name=name, schedule_name=schedule, step_index=step
            )
            for index, name, schedule, step in orders
        ]
        feedbacks = self.send(client, StartScheduleEx(channels=wanted))
        self.note([(one, name) for one, (_, name, _, _) in zip(feedbacks, orders, strict=False)])

    def note(self, outcomes: list[tuple[Any, str]]) -> None:
        """Remember which tests were started, each name in one request only."""
        names = [name for feedback, name in outcomes if feedback.result.is_success]
        assert not set(names) & set(self.started), "a name was used a second time"
        for name in names:
            self.started[name] = self.started.get(name, 0) + 1
        for feedback, name in outcomes:
            if feedback.result.is_success:
                channel = self.device.channel(feedback.channel_index)
                assert channel is not None
                assert channel.test_name == name
                assert feedback.channel_index not in self.running, "a second test on the same channel"
                self.running[feedback.channel_index] = (name, channel.schedule_name)

    @rule(client=clients, index=channels, to_all=flags)
    def stop(self, client: int, index: int, to_all: int) -> None:
        self.send(client, StopSchedule(channel_index=index, stop_all=to_all))

    @rule(client=clients, index=channels, to_all=flags)
    def resume(self, client: int, index: int, to_all: int) -> None:
        for feedback in self.send(client, ResumeSchedule(channel_index=index, resume_all=to_all)):
            channel = self.device.channel(feedback.channel_index)
            if feedback.result.is_success and channel is not None and not channel.is_slave:
                assert feedback.channel_index not in self.running
                self.running[feedback.channel_index] = (channel.test_name, channel.schedule_name)

    @rule(client=clients, indices=several)
    def continue_(self, client: int, indices: list[int]) -> None:
        self.send(client, ContinueSchedule(channel_indices=indices))

    @rule(client=clients, index=channels, step=st.integers(-1, 6))
    def jump(self, client: int, index: int, step: int) -> None:
        self.send(client, JumpChannel(step_index=step, channel_index=index))

    @rule(client=clients, index=channels, code=codes, value=values)
    def set_one(self, client: int, index: int, code: int, value: float) -> None:
        self.send(client, default(SetMetaVariable, channel_index=index, meta_variable_code=code, value=value))

    @rule(client=clients, entries=st.lists(st.tuples(channels, codes, values), max_size=4))
    def update(self, client: int, entries: list[tuple[int, int, float]]) -> None:
        wanted = [
            NewValue(channel_index=index, meta_variable_code=code, value=value)  # type: ignore[arg-type]
            for index, code, value in entries
        ]
        self.send(client, UpdateMetaVariables(entries=wanted))

    @rule(client=clients, index=channels, code=codes, value=values, timeout=st.floats(-1.0, 2.0, width=32))
    def set_fast(self, client: int, index: int, code: int, value: float, timeout: float) -> None:
        slots = [Slot(value=value, meta_variable_code=code, enable=int(not n)) for n in range(8)]  # type: ignore[arg-type]
        order = ChannelOrder(channel_index=index, slots=slots)
        self.send(client, SetMetaVariablesTimeSensitive(timeout_s=timeout, channels=[order]))

    @rule(client=clients, index=st.integers(0, 2), engage=flags)
    def engage(self, client: int, index: int, engage: int) -> None:
        self.send(client, EngageTray(entries=[TrayOrder(tray_index=index, engage=engage)]))

    # --- what else happens ----------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.0, 0.003, 0.05, 0.3, 5.0, 200.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(
        index=st.integers(0, COUNT - 1),
        what=st.sampled_from(["pause", "pause", "trip", "clear", "clear", "finish"]),
    )
    def happen(self, index: int, what: str) -> None:
        getattr(self.device, what)(index)

    @rule(index=st.integers(0, COUNT - 1), lost=st.sampled_from([False, False, True]))
    def lose(self, index: int, lost: bool) -> None:
        self.device.lose(index, lost)

    @precondition(lambda self: self.clock.now > 1000.0)
    @rule()
    def turn_the_clock_back(self) -> None:
        self.clock.now -= 0.5

    # --- what always holds ----------------------------------------------------------------------

    @invariant()
    def one_user_controls(self) -> None:
        users = {one.session.username for one in self.connections if one.session.may_control}
        assert len(users) <= 1
        assert users <= {"ann", "eve"}

    @invariant()
    def tests_stay_on_their_schedule(self) -> None:
        for index in list(self.running):
            channel = self.device.channel(index)
            assert channel is not None
            if channel.phase not in BUSY:
                del self.running[index]
                continue
            assert (channel.test_name, channel.schedule_name) == self.running[index]
            assert channel.run is not None
            assert channel.run.schedule.name == channel.schedule_name
        busy = {channel.index for channel in self.all() if channel.phase in BUSY}
        assert busy == set(self.running)

    @invariant()
    def readings_make_sense(self) -> None:
        readings = self.device.readings()
        assert [reading.channel_index for reading in readings] == list(range(COUNT))
        for reading, channel in zip(readings, self.all(), strict=True):
            numbers = (reading.voltage_v, reading.current_a, reading.test_time_s, reading.charge_energy_wh)
            assert all(math.isfinite(number) for number in numbers)
            assert (reading.status is ChannelStatus.UNSAFE) == (channel.master.phase is Phase.UNSAFE)
            if channel.master.phase is not Phase.RUNNING:
                assert reading.current_a == 0.0
        master, slave = readings[GROUP[0]], readings[GROUP[1]]
        assert (slave.status, slave.test_name, slave.step_number) == (
            master.status,
            master.test_name,
            master.step_number,
        )
        assert slave.master_channel == GROUP[0]
        assert self.all()[GROUP[1]].phase is Phase.IDLE

    @invariant()
    def both_forms_show_the_same(self) -> None:
        connection = Connection(self.device)
        forms = [
            ask(connection, form(channel_selection=GetChannelType.ALLCHANNEL))[0].channels
            for form in (GetChannelsInfo, GetChannelsInfoVls)
        ]
        for fixed, variable in zip(*forms, strict=True):
            assert (fixed.status, fixed.test_name, fixed.voltage_v) == (
                variable.status,
                variable.test_name,
                variable.voltage_v,
            )


TestCycler = Cycler.TestCase
TestCycler.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
