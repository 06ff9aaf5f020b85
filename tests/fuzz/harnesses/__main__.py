"""Run all harnesses, as many at a time as there are processors, and print what came of it as a table::

    python -m tests.fuzz.harnesses --seconds 60 --folder fuzz-harnesses

The folder keeps for each harness its corpus, which the next run goes on with, its log, and what was found:
inputs called crash-, timeout- or oom-. Look at one with `--replay FILE HARNESS`. A finding goes into
``found/HARNESS/``, where it is a test.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.fuzz.harnesses import HARNESSES
from tests.fuzz.harnesses.running import HERE, available, environment

#: What libFuzzer calls inputs that it found.
_FOUND = ("crash-*", "timeout-*", "oom-*")

#: What a process may take to come to its end.
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one harness.

    Attributes:
        name: of the harness.
        executions: inputs that were tried.
        seconds: that it took.
        coverage: branches that were seen.
        corpus: inputs that show different branches.
        found: files with inputs that failed, of all runs.
        code: exit code.
    """

    name: str
    executions: int
    seconds: float
    coverage: int
    corpus: int
    found: list[Path]
    code: int

    def line(self) -> str:
        """Return a line of the table."""
        rate = self.executions / max(self.seconds, 1e-9)
        found = ", ".join(file.name for file in self.found) or ("none" if self.code == 0 else "see the log")
        return f"{self.name:<16}{self.executions:>11}{rate:>9.0f}{self.coverage:>10}{self.corpus:>8}  {found}"


HEAD = f"{'harness':<16}{'inputs':>11}{'per s':>9}{'branches':>10}{'corpus':>8}  found"


def run(name: str, folder: Path, seconds: float, seed: int) -> Ran:
    """Run one harness in a process of its own."""
    home = folder / name
    (home / "corpus").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", f"tests.fuzz.harnesses.{name}", str(home / "corpus")]
    command += [f"-max_total_time={max(1, round(seconds))}", f"-seed={seed}", "-print_final_stats=1"]
    command += [f"-artifact_prefix={home}{os.sep}"]
    began = time.monotonic()
    with (home / "log.txt").open("w", encoding="utf-8") as log:
        try:
            code = subprocess.run(
                command, stdout=log, stderr=log, cwd=home, env=environment(), timeout=seconds + _PATIENCE_S
            ).returncode
        except subprocess.TimeoutExpired:
            code = 1
            log.write("\nit did not come to its end\n")
    text = (home / "log.txt").read_text(encoding="utf-8", errors="replace")
    return Ran(
        name,
        _last(text, r"stat::number_of_executed_units:\s+(\d+)") or _last(text, r"^#(\d+)"),
        time.monotonic() - began,
        _last(text, r"\bcov: (\d+)"),
        _last(text, r"\bcorp: (\d+)"),
        sorted(file for pattern in _FOUND for file in home.glob(pattern)),
        code,
    )


def _last(text: str, pattern: str) -> int:
    found = re.findall(pattern, text, re.MULTILINE)
    return int(found[-1]) if found else 0


def main() -> int:
    """Run the command, and return its exit code: 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument(
        "harness", nargs="*", metavar="HARNESS", help=f"of {', '.join(HARNESSES)}; by default all"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for each")
    parser.add_argument("--folder", type=Path, default=Path("fuzz-harnesses"))
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer; 0 is a random one")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="give this input to the harness, and end")
    given = parser.parse_args()
    names = given.harness or list(HARNESSES)
    for name in names:
        if name not in HARNESSES:
            parser.error(f"there is no harness {name!r}: choose from {', '.join(HARNESSES)}")
    if given.replay is not None:
        if len(given.harness) != 1:
            parser.error("--replay needs one harness")
        import_module(f"tests.fuzz.harnesses.{names[0]}").one_input(given.replay.read_bytes())
        return 0
    if not available():
        parser.error("atheris is not installed: pip install atheris (Linux)")
    folder = given.folder.resolve()
    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        ran = list(pool.map(lambda name: run(name, folder, given.seconds, given.seed), names))
    print(HEAD, *(one.line() for one in ran), sep="\n")
    print(f"kept in {folder}; what was found belongs into {HERE.name}/found/HARNESS, where it is a test")
    return 1 if any(one.code or one.found for one in ran) else 0


if __name__ == "__main__":
    sys.exit(main())
