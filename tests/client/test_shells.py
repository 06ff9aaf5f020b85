"""The two clients have one surface, which is pinned here, and users' programs are typed without a cast."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cti_client
from cti_client import aio, client

ROOT = Path(__file__).parents[2]

CYCLER = {
    "address", "allow_takeover", "assign", "browse", "channel", "channel_count", "channels", "clock", "close",
    "connect", "connected", "continue_", "delete", "download", "logged_in", "login", "new_folder",
    "read_serial_number", "request", "request_all", "resolve", "resume", "resume_data", "serial_number",
    "session", "set_log_interval", "set_mvs_time_sensitive", "software_version", "start", "start_data",
    "stop", "stop_all", "update_mvs", "update_parameters", "upload", "version",
}  # fmt: skip
CHANNEL = {
    "assign", "assign_barcode", "barcode", "closed_loop", "continue_", "get_mvs", "index", "jump", "read",
    "resume", "set_mv", "set_mvs_time_sensitive", "start", "stop", "update_mvs",
}  # fmt: skip


def public(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_")}


def test_the_surface_is_this_and_the_same_in_both() -> None:
    assert public(client.Cycler) == public(aio.Cycler) == CYCLER
    assert public(client.Channel) == public(aio.Channel) == CHANNEL
    assert cti_client.__all__ == [
        "ArbinInterface", "Channel", "Cycler", "Fleet", "Outcome", "Reading", "Reconnect", "Resolution",
    ]  # fmt: skip
    for name in cti_client.__all__:
        assert getattr(cti_client, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        cti_client.nothing


@pytest.mark.parametrize(
    ("blocking", "waiting"), [(client.Cycler, aio.Cycler), (client.Channel, aio.Channel)]
)
def test_arguments_and_documentation_are_the_same(blocking: type, waiting: type) -> None:
    for name in public(blocking):
        one, other = (inspect.getattr_static(cls, name) for cls in (blocking, waiting))
        if inspect.isfunction(one):
            assert inspect.signature(one) == inspect.signature(other), name
            assert one.__doc__, name
            if name not in ("connect", "close", "channel", "clock", "closed_loop"):
                assert inspect.iscoroutinefunction(other), name
            if name != "close":
                assert one.__doc__ == other.__doc__, name


def test_signatures_are_those_of_the_methods() -> None:
    assert str(inspect.signature(client.Channel.jump)) == (
        "(self, step: 'int', timeout_s: 'float | None' = None) -> 'JumpChannelFeedback'"
    )


SCRIPT = """
import asyncio
from pathlib import Path
from typing import assert_type

from cti_client import Cycler, Outcome, Reading, Reconnect, Resolution, aio
from cti_client.closed_loop import ClosedLoop
from cti_client.details import Barcode
from cti_client.files import Entry
from cti_schema.errors import OutcomeUnknown
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.login import LoginFeedback
from cti_schema.messages.stop_schedule import StopResult, StopSchedule, StopScheduleFeedback

with Cycler("127.0.0.1") as cycler:
    feedback = cycler.request(StopSchedule(channel_index=4))
    assert_type(feedback, StopScheduleFeedback)
    assert_type(feedback.result.meaning, str)
    assert_type(cycler.request_all(GetChannelsInfo())[0].channels[0].voltage_v, float)
    assert_type(cycler.login("u", "p"), LoginFeedback)
    assert_type(cycler.channels(), list[Reading])
    assert_type(cycler.channel(5).read().voltage_v, float)
    assert_type(cycler.start([1, 2], "name"), list[Outcome])
    assert_type(cycler.channel(5).stop().result, StopResult)
    assert_type(cycler.stop([1, 2]), list[Outcome])
    assert_type(cycler.channel(5).barcode(), Barcode)
    assert_type(cycler.channel(5).update_mvs({1: 1.0, "mv_ud2": 2}).channel_index, int)
    assert_type(cycler.browse(), list[Entry])
    assert_type(cycler.download("a.csv", "."), Path)
    assert_type(cycler.resolve(OutcomeUnknown(StopSchedule(channel_index=1), "")), Resolution)
    with cycler.channel(5).closed_loop(1, limits=(0.0, 1.0)) as loop:
        assert_type(loop, ClosedLoop)
        for reading in loop:
            assert_type(reading, Reading)
            loop.set(reading.voltage_v)
Cycler("127.0.0.1", reconnect=Reconnect(first_delay_s=1.0))


async def main() -> None:
    async with aio.Cycler("127.0.0.1") as cycler:
        assert_type(await cycler.request(StopSchedule(channel_index=4)), StopScheduleFeedback)
        assert_type(await cycler.channel(5).read(), Reading)


asyncio.run(main())
"""


def judged(tmp_path: Path, program: str) -> list[str]:
    """Return what mypy says about a program."""
    file = tmp_path / "program.py"
    file.write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context"]
    # Only the script is judged here, so that the cache of the whole project can be used.
    command += ["--cache-dir", str(ROOT / ".mypy_cache"), str(file)]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stdout.splitlines()


def test_a_users_program_is_typed(tmp_path: Path) -> None:
    assert judged(tmp_path, SCRIPT) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('cycler.channel(5).jump("one")', 'incompatible type "str"; expected "int"'),
        ("cycler.channel(5).set_mv()", "Too few arguments"),
        ("cycler.request(StopSchedule(channel_index=4)).voltage_v", "has no attribute"),
        ("cycler.request(5)", "incompatible type"),
    ],
)
def test_a_mistake_in_it_is_found(tmp_path: Path, line: str, says: str) -> None:
    (error,) = judged(tmp_path, SCRIPT.replace("    feedback = ", f"    {line}\n    feedback = "))
    assert says in error


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, cti_client; print('construct' in sys.modules, 'cti_client.session' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_nothing_of_the_spoofer_is_used() -> None:
    import ast

    for file in (ROOT / "cti_client").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names: list[Any] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [name for name in names if name.split(".")[0] == "spoofer"], file
