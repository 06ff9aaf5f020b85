"""`cti log`: readings of a cycler, or of a fleet, straight into a database or files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cti_client.cli._common import Target, above_zero, on_terminal, target_options
from cti_client.cli._fleet import fleet_option, only_fleet, open_fleet

if TYPE_CHECKING:
    from collections.abc import Callable

    from cti_client.fleet import Fleet
    from cti_client.metrics import MetricsServer
    from cti_client.record import Logger, Sink

#: Less room than that on the disk is none.
_LEAST_FREE = 10_000_000


@click.command()
@target_options
@fleet_option
@click.option("--to", "targets", multiple=True, default=["readings.sqlite"], show_default=True,
              metavar="TARGET", help="Where to; may be given several times.")  # fmt: skip
@click.option("--rate", type=float, callback=above_zero, default=1.0, show_default=True, metavar="HZ",
              help="Polls per second; each is one request for all channels.")  # fmt: skip
@click.option("--spool", "spool_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="What waits for a target that is away.  [default: readings.spool, or the next that "
                   "no other logger uses]")  # fmt: skip
@click.option("--spool-size", type=click.IntRange(1, 1_000_000), default=1000, show_default=True,
              metavar="MB", help="How much may wait; when it is full, the oldest goes.")  # fmt: skip
@click.option("--metrics-port", type=click.IntRange(0, 65535), metavar="PORT",
              help="Also serve metrics there, as `cti exporter`, and those of targets.")  # fmt: skip
@click.option("--metrics-bind", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="The address to serve them on.")  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context,
    target: Target,
    fleet_file: Path | None,
    targets: tuple[str, ...],
    rate: float,
    spool_file: Path | None,
    spool_size: int,
    metrics_port: int | None,
    metrics_bind: str,
) -> None:
    """Log the readings of all channels until Ctrl-C.

    \b
    cti log --host 192.168.1.20
    cti log --fleet lab.toml --to readings.sqlite --to postgresql://lab@db.example/cycling
    cti log --fleet lab.toml --to parquet:readings --to bdf.csv:tests

    TARGET is FILE.sqlite, a database's URL (extra "db"), parquet:FOLDER (extra "columns"), bdf.csv:FOLDER or
    bdf.parquet:FOLDER. Only reads: nothing that runs on the cycler is changed. Charge current is positive.
    """
    from cti_client.fleet_file import Place, read_fleet
    from cti_client.record import open_sink
    from cti_client.record.clock import Grid

    if fleet_file is None:
        places = [Place(str(target), target.host, target.port)]
    else:
        only_fleet(ctx)
        places = read_fleet(fleet_file)
    Grid(rate)
    server = None
    if metrics_port is not None:
        from cti_client.metrics import MetricsServer

        server = MetricsServer(metrics_bind, metrics_port)
        ctx.call_on_close(server.close)
    fleet = open_fleet(places, target)
    _check_room((spool_file or Path("readings.spool")).absolute().parent)
    sinks: list[Sink] = []
    try:
        for one in dict.fromkeys(targets):
            sinks.append(open_sink(one))
        log(fleet, sinks, spool_file, spool_size * 1_000_000, rate, target.timeout_s, server)
    finally:
        for sink in sinks:
            sink.close()


def log(
    fleet: Fleet,
    sinks: list[Sink],
    spool_file: Path | None,
    spool_size: int,
    rate: float,
    timeout_s: float,
    server: MetricsServer | None,
) -> None:
    """Log until Ctrl-C."""
    from cti_client.cli._ending import run_until_ended
    from cti_client.cli._log_view import LiveView, PlainView

    view = LiveView(fleet) if on_terminal() else PlainView()
    options: dict[str, Any] = {"rate_hz": rate, "spool_size": spool_size, "say": view.say}
    if server is not None:
        from cti_client.metrics import Metrics

        metrics = Metrics(fleet.names, 1.0 / rate, timeout_s, lambda: running.sinks)
        options["on_poll"] = metrics.see

    def logger(spool: Path) -> Logger:
        from cti_client.record import Logger

        return Logger(fleet, sinks, spool, **options)

    with _logger(logger, spool_file) as running:  # at its end, what is gathered is written
        view.begin(running, fleet.names, rate)
        if server is not None:
            server.start(metrics)
            view.say(f"metrics: {server.url}")
        try:
            run_until_ended(_run(running, fleet, view.show))
        finally:
            view.end()
    view.sum_up(running)


async def _run(logger: Logger, fleet: Fleet, show: Callable[[Logger], None]) -> None:
    import asyncio

    async def shown() -> None:
        while True:
            show(logger)
            await asyncio.sleep(0.5)

    async with fleet:
        showing = asyncio.create_task(shown())
        try:
            await logger.run()
        finally:
            showing.cancel()


def _logger(make: Callable[[Path], Logger], spool_file: Path | None) -> Logger:
    """Return a logger, with the first spool that no other one uses where none was named."""
    from cti_client.record.spool import SpoolInUse

    if spool_file is not None:
        return make(spool_file)
    number = 1
    while True:
        try:
            return make(Path(f"readings{'' if number == 1 else f'-{number}'}.spool"))
        except SpoolInUse:
            number += 1


def _check_room(folder: Path) -> None:
    import shutil

    from cti_schema.errors import ConfigurationError

    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise ConfigurationError(f"{folder}: {error.strerror or error}") from None
    if free < _LEAST_FREE:
        raise ConfigurationError(f"{folder}: disk full, {free / 1e6:.1f} MB are free")
