"""What `cti dump` and `cti stats` write about a small conversation, for the page about them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cti_client.capture import CaptureWriter, Endpoint
from cti_client.dump.findings import KINDS
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.derive.reference import escape, table
from cti_schema.registry import registry

CLIENT, CYCLER = Endpoint("192.168.1.50", 50412), Endpoint("192.168.1.20", 9031)
AT = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC

#: Commands whose output is shown: name of the part -> arguments of `cti`.
COMMANDS: dict[str, list[str]] = {
    "dump_lines": ["dump", "morning.pcapng"],
    "dump_tree": ["dump", "-v", "-Y", "frame == 6", "morning.pcapng"],
    "dump_hex": ["dump", "-x", "-Y", "login", "morning.pcapng"],
    "dump_problems": ["dump", "--problems", "-t", "relative", "morning.pcapng"],
    "dump_fields": ["dump", "-Y", "voltage > 3", "-t", "relative", "-e", "time", "-e", "channel",
                    "-e", "voltage", "-e", "channels.current_a", "morning.pcapng"],
    "dump_csv": ["dump", "--csv", "morning.pcapng"],
    "dump_json": ["dump", "--json", "-Y", "problem", "morning.pcapng"],
    "dump_stats": ["stats", "morning.pcapng"],
}  # fmt: skip

#: Commands that fail, and what they say.
WRONG: dict[str, list[str]] = {
    "dump_wrong_filter": ["dump", "-Y", "start_schedule and chanel == 3", "morning.pcapng"],
    "dump_no_cti": ["dump", "--port", "502", "morning.pcapng"],
}


def parts(run: Callable[[list[str], Path, int], str]) -> dict[str, str]:
    """Return the parts by file name.

    Args:
        run: runs `cti` with arguments in a folder, checks its exit code, and returns what it writes.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        conversation(folder / "morning.pcapng")
        found = {f"{part}.txt": run(arguments, folder, 0) for part, arguments in COMMANDS.items()}
        found |= {f"{part}.txt": run(arguments, folder, 1) for part, arguments in WRONG.items()}
    rows = ([f"`{kind}`", escape(text)] for kind, text in KINDS.items())
    found["findings.md"] = "\n".join([*table(["kind", "what is wrong"], rows), ""])
    return found


def frame(name: str, **values: Any) -> bytes:
    """Return the frame of a message with its defaults but for these values."""
    return encode(default(registry().by_name(name), **values))


def conversation(file: Path) -> None:
    """Write a morning on which not everything went well."""
    layout: Any = registry().by_name("get_channels_info_feedback").spec.field("channels")
    reading = default(
        layout.item.record, channel_index=2, status=4, voltage_v=3.5, test_name="cell 7",
        schedule_name="formation.sdx", step_and_cycle="[1] 1: Rest_A, Rest",
    )  # fmt: skip
    read = frame("get_channels_info_feedback", channels=[reading])
    damaged = read[:-1] + bytes([read[-1] ^ 0x40])
    start = frame("start_schedule", test_name="cell 7", channel_indices=[2])
    ask = frame("get_channels_info", channel_index=2)
    said: list[tuple[float, str, bytes]] = [
        (0.0, "client", frame("login", username="ann", password="s3cret")),
        (0.012, "cycler", frame("login_feedback", result=1, channel_count=16, serial_number="207855")),
        (1.0, "client", ask),
        (1.009, "cycler", read),
        (2.0, "client", start),
        (2.031, "cycler", frame("start_schedule_feedback", channel_index=2, result=0x15)),
        (6.0, "client", frame("assign_schedule", channel_index=2, schedule_name="formation.sdx")),
        (6.75, "cycler", frame("assign_schedule_feedback", channel_index=2)),
        (7.0, "client", start),
        (7.04, "cycler", frame("start_schedule_feedback", channel_index=2)),
        (8.0, "client", ask),
        (8.009, "cycler", damaged),
        (9.0, "client", frame("stop_schedule", channel_index=2)),
        (21.5, "cycler", frame("stop_schedule_feedback", channel_index=2)),
    ]
    with CaptureWriter(file) as writer:
        connection = writer.connection(CLIENT, CYCLER, AT)
        for after, who, data in said:
            (connection.client_sent if who == "client" else connection.server_sent)(data, AT + after)
        connection.close(AT + 22)
