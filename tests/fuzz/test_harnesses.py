"""The harnesses without atheris: seeds, what was found, bytes of hypothesis; with it, a short run."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.harnesses import HARNESSES
from tests.fuzz.harnesses.running import FOUND, available, environment, write_corpus

FINDINGS = [(name, file) for name in HARNESSES for file in sorted((FOUND / name).glob("*"))]


def harness(name: str) -> Any:
    return import_module(f"tests.fuzz.harnesses.{name}")


@pytest.mark.parametrize(("name", "file"), FINDINGS, ids=[f"{name}-{file.name}" for name, file in FINDINGS])
def test_what_was_found(name: str, file: Path) -> None:
    harness(name).one_input(file.read_bytes())


def test_findings_belong_to_a_harness() -> None:
    assert {path.name for path in FOUND.glob("*")} <= set(HARNESSES)


@pytest.mark.parametrize("name", HARNESSES)
def test_seeds(name: str) -> None:
    seeds = list(harness(name).seeds())
    assert len(set(seeds)) > 5
    for seed in seeds[:: max(1, len(seeds) // 10)]:
        harness(name).one_input(seed)
        harness(name).one_input(seed[: len(seed) // 2])


@pytest.mark.parametrize("name", HARNESSES)
def test_any_bytes(name: str) -> None:
    one_input = harness(name).one_input

    @given(st.binary(max_size=80))
    @example(b"")
    def anything(data: bytes) -> None:
        one_input(data)

    anything()


def test_a_harness_notices() -> None:
    """Where a target breaks a promise, a harness fails: here a buffer that loses its last frame."""
    module = harness("frame_buffer")
    frame = module.frames()[0]
    module.one_input(b"\x00" + frame)

    class Losing(module.FrameBuffer):  # type: ignore[misc, name-defined]
        def feed(self, data: bytes) -> list[Any]:
            return list(super().feed(data)[:-1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FrameBuffer", Losing)
        with pytest.raises(AssertionError):
            module.one_input(b"\x00" + frame)


def test_a_corpus_is_made_of_the_seeds(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", [b"a", b"\x00b"])
    assert [file.read_bytes() for file in sorted((tmp_path / "corpus").iterdir())] == [b"a", b"\x00b"]


@pytest.mark.skipif(not available(), reason="atheris is not installed; it is for Linux")
@pytest.mark.parametrize("name", HARNESSES)
def test_a_short_run(name: str, tmp_path: Path) -> None:
    """libFuzzer starts on it, sees its branches, and finds nothing in a moment."""
    corpus = tmp_path / "corpus"
    seeds = sorted(set(harness(name).seeds()), key=len)[:10]
    write_corpus(corpus, seeds)
    command = [sys.executable, "-m", f"tests.fuzz.harnesses.{name}", str(corpus), "-runs=40", "-seed=1"]
    command += ["-max_total_time=5", f"-artifact_prefix={tmp_path}/"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "cov: " in ran.stderr
    assert not list(tmp_path.glob("crash-*"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no_such"], "there is no harness 'no_such'"),
        (["--replay", "x"], "--replay needs one harness"),
    ],
)
def test_bad_input(arguments: list[str], says: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz.harnesses", *arguments]
    ran = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2
    assert says in ran.stderr
