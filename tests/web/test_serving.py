"""The page on a real socket, with a real fleet behind it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from cti_client.web.serving import Page, listen
from cti_schema import Direction
from cti_schema.errors import ConfigurationError, LoginRefused
from cti_schema.message import Message
from spoofer import Device, User, running
from tests.record.support import fleet
from tests.web.support import Shown, shown, until


def get(page: Shown, target: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=10.0)
    try:
        connection.request(method, target, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        is_json = answer.headers.get("content-type") == "application/json" and method == "GET"
        return answer.status, json.loads(body) if is_json else body
    finally:
        connection.close()


@pytest.fixture(name="device")
def device_fixture() -> Device:
    device = Device(4, seed=1, speed=100.0)
    device.assign(0, "charge-discharge.sdx")
    device.start([0], "<script>alert(1)</script>")
    return device


@pytest.fixture(name="seen")
def seen_fixture() -> list[str]:
    return []


@pytest.fixture(name="page")
def page_fixture(device: Device, seen: list[str]) -> Iterator[Shown]:
    def remember(direction: Direction, message: Message, *_: object) -> None:
        if direction is Direction.REQUEST:
            seen.append(message.spec.effect.name)

    with running(device, on_message=remember) as spoofer, shown(fleet(north=spoofer.port, south=1)) as page:
        until(lambda: page.polls() > 3)
        yield page


def test_it_shows_a_fleet_and_asks_nothing_but_queries(page: Shown, seen: list[str]) -> None:
    status, found = get(page, "/api/overview")
    assert status == 200
    north, south = found["cyclers"]
    assert [channel["status"] for channel in north["channels"]] == ["charge", "idle", "idle", "idle"]
    assert north["channels"][0]["test_name"] == "<script>alert(1)</script>"
    assert "nothing listens there" in south["away"]["why"]
    assert get(page, "/", "POST")[0] == 405
    until(lambda: get(page, "/api/series?cycler=north&channel=1")[1]["points"]["time"][3:])
    assert set(seen) == {"QUERY"}


def test_many_who_look_cost_one_poll(page: Shown, seen: list[str]) -> None:
    before, asked = page.polls(), len(seen)
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: get(page, "/api/overview")[0], range(200)))
    assert found == [200] * 200
    # South is away: of the polls only those of north are requests, one each.
    assert len(seen) - asked <= page.polls() - before + 1


def test_who_does_not_read_harms_nobody(page: Shown) -> None:
    """Somebody asks again and again, and never reads an answer."""
    requests = b"GET /api/overview HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 1000
    with socket.create_connection(("127.0.0.1", page.port)) as slow:
        slow.settimeout(0.5)
        with pytest.raises(TimeoutError):  # the server takes no more: what waits is bounded
            slow.sendall(requests * 1000)
        before = page.polls()
        assert get(page, "/api/health")[0] == 200
        until(lambda: page.polls() > before + 5)


def test_a_status_that_changes_is_an_event(page: Shown, device: Device) -> None:
    device.trip(1, "Over temperature")

    def changes() -> list[dict[str, Any]]:
        found = get(page, "/api/events?cycler=north&channel=2")[1]["events"]
        return [event for event in found if event["kind"] == "status"]

    (event,) = until(changes)
    assert (event["cycler"], event["channel"], event["text"]) == ("north", 2, "idle → unsafe")


def test_a_cycler_that_goes_away_and_comes_back() -> None:
    with ExitStack() as first:
        port = first.enter_context(running(Device(2))).port
        with shown(fleet(north=port)) as page:
            until(lambda: get(page, "/api/health")[1]["status"] == "ok")
            first.close()
            away = until(lambda: get(page, "/api/overview")[1]["cyclers"][0]["away"])
            assert away["why"]
            assert len(get(page, "/api/overview")[1]["cyclers"][0]["channels"]) == 2
            with running(Device(2), port=port):
                until(lambda: get(page, "/api/health")[1]["status"] == "ok")
                kinds = [event["kind"] for event in get(page, "/api/events")[1]["events"]]
    assert [kind for kind in kinds if kind != "gap"] == ["back", "away"]  # a gap: this computer was slow


def test_the_token_is_asked_for_on_the_socket(device: Device) -> None:
    with running(device) as spoofer, shown(fleet(north=spoofer.port), token="secret", local=False) as page:
        assert get(page, "/api/health")[0] == 401
        assert get(page, "/api/health", Authorization="Bearer secret")[0] == 200
        assert get(page, "/api/health", Host="elsewhere.example", Authorization="Bearer secret")[0] == 200


def test_another_name_of_this_address(page: Shown) -> None:
    assert get(page, "/", Host="rebound.example")[0] == 400


def test_a_refused_login_of_the_only_cycler_ends_it() -> None:
    with running(Device(2), users={"somebody": User("else")}) as spoofer:

        async def main() -> None:
            async with fleet(north=spoofer.port) as cyclers:
                await Page(cyclers, 20.0).run(listen("127.0.0.1", 0), token=None, local=True)

        with pytest.raises(LoginRefused):
            asyncio.run(asyncio.wait_for(main(), 10.0))


def test_a_port_in_use() -> None:
    with (
        listen("127.0.0.1", 0) as taken,
        pytest.raises(ConfigurationError, match=r"cannot show the page at 127\.0\.0\.1:\d+: .*in use"),
    ):
        listen("127.0.0.1", taken.getsockname()[1])


def test_an_address_that_this_computer_has_not() -> None:
    with pytest.raises(ConfigurationError, match=r"cannot show the page at 192\.0\.2\.1:0: "):
        listen("192.0.2.1", 0)
