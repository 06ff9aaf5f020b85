"""The safety rules, one by one, with a real socket and a peer that misbehaves; each with both clients."""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from cti_client import Cycler, aio
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.errors import (
    CommandUnsupported,
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    CTIError,
    DecodeError,
    EncodeError,
    LoginRefused,
    NotLoggedIn,
    OutcomeUnknown,
    ResponseTimeout,
)
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.login import LoginFeedback
from cti_schema.messages.stop_schedule import StopSchedule, StopScheduleFeedback
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from tests.client.peers import (
    CHANNELS,
    SHELLS,
    Action,
    changed,
    half,
    hang_up,
    reading,
    reset,
    right,
    says,
    scripted,
    silence,
)

TIMEOUT_S = 0.1

#: What a busy machine may add to a deadline.
LOADED_S = 5.0

pytestmark = pytest.mark.parametrize("make", SHELLS)
Make = Callable[..., Any]


def bad_checksum(frame: bytes) -> bytes:
    return frame[:-1] + bytes([frame[-1] ^ 0xFF])


def unknown_command(code: int) -> Action:
    return says(encode(default(UnknownCommandFeedback, command=code)))


def stopped(index: int) -> bytes:
    return encode(default(StopScheduleFeedback, channel_index=index))


@pytest.mark.parametrize(
    ("action", "query", "command"),
    [
        (silence, ResponseTimeout, OutcomeUnknown),
        (reset, ConnectionLost, OutcomeUnknown),
        (hang_up, ConnectionLost, OutcomeUnknown),
        (half, ConnectionLost, OutcomeUnknown),
        (changed(lambda data: data[:-10]), ResponseTimeout, OutcomeUnknown),
        (says(b"\xdd" * 7 + b"\x11garbage" * 50), ResponseTimeout, OutcomeUnknown),
        (changed(bad_checksum), ResponseTimeout, OutcomeUnknown),
        (changed(lambda data: data[:-2] + b"\0\0" + data[-2:]), ResponseTimeout, OutcomeUnknown),
        (says(reading(6) + stopped(6)), ResponseTimeout, OutcomeUnknown),
    ],
    ids=["silence", "reset", "closed", "half", "cut", "garbage", "checksum", "late checksum", "channel 7"],
)
def test_every_call_ends_in_time_with_its_error(
    make: Make, action: Action, query: type[CTIError], command: type[CTIError]
) -> None:
    # A broken connection is told at once, however long the deadline is.
    timeout_s = 30.0 if query is ConnectionLost else TIMEOUT_S
    with scripted(action) as peer, make("127.0.0.1", peer.port, timeout_s=timeout_s) as cycler:
        cycler.login("u", "p", timeout_s=30.0)
        began = time.monotonic()
        with pytest.raises(query):
            cycler.channel(5).read()
        assert time.monotonic() - began < TIMEOUT_S + LOADED_S
        assert peer.heard(1) == ["get_channels_info"]
    with scripted(action) as peer, make("127.0.0.1", peer.port, timeout_s=timeout_s) as cycler:
        cycler.login("u", "p", timeout_s=30.0)
        with pytest.raises(command) as error:
            cycler.channel(5).stop()
        assert "stop_schedule" in str(error.value)
        assert isinstance(error.value, OutcomeUnknown)
        assert error.value.request == StopSchedule(channel_index=4)
        # Nothing that changes something is ever sent a second time.
        assert peer.heard(1) == ["stop_schedule"]


def test_garbage_in_front_of_an_answer_does_no_harm(make: Make) -> None:
    noise = b"\x00\xdd\xdd" + bytes(40)
    with (
        scripted(changed(lambda data: noise + data)) as peer,
        make("127.0.0.1", peer.port, timeout_s=30.0) as cycler,
    ):
        cycler.login("u", "p")
        assert cycler.channel(5).read().current_a == 4.0


def test_a_flood_of_feedbacks_does_not_hold_up_the_deadline(make: Make) -> None:
    stop = threading.Event()

    def flood(_: Any, sock: socket.socket) -> bytes:
        def pour() -> None:
            try:
                while not stop.is_set():
                    sock.sendall(stopped(6))
            except OSError:
                pass

        threading.Thread(target=pour, daemon=True).start()
        return b""

    with scripted(flood) as peer, make("127.0.0.1", peer.port, timeout_s=TIMEOUT_S) as cycler:
        cycler.login("u", "p", timeout_s=30.0)
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            cycler.channel(5).stop()
        assert time.monotonic() - began < TIMEOUT_S + LOADED_S
        stop.set()


