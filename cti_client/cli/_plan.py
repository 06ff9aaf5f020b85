"""`cti start --plan`: what a plan would send, the question before it is carried out, and the report after.

Nothing is connected before the question is answered, and every channel of the plan is in the report.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from cti_client.cli._common import Target, confirm
from cti_client.cli._fleet import open_fleet
from cti_client.cli._meaning import named, told
from cti_client.cli._output import Output
from cti_client.cli._table import aligned
from cti_client.dump.lines import safe

if TYPE_CHECKING:
    from cti_client.fleet_file import Place
    from cti_client.plan import Planned
    from cti_client.starting import Report

_HEADINGS = ("Cycler", "Channel", "Schedule", "Test", "Barcode", "Result")


def carry_out(target: Target, places: list[Place], plan: list[Planned], *, yes: bool, as_json: bool) -> None:
    """Carry out a plan, and report on every channel. Leaves with 1 if a test was not started.

    Raises:
        ConfigurationError: something does not fit, or nobody can be asked; nothing was sent then.
        click.Abort: the answer was no.
    """
    from cti_client import starting

    wanted = {row.cycler for row in plan}
    places = [place for place in places if place.name in wanted]
    for place in places:
        starting.fitting_version(row for row in plan if row.cycler == place.name)
    if not yes:
        for line in _table([(row, "") for row in plan]):
            click.echo(line, err=True)
    confirm(_what(plan), yes=yes)
    reports = [starting.Report(row) for row in plan]
    fleet = open_fleet(places, target)

    async def run() -> None:
        async with fleet:
            await starting.carry_out(fleet, reports)

    try:
        asyncio.run(run())
    finally:
        # Also after Ctrl-C: what was sent has been sent, and must be known.
        _report(reports, as_json=as_json)
    if not all(report.ok for report in reports):
        sys.exit(1)


def show(places: list[Place], plan: list[Planned], *, as_json: bool) -> None:
    """Show what a plan would send; nothing is connected.

    Raises:
        ConfigurationError: a value does not fit its field.
    """
    from cti_client import starting
    from cti_client.dump import dumps
    from cti_client.rehearsal import MOST_CHANNELS
    from cti_schema import encode
    from cti_schema.derive.jsonform import to_json

    out = Output()
    versions = {}
    for place in places:
        mine = [row for row in plan if row.cycler == place.name]
        if mine:
            versions[place.name] = starting.fitting_version(mine)
    for place in places:
        if place.name not in versions:
            continue
        version = versions[place.name]
        if not as_json:
            kind = version.meaning.partition(";")[0]
            out.line(out.paint("head", f"{place.name} ({place.address}), if it is {kind}"))
        mine = [row for row in plan if row.cycler == place.name]
        for _, rows, request in starting.rehearse(mine, version, MOST_CHANNELS):
            frame = encode(request)
            channels = [row.channel for row in rows]
            if as_json:
                shape = {"cycler": place.name, "channels": channels, **to_json(request), "frame": frame.hex()}
                out.line(dumps(shape, out.encoding))
                continue
            out.line(f"{named(channels)}: {request.spec.name}, {len(frame)} bytes")
            for line in told(request):
                out.line(line)
        if not as_json:
            out.line("")
    if not as_json:
        out.line(
            "Nothing was sent. At the login a cycler tells its version, which may choose other variants."
        )
    out.flush()


def _what(plan: list[Planned]) -> str:
    """Return what is about to be done, for the question."""
    tests = {(row.cycler, row.test_name) for row in plan}
    cyclers = {row.cycler for row in plan}
    return f"start {_count(tests, 'test')} on {_count(plan, 'channel')} of {_count(cyclers, 'cycler')}"


def _count(things: Iterable[object], word: str) -> str:
    number = len(list(things))
    return f"{number} {word}{'' if number == 1 else 's'}"


def _report(reports: list[Report], *, as_json: bool) -> None:
    out = Output()
    if as_json:
        for report in reports:
            out.line(json.dumps(_shape(report)))
    else:
        for line in _table([(report.planned, _result(report)) for report in reports]):
            out.line(line)
    out.flush()
    for report in reports:
        if not report.ok:
            row = report.planned
            click.echo(f"Error: {row.cycler}, channel {row.channel}: {_sentence(report)}", err=True)


def _table(rows: Iterable[tuple[Planned, str]]) -> list[str]:
    """Return rows of a plan with their results as lines; columns that are empty throughout are left out."""
    cells = [
        (row.cycler, str(row.channel), row.schedule, row.test_name, row.barcode, result)
        for row, result in rows
    ]
    used = [at for at in range(len(_HEADINGS)) if any(row[at] for row in cells)]
    table = [[_HEADINGS[at] for at in used], *([safe(row[at]) or "-" for at in used] for row in cells)]
    return aligned(table, right={used.index(1)})


def _result(report: Report) -> str:
    return report.state.value if report.step is None or report.ok else f"{report.state.value} ({report.step})"


def _sentence(report: Report) -> str:
    """Return why a test was not started, without the channel."""
    if report.error is not None:
        return str(report.error).removeprefix(f"channel {report.planned.channel}: ")
    if report.step is None:
        return "interrupted before anything was sent"
    from cti_client.starting import State

    if report.state is State.SENT:
        return f"interrupted: the outcome of {report.step} is not known; read the channel to find out"
    return f"interrupted after {report.step}: the test was not started"


def _shape(report: Report) -> dict[str, Any]:
    row = report.planned
    return {
        "cycler": row.cycler,
        "channel": row.channel,
        "schedule": row.schedule,
        "test_name": row.test_name,
        "barcode": row.barcode,
        "ok": report.ok,
        "result": report.state.value,
        "step": None if report.step is None else report.step.value,
        "error": None if report.ok else _sentence(report),
    }
