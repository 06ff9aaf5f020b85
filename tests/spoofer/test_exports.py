"""The public surface of the spoofer."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import spoofer


def test_public_names() -> None:
    assert sorted(spoofer.__all__) == [
        "AsyncMemoryLink",
        "Cell",
        "CellParameters",
        "Channel",
        "Connection",
        "Control",
        "Device",
        "Fault",
        "Faults",
        "Folder",
        "Journal",
        "MemoryLink",
        "OnMessage",
        "Phase",
        "Reading",
        "Replay",
        "Scenario",
        "Schedule",
        "Session",
        "Spoofer",
        "Step",
        "User",
        "VirtualClock",
        "linked",
        "reply_to",
        "running",
    ]
    assert all(hasattr(spoofer, name) for name in spoofer.__all__)


def test_the_device_and_what_is_under_it_know_no_bytes_and_no_sockets() -> None:
    package = Path(spoofer.__file__).parent
    under = [file for folder in ("battery", "machine") for file in sorted((package / folder).glob("*.py"))]
    assert len(under) > 15
    for file in [package / "device.py", package / "users.py", *under]:
        name = file.name
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {
            node.module if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        for module in imported:
            assert module is not None
            assert not module.startswith(
                ("asyncio", "socket", "cti_schema.wire", "spoofer.server", "spoofer.serving")
            ), name


def test_the_log_is_silent_by_default() -> None:
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("spoofer").handlers)
