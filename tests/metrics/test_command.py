"""`cti exporter` and `cti log --metrics-port` as a user runs them, asked over HTTP."""

from __future__ import annotations

import asyncio
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cti_client.record import Poll
from cti_client.record.poller import Poller
from cti_schema.errors import ConfigurationError
from spoofer import Device, User, running
from tests.cli.cycler import Emulated, cycler_fixture, no_credentials  # noqa: F401
from tests.cli.running import ROOT, Run, run_fixture  # noqa: F401
from tests.record.support import came, fleet, poll, reading

pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from cti_client.metrics import Metrics, MetricsServer

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a Ctrl-C cannot be sent to one process there")

Found = dict[tuple[str, ...], float]


def get(url: str, accept: str = "text/plain") -> tuple[str, str]:
    """Return what is served, and its type."""
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10.0) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]


def ask(url: str) -> Found:
    """Return the samples by name and values of labels."""
    text, _ = get(url)
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in plain(text)
        for sample in family.samples
    }


@contextmanager
def started(*arguments: str, folder: Path) -> Iterator[Any]:
    command = [sys.executable, "-W", "error", "-m", "cti_client.cli", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


@POSIX
def test_the_exporter(cycler: Emulated, tmp_path: Path) -> None:
    arguments = ("exporter", "--port", "0", "--cycler-port", str(cycler.port), "--rate", "10")
    name = f"127.0.0.1:{cycler.port}"
    with started(*arguments, folder=tmp_path) as process:
        first, second = process.stdout.readline(), process.stdout.readline()
        found = re.search(r"serving metrics of (\S+) at 10 Hz on (http://127\.0\.0\.1:\d+/metrics)$", first)
        assert found is not None, first
        assert found[1] == name
        assert second.endswith(f"Z {name}: 4 channels\n")
        text, kind = get(found[2], "application/openmetrics-text; version=1.0.0")
        values = ask(found[2])
        process.send_signal(signal.SIGTERM)
        rest, errors = process.stdout.read(), process.stderr.read()
        assert process.wait(30.0) == 0
    assert (rest, errors) == ("", "")
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert {family.name for family in openmetrics(text)} >= {"cti_up", "cti_polls", "cti_channel_status"}
    assert values["cti_up", name] == 1.0
    assert values["cti_channel_status", "4", name, "idle"] == 1.0
    assert 3.0 < values["cti_channel_voltage_volts", "1", name] < 4.2
    assert values["cti_request_latency_seconds_count", name] >= 1.0
    assert set(cycler.seen) <= {"get_serial_number", "get_channels_info"}


@POSIX
def test_the_logger_serves_its_targets_too(cycler: Emulated, tmp_path: Path) -> None:
    arguments = ("log", *cycler.at, "--rate", "10", "--to", "a.sqlite", "--metrics-port", "0")
    name = f"127.0.0.1:{cycler.port}"
    with started(*arguments, folder=tmp_path) as process:
        lines = [process.stdout.readline() for _ in range(3)]
        (url,) = re.findall(r"Z metrics: (http://\S+)$", "".join(lines), re.MULTILINE)
        values: Found = {}
        deadline = time.monotonic() + 30.0
        while not values.get(("cti_sink_written_readings_total", "a.sqlite")):
            assert time.monotonic() < deadline, values
            values = ask(url)
        process.send_signal(signal.SIGTERM)
        errors = process.stderr.read()
        assert process.wait(30.0) == 0
    assert errors == ""
    assert values["cti_up", name] == 1.0
    assert values["cti_sink_up", "a.sqlite"] == 1.0
    assert values["cti_sink_written_readings_total", "a.sqlite"] % 4 == 0  # whole polls
    assert values["cti_sink_spooled_readings", "a.sqlite"] % 4 == 0
    assert values["cti_sink_dropped_readings_total", "a.sqlite"] == 0.0


def test_a_cycler_that_goes_away_and_comes_back() -> None:
    device = Device(2, seed=1)

    async def main() -> None:
        polls: list[Poll] = []
        with ExitStack() as first, MetricsServer("127.0.0.1", 0) as server:
            port = first.enter_context(running(device)).port
            cyclers = fleet(north=port)
            metrics = Metrics(cyclers.names, 0.1, 5.0)
            server.start(metrics)

            def see(one: Poll) -> None:
                metrics.see(one)
                polls.append(one)

            async with cyclers:
                polling = asyncio.create_task(Poller(cyclers, 10.0, see, lambda step_s: None).run())
                await came(lambda: polls)
                there = await asyncio.to_thread(ask, server.url)
                await asyncio.to_thread(first.close)
                await came(lambda: polls[-1].error)
                away = await asyncio.to_thread(ask, server.url)
                with running(device, port=port):
                    await came(lambda: polls[-1].error is None)
                    back = await asyncio.to_thread(ask, server.url)
                    polling.cancel()
        assert there["cti_up", "north"] == back["cti_up", "north"] == 1.0
        assert away["cti_up", "north"] == 0.0
        channels = {key for key in there if key[0].startswith("cti_channel_")}
        assert ("cti_channel_voltage_volts", "2", "north") in channels
        assert channels <= set(back)
        assert not [key for key in away if key[0].startswith("cti_channel_")]
        assert away["cti_failed_polls_total", "north"] >= 1.0

    asyncio.run(main())


def test_a_slow_asker_delays_nobody() -> None:
    metrics = Metrics(["north"], 1.0, 5.0)
    metrics.see(poll(0, reading(1)))
    with MetricsServer("127.0.0.1", 0) as server:
        server.start(metrics)
        port = int(server.url.split(":")[2].split("/")[0])
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"GET /metrics HTTP/1.1\r\n")
            assert ask(server.url)["cti_up", "north"] == 1.0
        with ExitStack() as stack:
            crowd = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(30)]
            while len(crowd) > 16:  # whoever is let in hears nothing, as he asks nothing
                refused, _, _ = select.select(crowd, [], [], 5.0)
                assert refused
                assert {one.recv(1) for one in refused} == {b""}
                crowd = [one for one in crowd if one not in refused]


