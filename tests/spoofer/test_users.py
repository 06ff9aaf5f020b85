"""Who controls: one user at a time, and what `connect` and the end of a connection do to that."""

from __future__ import annotations

import pytest

from cti_schema.messages.connect import Connect
from cti_schema.messages.login import Login, UserType
from cti_schema.messages.login_json import LoginJson
from cti_schema.messages.stop_schedule import StopResult, StopSchedule
from spoofer import Connection, Device, User
from tests.spoofer.helpers import Clock, one

USERS = {"ann": User("a"), "eve": User("e"), "bob": User("b", may_control=False)}


@pytest.fixture
def device() -> Device:
    return Device(channels=2, clock=Clock(), users=USERS)


def login(device: Device, name: str, *, kick: int | None = None) -> Connection:
    connection = Connection(device)
    if kick is not None:
        one(connection, Connect(set_kick_out=kick))
    one(connection, Login(username=name, password=USERS[name].password))
    return connection


def controls(connection: Connection) -> bool:
    """Tell whether a control request is carried out: refused for the right, or for what it asks."""
    result = one(connection, StopSchedule(channel_index=0)).result
    assert result in (StopResult.ERROR, StopResult.NOT_RUNNING)
    return bool(result is StopResult.NOT_RUNNING)


def test_one_user_at_a_time(device: Device) -> None:
    ann, eve = login(device, "ann"), login(device, "eve")
    assert (controls(ann), controls(eve)) == (True, False)
    assert device.seat.username == "ann"


def test_a_user_may_control_from_several_connections(device: Device) -> None:
    first, second = login(device, "ann"), login(device, "ann")
    assert (controls(first), controls(second)) == (True, True)
    first.close()
    assert controls(second)
    assert not controls(login(device, "eve"))


def test_who_may_only_look_never_controls(device: Device) -> None:
    bob = login(device, "bob")
    assert not controls(bob)
    assert device.seat.username is None
    feedback = one(bob, Login(username="bob", password="b"))
    assert (feedback.allow_control, feedback.user_type) == (0, UserType.NORMAL_USER)


def test_the_end_of_a_connection_gives_the_place_away(device: Device) -> None:
    ann, eve = login(device, "ann"), login(device, "eve")
    assert not controls(eve)
    ann.close()
    assert device.seat.username is None
    assert controls(eve)
    assert device.seat.username == "eve"


def test_who_may_be_kicked_out_gives_way_to_the_next_login(device: Device) -> None:
    ann = login(device, "ann", kick=1)
    assert controls(ann)
    eve = Connection(device)
    assert one(eve, LoginJson(username="eve", password="e")).allow_control == 1
    assert (controls(ann), controls(eve)) == (False, True)
    # Nobody is kicked out by a control request.
    assert (controls(ann), controls(eve)) == (False, True)
    eve.close()
    assert controls(ann)


def test_who_may_not_be_kicked_out_stays(device: Device) -> None:
    ann = login(device, "ann", kick=0)
    eve = Connection(device)
    feedback = one(eve, Login(username="eve", password="e"))
    assert (feedback.result.is_success, feedback.allow_control) == (True, 0)
    assert feedback.user_type is UserType.SUPER_USER
    assert (controls(ann), controls(eve)) == (True, False)


def test_connecting_after_the_login_asks_for_the_place(device: Device) -> None:
    ann, eve = login(device, "ann"), login(device, "eve")
    one(eve, Connect(set_kick_out=0))
    assert not controls(eve)
    one(ann, Connect(set_kick_out=1))
    assert controls(ann)
    one(eve, Connect(set_kick_out=0))
    assert (controls(ann), controls(eve)) == (False, True)


def test_every_connection_of_a_user_must_be_ready_to_go(device: Device) -> None:
    first, second = login(device, "ann", kick=1), login(device, "ann")
    eve = login(device, "eve")
    assert (controls(first), controls(second), controls(eve)) == (True, True, False)


def test_anybody_is_a_user_of_that_name(device: Device) -> None:
    device.users = None
    connections = []
    for name in ("x", "x", "y"):
        connections.append(Connection(device))
        one(connections[-1], Login(username=name, password=""))
    assert [controls(connection) for connection in connections] == [True, True, False]