def test_a_late_feedback_is_not_the_answer_to_the_next_request(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cti_client.asking.DRAIN_S", 30.0)
    with (
        scripted(silence, right) as peer,
        make("127.0.0.1", peer.port, timeout_s=TIMEOUT_S) as cycler,
    ):
        cycler.login("u", "p", timeout_s=30.0)
        with pytest.raises(ResponseTimeout):
            cycler.channel(5).read()
        late = threading.Timer(0.1, peer.say, [reading(4, voltage_v=1.0)])
        late.start()
        # It waits, unsent, for the late answer, and gets its own.
        assert cycler.channel(5).read(timeout_s=30.0).voltage_v == 3.5
        late.join()
        assert peer.names() == ["get_channels_info"] * 2


def test_what_could_not_be_told_apart_ends_the_connection_before_it_is_sent(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cti_client.asking.DRAIN_S", 0.3)
    with scripted(silence) as peer, make("127.0.0.1", peer.port, timeout_s=TIMEOUT_S) as cycler:
        cycler.login("u", "p", timeout_s=30.0)
        with pytest.raises(OutcomeUnknown):
            cycler.channel(5).stop()
        began = time.monotonic()
        with pytest.raises(ConnectionLost, match=r"stop_schedule was not sent: .* an earlier stop_schedule"):
            cycler.channel(5).stop(timeout_s=30.0)
        assert 0.3 <= time.monotonic() - began < LOADED_S
        assert not cycler.connected
        assert peer.heard(1) == ["stop_schedule"]
        # A new connection knows nothing of it, and needs a new login.
        cycler.connect()
        assert not cycler.logged_in
        cycler.login("u", "p", timeout_s=30.0)
        assert cycler.channel(5).stop(timeout_s=30.0).channel_index == 4
        assert peer.connections == 2


def test_another_channel_goes_on_after_a_timeout(make: Make) -> None:
    with scripted(silence) as peer, make("127.0.0.1", peer.port, timeout_s=TIMEOUT_S) as cycler:
        cycler.login("u", "p", timeout_s=30.0)
        with pytest.raises(OutcomeUnknown):
            cycler.channel(5).stop()
        assert cycler.channel(6).stop(timeout_s=30.0).channel_index == 5
        assert cycler.channel(5).read(timeout_s=30.0).channel == 5


def test_what_came_before_a_request_is_not_its_answer(make: Make) -> None:
    with scripted() as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        cycler.login("u", "p")
        assert cycler.channel(5).read().voltage_v == 3.5
        peer.say(reading(4, voltage_v=1.0) + reading(4, voltage_v=2.0))
        number = cycler.fileno() if make is not Cycler else cycler._link.fileno()
        assert select.select([number], [], [], 5.0)[0]
        assert cycler.channel(5).read().voltage_v == 3.5


def test_a_peer_that_always_has_more_does_not_hold_up_the_deadline(make: Make) -> None:
    if make is not Cycler:
        pytest.skip("there the loop has a timer")

    class Endless:
        def send(self, data: bytes, timeout_s: float) -> None: ...
        def close(self) -> None: ...
        def receive(self, timeout_s: float) -> bytes:
            return b"\0"

    link = Endless()
    with (
        Cycler("somewhere", connector=lambda *where: link, timeout_s=TIMEOUT_S) as cycler,
        pytest.raises(OutcomeUnknown),
    ):
        cycler.request(StopSchedule(channel_index=1))


def test_a_duplicate_is_not_the_answer_to_the_next_request(make: Make) -> None:
    twice = changed(lambda data: data + data)
    with scripted(twice, right) as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        cycler.login("u", "p")
        assert cycler.channel(5).stop().channel_index == 4
        assert cycler.channel(6).stop().channel_index == 5
        assert peer.names() == ["stop_schedule"] * 2


def test_a_stale_reading_of_another_channel_is_nobodys(make: Make) -> None:
    stale = changed(lambda data: reading(6, voltage_v=0.5) + data)
    with scripted(stale) as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        cycler.login("u", "p")
        answer = cycler.channel(5).read()
        assert (answer.channel, answer.voltage_v, answer.current_a) == (5, 3.5, 4.0)


def test_a_command_that_the_cycler_does_not_know(make: Make) -> None:
    with (
        scripted(unknown_command(0xBB340001)) as peer,
        make("127.0.0.1", peer.port, timeout_s=30.0) as cycler,
    ):
        with pytest.raises(CommandUnsupported, match="does not know the command get_serial_number"):
            cycler.request(GetSerialNumber())
        assert cycler.request(GetSerialNumber()).spec.name == "get_serial_number_feedback"


def test_an_answer_that_is_cut_is_no_attribute_error(make: Make) -> None:
    from cti_schema.wire.frame import build_frame

    def short(data: bytes) -> bytes:
        code = int.from_bytes(data[12:16], "little")
        return build_frame(code, data[20:22], StopScheduleFeedback.spec.direction)

    with (
        scripted(changed(short), changed(short)) as peer,
        make("127.0.0.1", peer.port, timeout_s=30.0) as cycler,
    ):
        cycler.login("u", "p")
        with pytest.raises(DecodeError):
            cycler.channel(5).read()
        with pytest.raises(OutcomeUnknown, match="cannot be read"):
            cycler.channel(5).stop()


# No connection.


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".invalid"])
def test_a_host_that_is_not_known(make: Make, host: str) -> None:
    with pytest.raises(ConnectError) as error, make(host, 9031):
        pass
    assert str(error.value) == f"no connection to {host}:9031: the host name {host!r} is not known"


