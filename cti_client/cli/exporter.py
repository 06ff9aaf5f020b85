"""`cti exporter`: the readings of a cycler, or of a fleet, as metrics for Prometheus."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cti_client.cli._common import Target, above_zero, target_options
from cti_client.cli._fleet import fleet_option, only_fleet, open_fleet

if TYPE_CHECKING:
    from collections.abc import Callable

    from cti_client.fleet import Fleet
    from cti_client.metrics import Metrics, MetricsServer
    from cti_client.record import Poll

#: Where metrics are served when nothing else is said.
_PORT = 9835


@click.command()
@click.option("--port", "metrics_port", type=click.IntRange(0, 65535), default=_PORT, show_default=True,
              help="Where metrics are served; 0 picks a free port.")  # fmt: skip
@click.option("--bind", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="The address to serve them on; 0.0.0.0 lets other computers ask.")  # fmt: skip
@partial(target_options, port="--cycler-port")
@fleet_option
@click.option("--rate", type=float, callback=above_zero, default=1.0, show_default=True, metavar="HZ",
              help="Polls per second; each is one request for all channels.")  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context, target: Target, fleet_file: Path | None, metrics_port: int, bind: str, rate: float
) -> None:
    """Serve the readings of all channels as metrics for Prometheus, until Ctrl-C.

    \b
    cti exporter --host 192.168.1.20
    cti exporter --port 9835 --bind 0.0.0.0 --fleet lab.toml

    Metrics are at http://ADDRESS:PORT/metrics; anybody who can reach it can read them. Only reads: nothing
    that runs on the cycler is changed. Needs the extra "metrics".
    """
    from cti_client.fleet_file import Place, read_fleet
    from cti_client.metrics import Metrics, MetricsServer
    from cti_client.record.clock import Grid

    if fleet_file is None:
        places = [Place(str(target), target.host, target.port)]
    else:
        only_fleet(ctx)
        places = read_fleet(fleet_file)
    period_s = Grid(rate).period_s
    with MetricsServer(bind, metrics_port) as server:
        fleet = open_fleet(places, target)
        metrics = Metrics(fleet.names, period_s, target.timeout_s)
        serve(fleet, metrics, server, rate)


def serve(fleet: Fleet, metrics: Metrics, server: MetricsServer, rate: float) -> None:
    """Poll and serve until Ctrl-C."""
    from cti_client.cli._ending import run_until_ended

    def say(sentence: str) -> None:
        from datetime import UTC, datetime

        from cti_client.dump.lines import safe

        click.echo(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {safe(sentence)}")

    what = fleet.names[0] if len(fleet.names) == 1 else f"{len(fleet.names)} cyclers"
    server.start(metrics)
    say(f"serving metrics of {what} at {rate:g} Hz on {server.url}")
    run_until_ended(_poll(fleet, rate, metrics.see, say))


async def _poll(fleet: Fleet, rate: float, see: Callable[[Poll], None], say: Callable[[str], None]) -> None:
    from cti_client.record.poller import Poller

    errors: dict[str, str | None] = {}

    def seen(poll: Poll) -> None:
        see(poll)
        if poll.cycler not in errors or (errors[poll.cycler] is None) != (poll.error is None):
            say(f"{poll.cycler}: {poll.error or f'{len(poll.readings)} channels'}")
        errors[poll.cycler] = poll.error

    async with fleet:
        try:
            await Poller(fleet, rate, seen, lambda step_s: None).run()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
