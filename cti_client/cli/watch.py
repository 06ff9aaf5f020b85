"""`cti watch`: alert rules on the readings of a cycler, or of a fleet, or on recorded ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cti_client.cli._common import Target, above_zero, target_options
from cti_client.cli._fleet import fleet_option, only_fleet, open_fleet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cti_client.cli._watch_view import View
    from cti_client.fleet import Fleet
    from cti_client.fleet_file import Place
    from cti_client.record import Poll
    from cti_client.watch.rules import Rule
    from cti_client.watch.senders import Sender


@click.command()
@click.option("--rules", "rules_file", type=click.Path(dir_okay=False, path_type=Path), required=True,
              metavar="FILE", help="The alert rules, in TOML.")  # fmt: skip
@target_options
@fleet_option
@click.option("--rate", type=float, callback=above_zero, default=1.0, show_default=True, metavar="HZ",
              help="Polls per second; each is one request for all channels.")  # fmt: skip
@click.option("--allow-stop", is_flag=True,
              help="Let rules with stop = true stop the channel that they fire on.")  # fmt: skip
@click.option("--test-rules", "source", metavar="SOURCE",
              help="Show when the rules would have fired on what was recorded; nothing is sent.")  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context,
    rules_file: Path,
    target: Target,
    fleet_file: Path | None,
    rate: float,
    allow_stop: bool,
    source: str | None,
) -> None:
    """Watch the readings of all channels, and tell when a rule fires, until Ctrl-C.

    \b
    cti watch --rules rules.toml --host 192.168.1.20
    cti watch --rules rules.toml --fleet lab.toml --rate 2
    cti watch --rules rules.toml --test-rules readings.sqlite
    cti watch --rules rules.toml --test-rules monday.pcapng

    SOURCE is FILE.sqlite, a database's URL (extra "db"), a Parquet folder (extra "columns"), FILE.bdf.csv,
    FILE.bdf.parquet or a capture, in which --fleet says what the cyclers are called.

    Only reads, unless --allow-stop is given and a rule says stop = true: then each time that it fires, one
    stop is sent, never again, and what became of it is told.
    """
    from cti_client.fleet_file import Place, read_fleet
    from cti_client.record.clock import Grid
    from cti_client.watch.rules import read_rule_file
    from cti_client.watch.sending import check_senders, senders

    rules, document = read_rule_file(rules_file)
    check_senders(document)
    places = []
    if fleet_file is not None:
        only_fleet(ctx)
        places = read_fleet(fleet_file)
    if source is not None:
        _only_recorded(ctx)
        test(rules, source, places)
        return
    Grid(rate)
    fleet = open_fleet(places or [Place(str(target), target.host, target.port)], target)
    from cti_client.cli._watch_view import View

    view = View()
    try:
        tell = senders(document, (name for rule in rules for name in rule.send), view)
        watch(fleet, rules, tell, rate, allow_stop, view)
    finally:
        view.close()


def watch(
    fleet: Fleet, rules: list[Rule], tell: Mapping[str, Sender], rate: float, allow_stop: bool, view: View
) -> None:
    """Watch until Ctrl-C."""
    from cti_client.cli._ending import run_until_ended
    from cti_client.watch.watcher import Watcher

    for sentence in _doubts(rules, fleet.names, allow_stop):
        click.echo(f"Warning: {sentence}", err=True)
    watcher = Watcher(fleet, rules, tell, rate_hz=rate, allow_stop=allow_stop, say=view.say)
    what = fleet.names[0] if len(fleet.names) == 1 else f"{len(fleet.names)} cyclers"

    async def run() -> None:
        view.say(f"watching {what} at {rate:g} Hz, {_count(len(rules), 'rule')}")
        async with fleet:
            await watcher.run()

    try:
        with watcher:  # at its end, what waits is told
            run_until_ended(run())
    finally:
        told = "; ".join(f"{one.name}: {one.done} told, {one.dropped} dropped" for one in watcher.workers)
        view.say(f"ended: {_count(watcher.fired, 'alert')} fired; {told}")


def test(rules: list[Rule], source: str, places: list[Place]) -> None:
    """Show when rules would have fired on what was recorded."""
    from contextlib import closing

    from cti_client.cli._entries import entries_of
    from cti_client.cli._output import Output
    from cti_client.cli._watch_view import role_of
    from cti_client.dump.lines import safe
    from cti_client.watch.recorded import polls_heard, polls_written
    from cti_client.watch.replay import replay
    from cti_client.watch.senders import line_of

    output = Output()
    fired = dict.fromkeys((rule.name for rule in rules), 0)
    count = 0

    def counted(polls: Iterable[Poll]) -> Iterator[Poll]:
        nonlocal count
        for poll in polls:
            count += 1
            yield poll

    def show(polls: Iterable[Poll]) -> None:
        for alert in replay(rules, counted(polls)):
            fired[alert.rule] += alert.state == "fired"
            output.line(output.paint(role_of(alert), line_of(alert)))

    polls = polls_written(source)
    if polls is None:
        with closing(entries_of(source)) as entries:
            show(polls_heard(entries, {place.address: place.name for place in places}))
    else:
        show(polls)
    output.line("")
    output.line(f"{_count(count, 'poll')} with readings; nothing was sent")
    for name, times in fired.items():
        output.line(f"{safe(name)}: " + (f"fired {_count(times, 'time')}" if times else "never fired"))


def _doubts(rules: list[Rule], cyclers: list[str], allow_stop: bool) -> Iterator[str]:
    """Yield what a user may not have meant."""
    for rule in rules:
        if rule.stop and not allow_stop:
            yield (
                f"{rule.where}: the rule {rule.name!r} will stop no channel, because --allow-stop was not "
                "given; it only tells"
            )
        if not any(rule.is_about(name) for name in cyclers):
            yield f"{rule.where}: the rule {rule.name!r} is about none of the cyclers: {', '.join(cyclers)}"


def _only_recorded(ctx: click.Context) -> None:
    """Check that options about cyclers do not stand beside ``--test-rules``.

    Raises:
        click.UsageError: one does.
    """
    for option in ("host", "port", "rate", "allow_stop", "trace"):
        if ctx.get_parameter_source(option) is not click.core.ParameterSource.DEFAULT:
            name = option.replace("_", "-")
            raise click.UsageError(f"--{name} is about a cycler, --test-rules about what was recorded", ctx)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