def test_a_port_where_nothing_listens(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectError) as error, make("127.0.0.1", port):
        pass
    assert str(error.value) == (
        f"no connection to 127.0.0.1:{port}: nothing listens there (connection refused)"
    )


def test_a_call_without_a_connection(make: Make) -> None:
    with scripted() as peer, make("127.0.0.1", peer.port) as cycler:
        cycler.close()
        with pytest.raises(ConnectionLost, match="was not sent: the connection was closed"):
            cycler.request(GetSerialNumber())
        assert peer.received == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"host": ""}, "is no host"),
        ({"host": "h", "port": 0}, "0 is no port"),
        ({"host": "h", "port": 65536}, "65536 is no port"),
        ({"host": "h", "port": "9031"}, "'9031' is no port"),
        ({"host": "h", "timeout_s": 0}, "0 is no timeout"),
        ({"host": "h", "timeout_s": float("nan")}, "nan is no timeout"),
        ({"host": "h", "connect_timeout_s": -1}, "-1 is no timeout"),
    ],
)
def test_settings_that_make_no_sense(make: Make, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        (aio.Cycler if make is not Cycler else Cycler)(**arguments)


# Refused before anything is sent.


def test_channels_that_are_not_there_are_refused_before_anything_is_sent(make: Make) -> None:
    with scripted() as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        with pytest.raises(NotLoggedIn, match="log in first"):
            cycler.channel(5).stop()
        cycler.login("u", "p")
        for channel in (0, -1, CHANNELS + 1):
            with pytest.raises(ConfigurationError, match=f"no channel {channel}"):
                cycler.channel(channel)
            with pytest.raises(ConfigurationError, match=f"no channel {channel}"):
                cycler.start([1, channel], "a")
        with pytest.raises(ConfigurationError, match="no channel to start"):
            cycler.start([], "a")
        with pytest.raises(ConfigurationError, match="use request_all"):
            cycler.request(StopSchedule(channel_index=0, stop_all=1))
        with pytest.raises(EncodeError, match="schedule_name"):
            cycler.channel(1).assign("s" * 201)
        for variable, value in [
            (0, 1.0),
            (17, 1.0),
            ("mv_ud17", 1.0),
            (1, float("nan")),
            (1, "1"),
            (True, 1.0),
        ]:
            with pytest.raises(ConfigurationError):
                cycler.channel(1).set_mv(variable, value)
        for step in (0, -1, True, 1.5):
            with pytest.raises(ConfigurationError, match="is no step"):
                cycler.channel(1).jump(step)
        assert peer.names() == []


# Passwords.


def test_a_password_is_nowhere(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        scripted() as peer,
        make("127.0.0.1", peer.port, timeout_s=30.0) as cycler,
    ):
        peer.login_answer = encode(default(LoginFeedback, result=2))
        with pytest.raises(LoginRefused, match="refused the login of 'user': no permission") as error:
            cycler.login("user", "hunter2")
        with pytest.raises(EncodeError) as long:
            cycler.login("user", "hunter2" * 9)
        with pytest.raises(EncodeError) as strange:
            cycler.login("user", "hünter2")
        shown = [repr(cycler), caplog.text, *(f"{one.value!r} {one.value}" for one in (error, long, strange))]
        shown += [repr(peer.received)]
    assert error.value.result == 2
    for text in shown:
        assert "hunter" not in text
        assert "ü" not in text
        assert "xfc" not in text


def test_nothing_is_written_unasked(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    with (
        scripted(changed(bad_checksum)) as peer,
        make("127.0.0.1", peer.port, timeout_s=TIMEOUT_S) as cycler,
        pytest.raises(ResponseTimeout),
    ):
        cycler.request(GetSerialNumber())
    assert capfd.readouterr() == ("", "")


def test_a_close_from_another_thread_ends_a_call(make: Make) -> None:
    if make is not Cycler:
        pytest.skip("one loop runs in one thread")
    with scripted(silence) as peer, Cycler("127.0.0.1", peer.port, timeout_s=10.0) as cycler:
        threading.Timer(0.1, cycler.close).start()
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            cycler.request(StopSchedule(channel_index=1))
        assert time.monotonic() - began < 5.0
