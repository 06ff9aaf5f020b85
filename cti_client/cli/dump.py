"""`cti dump`: captures, live traffic and files of frames as a conversation: lines, trees, tables or JSON."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cti_client.dump.times import FORMATS
from cti_schema.errors import CTIError, InputError

if TYPE_CHECKING:
    from cti_client.cli._views import View
    from cti_client.dump.conversation import Conversations, Entry
    from cti_client.dump.filters import Filter
    from cti_client.dump.sources import Input


@click.command()
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("-i", "--interface", metavar="NAME",
              help="Live from a network interface, through Wireshark's dumpcap.")  # fmt: skip
@click.option("-Y", "--filter", "condition", metavar="FILTER",
              help="Only messages that pass, like 'start_schedule and channel == 3'.")  # fmt: skip
@click.option("--follow", type=click.IntRange(1), metavar="N", help="Only the connection of that number.")
@click.option("--problems", is_flag=True, help="Only what is wrong, with what stands around it.")
@click.option("-v", "--verbose", is_flag=True,
              help="Show every field: offset, length, bytes, value, meaning.")  # fmt: skip
@click.option("-x", "--hex", "as_hex", is_flag=True, help="Show the bytes, with the fields' names.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines.")
@click.option("--csv", "as_csv", is_flag=True, help="A table in CSV, with a line of names.")
@click.option("-e", "--field", "fields", multiple=True, metavar="FIELD",
              help="A column of a table; may be given several times.")  # fmt: skip
@click.option("-t", "--time", "times", type=click.Choice(list(FORMATS)), default="local", show_default=True,
              help="How times are written.")  # fmt: skip
@click.option("--timeout", "timeout_s", type=click.FloatRange(0, min_open=True), default=10.0,
              show_default=True, metavar="SECONDS",
              help="A request counts as unanswered after that time.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), metavar="N",
              help="Only connections with this port, whether or not they look like CTI.")  # fmt: skip
@click.option("--show-secrets", is_flag=True, help="Show passwords; else *** stands there.")
def command(
    files: tuple[str, ...],
    interface: str | None,
    condition: str | None,
    follow: int | None,
    problems: bool,
    verbose: bool,
    as_hex: bool,
    as_json: bool,
    as_csv: bool,
    fields: tuple[str, ...],
    times: str,
    timeout_s: float,
    port: int | None,
    show_secrets: bool,
) -> None:
    """Show CTI traffic as a conversation, one line for each message.

    FILE is a capture (pcap or pcapng, also gzipped), raw bytes or hex text of frames; which of them is
    found out. "-" is standard input. CTI is recognised on any port.

    \b
    cti dump capture.pcapng
    cti dump -v capture.pcapng | less
    cti dump -Y 'result != success or response_time > 0.5' capture.pcapng
    cti dump -Y get_channels_info_feedback -e time -e channel -e voltage_v capture.pcapng
    cti dump --json capture.pcapng | jq 'select(.problems)'
    cti dump -i eth0

    A line has the number of the frame, the time, the number of the connection, -> for a request or <- for
    a feedback, the message, the fields that matter, behind a ! what is wrong with it, and for a feedback the
    request that it answers. Fields have their names of the wire, as in the JSON: channel_index=4 is channel 5
    on the cycler's screen.

    A filter has names of messages and fields, == != < <= > >=, contains, in {..}, and, or, not and
    parentheses. Besides fields it knows channel (from 1), message, direction, effect, code, length, problem,
    frame, time, connection, client, server, answer, late, duplicate, unsolicited, response_to, response_time.

    JSON Lines have the shape of `cti decode`, and beside it "frame", and of a capture "time" (Unix time in
    seconds), "connection", "client", "server", "response_to" and "response_time". Bytes missing in the
    capture have a line with "gap", bytes that belong to no frame one with "stray", and with --problems
    requests without an answer one with "unanswered". Notes about the file itself go to standard error.
    """
    if bool(files) == (interface is not None):
        raise click.UsageError("Give files, or --interface.")
    table = as_csv or bool(fields)
    if sum((verbose or as_hex, as_json, table)) > 1:
        raise click.UsageError("Choose one of -v/-x, --json, and a table (--csv, -e).")
    from cti_client.cli._output import Output
    from cti_client.cli._views import JsonView, TableView, TextView
    from cti_client.dump.filters import parse
    from cti_client.dump.times import Times

    accepts = None if condition is None else parse(condition)
    out = Output(live="-" in files or interface is not None)
    view: View
    if as_json:
        view = JsonView(out, show_secrets, unanswered=problems)
    elif table:
        view = TableView(out, fields, show_secrets, csv=as_csv)
    else:
        view = TextView(out, Times(times), show_secrets, verbose=verbose, as_hex=as_hex)
    spans = verbose or as_hex

    def show(file: str | None) -> None:
        with closing(_entries(file, interface, spans, port, timeout_s)) as entries:
            view.show(_selected(entries, accepts, follow, problems), file if len(files) > 1 else None)

    failed = False
    for file in files or (None,):
        try:
            show(file)
        except (CTIError, OSError) as error:
            if isinstance(error, BrokenPipeError) or len(files) <= 1:
                raise
            text = f"{file}: {error.strerror or error}" if isinstance(error, OSError) else str(error)
            out.flush()
            click.echo(f"Error: {text}", err=True)
            failed = True
        finally:
            out.flush()
    if failed:
        sys.exit(1)


def _selected(
    entries: Iterable[Entry], accepts: Filter | None, follow: int | None, problems: bool
) -> Iterator[Entry | None]:
    """Yield the entries that are asked for; ``None`` between groups that do not follow each other."""
    from cti_client.dump.selection import passes, with_context

    if follow is not None:
        entries = (one for one in entries if one.link is not None and one.link.number == follow)
    if accepts is not None:
        entries = (one for one in entries if passes(one, accepts))
    return with_context(entries) if problems else iter(entries)


def _entries(
    file: str | None, interface: str | None, spans: bool, port: int | None, timeout_s: float
) -> Generator[Entry, None, None]:
    """Yield what is in a file or comes by an interface, and tell the notes about it at its end.

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
