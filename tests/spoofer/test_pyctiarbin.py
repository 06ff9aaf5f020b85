"""pycti-arbin's own client, unchanged, against the spoofer."""

from __future__ import annotations

import gc
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spoofer import Device, Spoofer, running
from tests.spoofer.helpers import Clock

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the package itself
    channel_interface = pytest.importorskip("pyctiarbin.channel_interface")
    cycler_interface = pytest.importorskip("pyctiarbin.cycler_interface")

#: The names that the client uses for what it is configured with.
CREDENTIALS = "ARBIN_CTI_USERNAME=somebody\nARBIN_CTI_PASSWORD=secret-word\n"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spoofer(clock: Clock) -> Iterator[Spoofer]:
    device = Device(channels=4, clock=clock, seed=1)
    with running(device, users={"somebody": "secret-word"}) as there:
        yield there


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ARBIN_CTI_USERNAME", "")  # it writes both to the environment: put them back
    monkeypatch.setenv("ARBIN_CTI_PASSWORD", "")
    file = tmp_path / ".env"
    file.write_text(CREDENTIALS, encoding="ascii")
    return str(file)


def close(client: Any) -> None:
    """Close the client's socket: it has no method for that."""
    sock: socket.socket = client._CyclerInterface__sock
    sock.close()


def test_its_cycler_logs_in_and_reads_channels(spoofer: Spoofer, env: str) -> None:
    client = cycler_interface.CyclerInterface({"ip_address": "127.0.0.1", "port": spoofer.port}, env)
    try:
        feedback = client.get_login_feedback()
        assert feedback["result"] == "success"
        assert feedback["cycler_sn"] == "100001"
        assert client.get_num_channels() == 4
        for channel in (1, 4):
            status = client.read_channel_status(channel=channel)
            assert status["channel"] == channel - 1
            assert status["status"] == "Idle"
            assert 2.8 < status["voltage_v"] < 4.3
    finally:
        close(client)


def test_its_channel_runs_a_test(spoofer: Spoofer, env: str, clock: Clock) -> None:
    config = {
        "channel": 2,
        "test_name": "a test",
        "schedule_name": "any.sdx",
        "ip_address": "127.0.0.1",
        "port": spoofer.port,
    }
    # Its channels count from 1, and it sends them as they are: its channel 2 is the third.
    client = channel_interface.ChannelInterface(config, env)
    try:
        assert client.start_test()
        clock.now += 3600.0
        status = client.read_channel_status()
        assert status["test_time_s"] == pytest.approx(3600.0, abs=1.0)
        assert status["current_a"] > 1.0
        assert status["charge_capacity_ah"] == pytest.approx(1.25, rel=0.03)
        assert status["schedule"].startswith("any.sdx")
        assert status["testname"].startswith("a test")
        assert client.set_meta_variable(mv_num=1, mv_value=2.5)
        assert not client.start_test()  # it runs already
        assert client.stop_test()
        assert client.read_channel_status()["status"] == "Idle"
    finally:
        close(client)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves its socket open
def test_a_wrong_password(spoofer: Spoofer, env: str) -> None:
    Path(env).write_text(CREDENTIALS.replace("secret", "wrong"), encoding="ascii")
    with pytest.raises(AssertionError):
        cycler_interface.CyclerInterface({"ip_address": "127.0.0.1", "port": spoofer.port}, env)
    gc.collect()
