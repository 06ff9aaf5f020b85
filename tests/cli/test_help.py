"""`cti --help` and what it must not import."""

from __future__ import annotations

import subprocess
import sys

from tests.cli.running import ROOT

HEAVY = (
    "construct",
    "numpy",
    "pyarrow",
    "asyncio",
    "rich",
    "spoofer",
    "dpkt",
    "socket",
    "cti_schema.declare",
    "cti_client.client",
)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['cti', '--help']\n"
        "from cti_client.cli import main\n"
        "try: main()\n"
        f"finally: print('imported:', [name for name in {HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("assign", "call", "demo", "set-mv", "spoof", "start", "status", "stop"):
        assert f"\n  {command} " in done.stdout
    assert done.stdout.endswith("imported: []\n")
