"""`cti start`: start the assigned schedules of channels as one test, or the tests of a plan."""

from __future__ import annotations

from pathlib import Path

import click

from cti_client.cli._common import Target
from cti_client.cli._control import acting, control_options
from cti_client.cli._fleet import fleet_option, only_fleet


@click.command()
@click.argument("channels", required=False)
@click.argument("test_name", required=False)
@control_options
@fleet_option
@click.option("--plan", "plan_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="CSV file of tests: cycler, channel, schedule, test name, barcode.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what the plan would send, and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each channel of the plan.")
@click.pass_context
def command(
    ctx: click.Context,
    target: Target,
    channels: str | None,
    test_name: str | None,
    yes: bool,
    fleet_file: Path | None,
    plan_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Start what is assigned to CHANNELS as the test TEST_NAME, which the cycler must not know yet.

    CHANNELS are numbers and ranges like 1-8,12, counted from 1, or the word all.

    \b
    cti start 1-4 monday
    cti start --fleet lab.toml --plan tests.csv --dry-run
    cti start --fleet lab.toml --plan tests.csv

    A plan is carried out after a question, or with --yes: for each channel the schedule is assigned, and the
    barcode if there is one, then its test is started. Channels of a cycler with one test name are one test.
    """
    if fleet_file is None or plan_file is None:
        _without_plan(ctx, fleet_file, plan_file, dry_run=dry_run, as_json=as_json)
        if channels is None or test_name is None:
            raise click.UsageError(
                "Missing argument 'TEST_NAME'." if channels else "Missing argument 'CHANNELS'.", ctx
            )
        with acting(target, channels, "start a test on", yes=yes) as action:
            # One request: the channels of a test share its name, which must be new to the cycler.
            done = f"test {test_name!r} started"
            action.at_once(lambda: action.cycler.start(action.channels, test_name), done)
        return

    from cti_client.cli import _plan
    from cti_client.fleet_file import read_fleet
    from cti_client.plan import read_plan

    only_fleet(ctx)
    if channels is not None:
        raise click.UsageError("The channels stand in the plan: leave out CHANNELS and TEST_NAME.", ctx)
    places = read_fleet(fleet_file)
    plan = read_plan(plan_file, [place.name for place in places])
    if dry_run:
        _plan.show(places, plan, as_json=as_json)
    else:
        _plan.carry_out(target, places, plan, yes=yes, as_json=as_json)


def _without_plan(
    ctx: click.Context, fleet_file: Path | None, plan_file: Path | None, *, dry_run: bool, as_json: bool
) -> None:
    """Check that no option stands alone that has a meaning for a plan only.

    Raises:
        click.UsageError: one does.
    """
    if fleet_file is not None:
        raise click.UsageError("--fleet needs --plan FILE: which tests are to be started?", ctx)
    if plan_file is not None:
        raise click.UsageError("--plan needs --fleet FILE: where are its cyclers?", ctx)
    if dry_run or as_json:
        raise click.UsageError(f"{'--dry-run' if dry_run else '--json'} is for a --plan.", ctx)
