"""`cti update-mvs`: set several user variables of running tests in one request."""

from __future__ import annotations

import math

import click

from cti_client.cli._common import Target
from cti_client.cli._control import acting, control_options
from cti_schema.errors import ConfigurationError


@click.command()
@click.argument("channels")
@click.argument("words", metavar="VARIABLE=VALUE...", nargs=-1, required=True)
@control_options
def command(target: Target, channels: str, words: tuple[str, ...], yes: bool) -> None:
    """Set variables in the tests that run on CHANNELS, all in one request: they change together.

    \b
    cti update-mvs 1-4 mv_ud1=4.15 mv_ud2=-0.5

    A VARIABLE is 1 to 16 or mv_ud1 to mv_ud16. The cycler takes such a request every 200 ms at most.

    CHANNELS are numbers and ranges like 1-8,12, counted from 1, or the word all.
    """
    values: dict[int | str, float] = dict(_value(word) for word in words)
    if len(values) < len(words):
        raise ConfigurationError("a variable is there twice: give one value for each")
    names = ", ".join(f"{name} set to {value:g}" for name, value in values.items())
    with acting(target, channels, f"set {', '.join(map(str, values))} on", yes=yes) as action:
        wanted = dict.fromkeys(action.channels, values)
        action.together(lambda: action.cycler.update_mvs(wanted), names)


def _value(word: str) -> tuple[str, float]:
    """Return the name of a variable and its value."""
    from cti_client.variables import user_variable

    name, found, text = word.partition("=")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not found or not math.isfinite(value):
        raise ConfigurationError(f"{word!r}: write a variable and a finite number, as in mv_ud1=4.15")
    return user_variable(int(name) if name.isdecimal() else name).label, value
