"""`cti dump`: captures and files of frames as a conversation: lines, trees or JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cti_schema.errors import CTIError, InputError

if TYPE_CHECKING:
    from cti_client.cli._output import Output
    from cti_client.dump.conversation import Entry
    from cti_client.dump.sources import Input


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "-v", "--verbose", is_flag=True, help="Show every field: offset, length, bytes, value, meaning."
)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="N",
              help="Only connections with this port, whether or not they look like CTI.")  # fmt: skip
@click.option("--show-secrets", is_flag=True, help="Show passwords; else *** stands there.")
def command(
    files: tuple[str, ...], verbose: bool, as_json: bool, port: int | None, show_secrets: bool
) -> None:
    """Show CTI traffic as a conversation, one line for each message.

    FILE is a capture (pcap or pcapng, also gzipped), raw bytes or hex text of frames; which of them is
    found out. "-" is standard input. CTI is recognised on any port.

    \b
    cti dump capture.pcapng
    cti dump -v capture.pcapng | less
    cti dump --json capture.pcapng | jq 'select(.problems)'

    A line has the number of the frame, the local time, the number of the connection, -> for a request or
    <- for a feedback, the message, the fields that matter, and behind a ! what is wrong with it. Fields have
    their names of the wire, as in the JSON: channel_index=4 is channel 5 on the cycler's screen.

    JSON Lines have the shape of `cti decode`, and beside it "frame", and of a capture "time" (Unix time in
    seconds), "connection", "client" and "server". Bytes missing in the capture have a line with "gap", bytes
    that belong to no frame one with "stray". Notes about the file itself go to standard error.
    """
    from cti_client.cli._output import Output

    out = Output(live="-" in files)
    failed = False
    for file in files:
        if len(files) > 1 and not as_json:
            out.line(out.paint("head", f"==> {file} <=="))
        try:
            _dump(file, out, verbose, as_json, port, show_secrets, name_file=len(files) > 1)
        except (CTIError, OSError) as error:
            if isinstance(error, BrokenPipeError) or len(files) == 1:
                raise
            text = f"{file}: {error.strerror or error}" if isinstance(error, OSError) else str(error)
            out.flush()
            click.echo(f"Error: {text}", err=True)
            failed = True
        finally:
            out.flush()
    if failed:
        sys.exit(1)


def _dump(
    file: str, out: Output, verbose: bool, as_json: bool, port: int | None, secrets: bool, *, name_file: bool
) -> None:
    """Show one file.

    Raises:
        CTIError: it is not what it should be, or there is no CTI in it.
        OSError: it cannot be read.
    """
    from cti_client.dump.jsonlines import dumps, entry_json
    from cti_client.dump.sources import Input

    if file != "-" and Path(file).is_dir():
        raise InputError(f"{file}: a folder; give its files")
    with Input(sys.stdin.buffer if file == "-" else file) as source:
        if source.kind == "empty":
            raise InputError(f"{source.name}: empty")
        view = _Text(out, verbose, secrets)
        for entry in _entries(source, verbose and not as_json, port):
            if as_json:
                named = {"file": file} if name_file else {}
                out.line(dumps(named | entry_json(entry, secrets=secrets), out.encoding))
            else:
                view.show(entry)


def _entries(source: Input, spans: bool, port: int | None) -> Iterator[Entry]:
    """Yield what is in a file, and tell the notes about it at its end.

    Raises:
        CTIError: it is neither a capture nor frames, or there is no CTI in it.
    """
    from cti_client.dump.conversation import Conversations, Missed, heard_frames
    from cti_client.dump.sources import FrameSource

    if source.kind == "capture":
        from cti_client.capture import CaptureReader

        reader = CaptureReader(source.stream)
        conversations = Conversations(spans=spans, port=port)
        for event in reader:
            yield from conversations.feed(event)
        for note in reader.notes:
            click.echo(f"Note: {source.name}: {note}", err=True)
        if not conversations.messages:
            raise InputError(f"{source.name}: {_no_cti(port, reader.tcp_ports)}")
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


def _no_cti(port: int | None, ports: set[int]) -> str:
    where = "" if port is None else f" on port {port}"
    if not ports:
        return f"no CTI in it{where}, and no other TCP either"
    return f"no CTI in it{where}; it has TCP to the ports {', '.join(map(str, sorted(ports)))}"


class _Text:
    """Entries as text, with a line for each new connection and each new day."""

    def __init__(self, out: Output, verbose: bool, secrets: bool) -> None:
        self._out = out
        self._verbose = verbose
        self._secrets = secrets
        self._connections: set[int] = set()
        self._day = ""

    def show(self, entry: Entry) -> None:
        from cti_client.dump.conversation import Heard
        from cti_client.dump.lines import connection_line, entry_line
        from cti_client.dump.treetext import HEADINGS, tree_lines
        from cti_schema.derive.tree import tree

        paint = self._out.paint
        if entry.time is not None:
            local = datetime.fromtimestamp(entry.time).astimezone()
            day = f"{local:%Y-%m-%d}, times in {local.tzinfo}"
            if day != self._day:
                self._day = day
                self._out.line(paint("side", f"-- {day}"))
        if entry.link is not None and entry.link.number not in self._connections:
            self._connections.add(entry.link.number)
            self._out.line(paint("side", f"-- {connection_line(entry.link)}"))
        self._out.line(entry_line(entry, zone=None, secrets=self._secrets, paint=paint))
        if self._verbose and isinstance(entry, Heard):
            self._out.line(paint("side", HEADINGS))
            for line in tree_lines(tree(entry.decoded, secrets=self._secrets), paint=paint):
                self._out.line(line)
            self._out.line("")
