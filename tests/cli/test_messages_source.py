"""`cti messages NAME --source`: the Python source that parses and builds a message."""

from __future__ import annotations

from cti_schema.compile.compiled import source
from cti_schema.registry import registry
from tests.cli.running import Run, process, run_fixture  # noqa: F401


def test_the_source_of_a_message(run: Run) -> None:
    ran = run("messages", "stop_schedule", "--source")
    assert ran.code == 0
    assert ran.lines == source(registry().by_name("stop_schedule")).rstrip("\n").splitlines()
    assert "def parse(data, p, end, strict):" in ran.lines
    compile("\n".join(ran.lines), "stop_schedule", "exec")


def test_a_source_is_that_of_one_message(run: Run) -> None:
    for arguments in (["--source"], ["stop_schedule", "--source", "--json"]):
        ran = run("messages", *arguments)
        assert ran.code != 0
        assert "--source needs the NAME of a message" in ran.err
    assert "did you mean 'stop_schedule'?" in run("messages", "stop_schedul", "--source").err
