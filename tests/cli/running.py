"""Runs the `cti` command as a user does, in this process or in one of its own."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cti_client.cli import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


class _Text(io.TextIOWrapper):
    """A standard stream in memory."""

    def __init__(self, data: bytes = b"", encoding: str = "utf-8", terminal: bool = False) -> None:
        super().__init__(io.BytesIO(data), encoding=encoding, newline="\n", write_through=True)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def all(self) -> bytes:
        self.seek(0)
        return self.buffer.read()


Run = Callable[..., Ran]


@pytest.fixture(name="run")
def run_fixture(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `cti` with these arguments: errors become a sentence and an exit code, as for a user."""

    def run(
        *arguments: str | Path,
        stdin: bytes | str = b"",
        encoding: str = "utf-8",
        terminal: bool = False,
    ) -> Ran:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = _Text(encoding=encoding, terminal=terminal), _Text()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["cti", *map(str, arguments)])
            patch.setattr(sys, "stdin", _Text(data))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = 0
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        return Ran(code, out.all(), err.all().decode())

    return run


def process(*arguments: str | Path, stdin: bytes = b"") -> Ran:
    """Run `cti` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "cti_client.cli", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        timeout=60,
    )
    return Ran(done.returncode, done.stdout, done.stderr.decode())
