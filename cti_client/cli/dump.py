"""`cti dump`: captures, live traffic and files of frames as a conversation: lines, trees, tables or JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import click

from cti_client.dump.times import FORMATS
from cti_schema.errors import CTIError

if TYPE_CHECKING:
    from cti_client.cli._views import View
    from cti_client.dump.conversation import Entry
    from cti_client.dump.filters import Filter


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
@click.option("-t", "--time", "times", type=click.Choice(list(FORMATS)),
              help="How times are written: by default local, in tables epoch.")  # fmt: skip
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
    times: str | None,
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
    frame, time, connection, client, server, answer, late, duplicate, unsolicited, unanswered, response_to,
    response_time.

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
    from cti_client.cli._entries import entries_of
    from cti_client.cli._output import Output
    from cti_client.cli._views import JsonView, TableView, TextView
    from cti_client.dump.filters import parse
    from cti_client.dump.selection import followed
    from cti_client.dump.times import Times

    accepts = None if condition is None else parse(condition)
    live = "-" in files or interface is not None
    out = Output(live=live)
    clock = Times(times or ("epoch" if table else "local"))
    view: View
    if as_json:
        view = JsonView(out, show_secrets, unanswered=problems)
    elif table:
        view = TableView(out, fields, clock, show_secrets, csv=as_csv)
    else:
        view = TextView(out, clock, show_secrets, verbose=verbose, as_hex=as_hex)
    spans = verbose or as_hex

    def noted(entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            clock.begin(entry.time)
            yield entry

    def show(file: str | None) -> None:
        clock.restart()
        with closing(entries_of(file, interface, spans, port, timeout_s)) as found:
            entries = noted(found)
            if follow is not None:
                entries = followed(entries, follow)
            view.show(_selected(entries, accepts, problems), file if len(files) > 1 else None)

    failed = False
    for file in files or (None,):
        try:
            show(file)
        except KeyboardInterrupt:
            if not live:
                raise
            break  # that is how live traffic ends
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


def _selected(entries: Iterable[Entry], accepts: Filter | None, problems: bool) -> Iterator[Entry | None]:
    """Yield the entries that are asked for; ``None`` between groups that do not follow each other."""
    from cti_client.dump.selection import passes, with_context

    if accepts is not None:
        entries = (one for one in entries if passes(one, accepts))
    return with_context(entries) if problems else iter(entries)
