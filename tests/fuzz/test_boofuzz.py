"""The definitions for boofuzz: what it renders is what we encode, and it fuzzes with them."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cti_schema import Direction, decode, encode, messages
from cti_schema.errors import DecodeError
from cti_schema.message import CONTROL
from cti_schema.messages.login import Login
from spoofer import Connection, Device, running
from spoofer.fuzz.boofuzz_export import export, sample_of

REQUESTS = [message for message in messages() if message.spec.direction is Direction.REQUEST]

needs_boofuzz = pytest.mark.skipif(
    importlib.util.find_spec("boofuzz") is None, reason="boofuzz is not installed"
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("boofuzz") / "cti_requests.py"
    path.write_text(export(), encoding="utf-8")
    return path


def run(file: Path, script: str, *words: str) -> Any:
    """Run a script beside the file, in a process of its own: boofuzz brings warnings and threads."""
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=file.parent, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_it_is_the_same_every_time_and_needs_nothing_of_ours(file: Path) -> None:
    assert export() == file.read_text(encoding="utf-8")
    tree = ast.parse(export())
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        )
    }
    assert imported == {"boofuzz", "struct", "sys"}
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {message.spec.name for message in REQUESTS} <= defined


RENDERED = """
import json
import cti_requests as cti
def mutated(request):
    for mutations in request.get_mutations():
        yield request.render(__import__("boofuzz").mutation_context.MutationContext(
            mutations={one.qualified_name: one for one in mutations}))
made = {one.__name__: one().render().hex() for one in cti.QUERIES + cti.CONTROLS}
some = [frame.hex() for _, frame in zip(range(400), mutated(cti.stop_schedule()))]
print(json.dumps([made, [one.__name__ for one in cti.CONTROLS], some]))
"""


@needs_boofuzz
def test_what_boofuzz_renders_is_what_we_encode(file: Path) -> None:
    made, controls, some = run(file, RENDERED)
    assert made == {message.spec.name: sample_of(message).frame.hex() for message in REQUESTS}
    assert set(controls) == {message.spec.name for message in REQUESTS if message.spec.effect is CONTROL}
    assert made["login"] == encode(Login(username="", password="")).hex()
    right = 0
    for frame in map(bytes.fromhex, some):
        try:
            right += decode(frame, Direction.REQUEST).spec.name == "stop_schedule"
        except DecodeError:
            continue
    assert 0 < right < len(some)  # some have a wrong field, some a wrong length or checksum


FUZZED = """
import json, sys
import cti_requests as cti
session = cti.session("127.0.0.1", sys.argv[1], web_port=None, keep_web_open=False, fuzz_loggers=[],
    index_start=1, index_end=40, db_filename="results.db")
session.fuzz(name="login->get_serial_number")
print(json.dumps([session.num_cases_actually_fuzzed, len(session.edges)]))
"""


@needs_boofuzz
def test_it_fuzzes_a_cycler_behind_a_login(file: Path) -> None:
    requests: list[str] = []
    with running(
        Device(2),
        on_message=lambda direction, message, problems, peer: requests.append(message.spec.name),
    ) as server:
        cases, edges = run(file, FUZZED, str(server.port))
    queries = [message for message in REQUESTS if message.spec.effect is not CONTROL]
    assert cases >= 20
    assert edges == len(queries)
    assert requests.count("login") >= cases


def test_a_cycler_answers_each_as_it_is() -> None:
    for message in REQUESTS:
        sample = sample_of(message)
        came = Connection(Device(2)).receive(sample.frame)
        assert came or not message.spec.feedbacks, message.spec.name