@pytest.fixture(name="taken")
def taken_fixture() -> Iterator[str]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield str(taken.getsockname()[1])


@pytest.mark.parametrize("command", [["exporter", "--port"], ["log", "--metrics-port"]])
def test_a_port_in_use(
    run: Run, taken: str, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*command, taken)
    assert (ran.code, ran.out) == (2, b"")
    assert ran.err.startswith(f"Error: cannot serve metrics at 127.0.0.1:{taken}: ")
    assert ran.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--bind", "192.0.2.1"], "cannot serve metrics at 192.0.2.1:0: "),
        (["--rate", "1000"], "rate: 1000 Hz is not above 0 and at most 100"),
        (["--fleet", "lab.toml"], "lab.toml, line 6: another cycler is called 'north' too"),
        (["--fleet", "lab.toml", "--cycler-port", "9"], "--cycler-port is about one cycler, --fleet about"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    entry = '[[cycler]]\nname = "north"\nhost = "{}"\n'
    Path("lab.toml").write_text(entry.format("a") + "\n" + entry.format("b"))
    ran = run("exporter", "--port", "0", *arguments)
    assert (ran.code, ran.out) == (2, b"")
    assert sentence in ran.err.splitlines()[-1]


def test_a_refused_login_ends_it(run: Run) -> None:
    with running(Device(2), users={"a": User("b")}) as north:
        ran = run("exporter", "--port", "0", "--cycler-port", str(north.port))
    assert ran.code == 1
    assert "Error: " in ran.err


def test_without_the_package_the_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("cti_client.metrics", "prometheus_client"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setitem(sys.modules, "prometheus_client.core", None)
    ran = run("exporter", "--port", "0")
    assert ran.code == 2
    assert ran.err == 'Error: metrics need prometheus_client: pip install "cti-toolkit[metrics]"\n'


def test_an_ipv6_address_is_written_with_brackets() -> None:
    try:
        server = MetricsServer("::1", 0)
    except ConfigurationError as error:
        pytest.skip(str(error))
    with server:
        server.start(Metrics(["north"], 1.0, 5.0))
        assert server.url.startswith("http://[::1]:")
        assert ask(server.url)["cti_up", "north"] == 0.0
