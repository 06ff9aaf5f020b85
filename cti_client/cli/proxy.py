"""`cti proxy`: between a client and a cycler, showing what they say."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from cti_client.cli._common import PORT, address, is_loopback
from cti_client.cli._output import leave_output
from cti_client.dump.times import FORMATS
from cti_schema.errors import ConfigurationError
from cti_schema.message import Direction

if TYPE_CHECKING:
    from cti_client.cli._views import View
    from cti_client.dump.filters import Filter
    from cti_client.proxy import Proxy


@click.command()
@click.argument("cycler", metavar="HOST[:PORT]")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="0 picks a free port.")  # fmt: skip
@click.option("--read-only", is_flag=True, help="Let no request through that changes something.")
@click.option("--record", "record_file", type=click.Path(dir_okay=False), metavar="FILE",
              help="Record the traffic as pcapng, passwords included.")  # fmt: skip
@click.option("-Y", "--filter", "condition", metavar="FILTER",
              help="Show only messages that pass, as in `cti dump`.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Show every field.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines.")
@click.option("-t", "--time", "times", type=click.Choice(list(FORMATS)), default="local", show_default=True,
              help="How times are written.")  # fmt: skip
@click.option("--show-secrets", is_flag=True, help="Show passwords; else *** stands there.")
def command(
    cycler: str,
    host: str,
    port: int,
    read_only: bool,
    record_file: str | None,
    condition: str | None,
    verbose: bool,
    as_json: bool,
    times: str,
    show_secrets: bool,
) -> None:
    """Listen here, forward to the cycler, and show what is said, as `cti dump` does.

    It needs no rights to capture, and works on Windows. Give your client this computer and --port in the
    place of the cycler. The first line on standard error is `listening on HOST:PORT`.

    \b
    cti proxy 192.168.1.20
    cti proxy --read-only --record look.pcapng 192.168.1.20:9031

    With --read-only a request that would change something is not sent on. It is answered with the
    protocol's own error, as if the user had no right to control.
    """
    import asyncio

    from cti_client.cli._output import Output
    from cti_client.cli._views import JsonView, TextView
    from cti_client.dump.filters import parse
    from cti_client.dump.times import Times
    from cti_client.proxy import Proxy

    there = _address(cycler)
    accepts = None if condition is None else parse(condition)
    out = Output(live=True)
    view: View
    if as_json:
        view = JsonView(out, show_secrets, unanswered=True)
    else:
        view = TextView(out, Times(times), show_secrets, verbose=verbose, as_hex=False)
    with ExitStack() as stack:
        taps: list[Any] = [_Watcher(view, accepts, there, verbose)]
        if record_file:
            from cti_client.cli._recorder import Recorder

            recorder = Recorder(record_file, lambda: there)
            stack.callback(recorder.close)
            taps.append(recorder)

        def tap(client: tuple[Any, ...], direction: Direction, data: bytes) -> None:
            for one in taps:
                one(client, direction, data)

        asyncio.run(_serve(Proxy(there, host=host, port=port, read_only=read_only, tap=tap)))


def _address(text: str) -> tuple[str, int]:
    """Return host and port of an address; an IPv6 address with a port stands in brackets."""
    host, port = text, str(PORT)
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        host, port = text.split(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigurationError(f"{text!r} is no HOST or HOST:PORT")
    return host, int(port)


class _Watcher:
    """Shows what goes through the proxy.

    Showing never disturbs what is shown: when the output cannot be written any more, that is said once, and
    the proxy goes on.
    """

    def __init__(self, view: View, accepts: Filter | None, server: tuple[str, int], spans: bool) -> None:
        from cti_client.capture import Connection, Endpoint
        from cti_client.dump.conversation import Conversations

        self._view = view
        self._accepts = accepts
        self._server = Endpoint(*server)
        self._conversations = Conversations(spans=spans)
        self._connections: dict[tuple[Any, ...], Connection] = {}
        self._count = 0
        self._lost = False

    def __call__(self, client: tuple[Any, ...], direction: Direction, data: bytes) -> None:
        """Show the messages that these bytes complete; without bytes the connection has ended."""
        if self._lost:
            return
        try:
            self._show(client, direction, data)
        except OSError as error:
            self._lost = True
            leave_output()
            click.echo(f"Warning: nothing is shown any more: {error.strerror or error}", err=True)

    def _show(self, client: tuple[Any, ...], direction: Direction, data: bytes) -> None:
        from cti_client.capture import Chunk, Closed, Connection, Endpoint
        from cti_client.dump.selection import passes

        connection = self._connections.get(client)
        if connection is None:
            if not data:
                return
            self._count += 1
            connection = Connection(self._count, Endpoint(client[0], client[1]), self._server)
            self._connections[client] = connection
        now = time.time()
        event: Chunk | Closed
        if data:
            sender = connection.client if direction is Direction.REQUEST else connection.server
            event = Chunk(now, connection, sender, data)
        else:
            del self._connections[client]
            event = Closed(now, connection, "closed")
        entries = self._conversations.feed(event)
        accepts = self._accepts
        self._view.show((one for one in entries if accepts is None or passes(one, accepts)), None)


async def _serve(proxy: Proxy) -> None:
    import logging

    from cti_client.cli._ending import told_to_end

    # What happens to connections is told as it happens; nothing else in the package writes log lines here.
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger("cti_client.proxy").addHandler(handler)
    try:
        with told_to_end() as told:
            await proxy.start()
            click.echo(f"listening on {address(proxy.host, proxy.port)}", err=True)
            if not is_loopback(proxy.host):
                click.echo(f"Warning: others can reach {proxy.host}.", err=True)
            await told.wait()
    finally:
        logging.getLogger("cti_client.proxy").removeHandler(handler)
        await proxy.close()
        if proxy.refused:
            click.echo(f"{proxy.refused} requests were not let through.", err=True)
