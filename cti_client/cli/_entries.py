"""What a file, standard input or a network interface has for the commands that look at traffic."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cti_schema.errors import InputError

if TYPE_CHECKING:
    from cti_client.dump.conversation import Conversations, Entry
    from cti_client.dump.sources import Input


def entries_of(
    file: str | None,
    interface: str | None = None,
    spans: bool = False,
    port: int | None = None,
    timeout_s: float = 10.0,
) -> Generator[Entry, None, None]:
    """Yield what is in a file or comes by an interface, and tell the notes about it at its end.

    Args:
        file: its path, or ``-`` for standard input; ``None`` for the interface.
        interface: name of a network interface.
        spans: collect where each field stands, for trees.
        port: only connections with this port.
        timeout_s: seconds after which a request counts as unanswered.

    Raises:
        CTIError: it is neither a capture nor frames, or there is no CTI in it.
        OSError: it cannot be read.
    """
    from cti_client.dump.conversation import Conversations, Missed, heard_frames
    from cti_client.dump.live import live
    from cti_client.dump.sources import FrameSource, Input

    if file is None:
        assert interface is not None
        with live(interface, port) as stream:
            conversations = Conversations(spans=spans, port=port, timeout_s=timeout_s)
            yield from _capture(Input(stream, f"interface {interface}"), conversations)
        return
    if file != "-" and Path(file).is_dir():
        raise InputError(f"{file}: a folder; give its files")
    with Input(sys.stdin.buffer if file == "-" else file) as source:
        if source.kind == "empty":
            raise InputError(f"{source.name}: empty")
        if source.kind == "capture":
            conversations = Conversations(spans=spans, port=port, timeout_s=timeout_s)
            ports = yield from _capture(source, conversations)
            if not conversations.messages:
                raise InputError(f"{source.name}: {_no_cti(port, ports)}")
            return
        frames = FrameSource(source)
        try:
            yield from heard_frames(frames, spans=spans)
        except InputError:
            seems = source.seems()
            if frames.frames or "hex text" in seems:
                raise
            raise InputError(seems) from None
        if not frames.frames:
            raise InputError(source.seems())
        if frames.stray:
            yield Missed("stray", frames.stray)


def _capture(source: Input, conversations: Conversations) -> Generator[Entry, None, set[int]]:
    """Yield what is in a capture, tell its notes, and return the ports that had TCP."""
    from cti_client.capture import CaptureReader

    reader = CaptureReader(source.stream)
    for event in reader:
        yield from conversations.feed(event)
    for note in reader.notes:
        click.echo(f"Note: {source.name}: {note}", err=True)
    return reader.tcp_ports


def _no_cti(port: int | None, ports: set[int]) -> str:
    where = "" if port is None else f" on port {port}"
    if not ports:
        return f"no CTI in it{where}, and no other TCP either"
    return f"no CTI in it{where}; it has TCP to the ports {', '.join(map(str, sorted(ports)))}"
