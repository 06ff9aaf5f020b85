"""What the documentation shows is true: its programs run, its types check, its README works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("*.md")])
PROGRAMS = sorted(path.name for path in EXAMPLES.glob("*.py"))

#: One line that each program must write, or a part of it: that it runs is not enough.
EXPECTED = {
    "any_request.py": "GetSerialNumberFeedback(serial_number=100001, result=<GetSerialResult.SUCCESS: 0>)",
    "battfeed_feed.py": "100001-channel-2 True test_time_second,voltage_volt,current_ampere",
    "behaviour.py": "after: 9 no such channel",
    "build_request.py": "test_name: the text has 73 units, the field 72",
    "byte_stream.py": "133 62 get_channels_info",
    "closed_loop.py": "full at 4.2 V, {'mv_ud1': 0.0}",
    "columns.py": "voltage_v 3.5 to 4.25 V",
    "control.py": "\n3 rest 3.6 V\n",
    "control_async.py": "tuesday: started [1, 2], channel 1 rest",
    "dask_export.py": "720 readings of 3 captures written to readings\nday=2023-11-14 120 readings",
    "decode_frame.py": "the same bytes again: True",
    "decode_leniently.py": "count - channel_indices at offset 172",
    "derived.py": "decodes to what was encoded: True",
    "faults.py": "the journal says: stop_schedule drop",
    "errors.py": "OutcomeUnknown: the outcome of stop_schedule is not known",
    "fleet.py": "north ['idle', 'idle']\nsouth ConnectError",
    "from_pycti.py": "channel 3 rest monday\nResultError: channel 3: stop_schedule was refused: ",
    "in_memory.py": "0.62 Ah, 1809 s",
    "json_shape.py": "the same bytes again: True",
    "look_only.py": "idle\nchannel 1: assign_schedule was refused: ",
    "look_at_declarations.py": "['stop_schedule_feedback'] {'channel_index': 'channel_index'}",
    "pandas_readings.py": "times in UTC\n['cell-1', 'cell-2'] [True, True]",
    "polars_readings.py": "[(1, 'cell-1', True), (2, 'cell-2', True)]\n['Test Time / s', 'Voltage / V', ",
    "record.py": "4 assign_schedule_feedback channel_index=0 result=success",
    "scenario.py": "600 s: channel 2 unsafe, channel 3 2.50 V",
    "resolve.py": "start_schedule: channel 2: took effect, it runs 'cell 7'",
    "schedule.py": "Finished after more than 1 h",
    "test_with_fixtures.py": "3 passed",
    "test_with_spoofer.py": "1 passed",
    "watch_rules.py": "fired channel unsafe: north channel 2: status == unsafe or",
}

#: What a program needs that not everybody has.
NEEDS = {
    "battfeed_feed.py": "battfeed",
    "columns.py": "pyarrow",
    "dask_export.py": "distributed",
    "pandas_readings.py": "pandas",
    "polars_readings.py": "polars",
}


def run(*arguments: str, more: Mapping[str, str] | None = None) -> str:
    """Run Python with warnings as errors in the folder of the examples, and return what it writes."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=EXAMPLES,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **(more or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def run_tests(*arguments: str) -> str:
    """Run pytest likewise, with no other plugin than the project's."""
    plugins = ("-p", "no:cacheprovider", "-p", "spoofer.pytest_plugin")
    return run("-m", "pytest", *plugins, *arguments, more={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})


def test_every_example_is_expected_to_write_something() -> None:
    assert sorted(EXPECTED) == PROGRAMS


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_example_runs_and_writes_what_it_should(program: str) -> None:
    if program in NEEDS:
        pytest.importorskip(NEEDS[program])
    written = run_tests(program) if program.startswith("test_") else run(program)
    assert EXPECTED[program] in written


def test_the_examples_pass_the_type_checker() -> None:
    # An editable install is found by an import hook, which a type checker does not see: hence MYPYPATH.
    path = {"MYPYPATH": os.pathsep.join([str(ROOT), str(EXAMPLES)])}
    cache = f"--cache-dir={ROOT / '.mypy_cache'}"
    done = run("-m", "mypy", "--strict", "--explicit-package-bases", cache, ".", more=path)
    assert done.startswith("Success")


def test_every_example_is_shown_on_a_page() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    unused = [program for program in PROGRAMS if f"examples/{program}" not in pages]
    assert unused == []


def test_the_pages_show_only_files_that_are_there_or_computed() -> None:
    included = re.compile(r"(?:literalinclude\}|include\}|:file:) (\S+)")
    for page in PAGES:
        for name in included.findall(page.read_text(encoding="utf-8")):
            if not name.startswith("reference/_parts/"):
                assert (page.parent / name).is_file(), f"{page.name}: {name}"


def test_the_pages_have_no_python_of_their_own_that_nobody_runs() -> None:
    """Programs on pages are files in `examples`; the README, which cannot include files, is run below."""
    for page in DOCS.glob("*.md"):
        assert "```python" not in page.read_text(encoding="utf-8"), page.name


def test_the_programs_of_the_readme_run(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    assert run("-c", blocks[0]) == "StopSchedule(channel_index=13, stop_all=0)\n"
    lines = run("-c", blocks[1]).splitlines()
    assert len(lines) == 16
    assert lines[0].startswith("1 rest 3.")
    test = tmp_path / "test_readme.py"
    test.write_text(blocks[2], encoding="utf-8")
    assert "1 passed" in run_tests(str(test))


def test_the_readme_says_the_commands_that_the_checks_use() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    checks = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert 'pip install -e ".[dev]" && pytest -n auto\n' in readme
    assert '".[dev]"\n' in checks
    assert checks.rstrip().endswith("pytest -n auto")


def test_the_commands_on_the_pages_exist() -> None:
    import click

    from cti_client.cli import cti

    known = set(cti.list_commands(click.Context(cti)))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r"^(?:\$ )?cti (?:--messages \S+ )?([a-z][a-z-]*)", text, re.MULTILINE):
            assert name in known, f"{page.name}: cti {name}"
