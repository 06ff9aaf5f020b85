"""Schedules as small TOML files: a list of ``[[step]]`` tables whose keys are the attributes of a `Step`.

A control value (``current_a``, ``voltage_v``, ``power_w``) may be the name of a user variable in quotes; it
is read while the step runs. In a step with ``control = "set_variables"`` user variables are keys themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cti_schema.errors import ScenarioError
from spoofer.battery.schedule import KEYS, USER_VARIABLES, Schedule, Step, check_step
from spoofer.tables import KeyPath, parse, placed, rejected, tables

__all__ = ["CONTROLS", "MOST_BYTES", "MOST_STEPS", "file_names", "load", "loads"]

#: The controls by their names in a file.
CONTROLS: Final = {control.name.lower(): control for control in KEYS}

#: Source: a result of jump says "schedule has more than 200 steps".
MOST_STEPS: Final = 200

#: A client may upload schedules; more than that is none.
MOST_BYTES: Final = 64 * 1024

_VARIABLES: Final = {code.name: code for code in USER_VARIABLES}
_LIVE: Final = ("current_a", "voltage_v", "power_w")


def file_names(name: str) -> tuple[str, ...]:
    """Return the names of the files that may hold the schedule that a client assigns, best first.

    ``formation.sdx`` may be a file of that name, ``formation.sdx.toml`` or ``formation.toml``; ``formation``
    may be ``formation.toml`` too.
    """
    names = [name, f"{name}.toml"]
    stem, dot, ending = name.rpartition(".")
    if dot and stem and ending.lower() in ("sdx", "sdu"):
        names.append(f"{stem}.toml")
    return tuple(names)


def load(path: Path | str, name: str | None = None) -> Schedule:
    """Return the schedule of a file.

    Args:
        path: the file.
        name: name of the schedule, as a client assigns it; by default that of the file without ``.toml``.

    Raises:
        ScenarioError: the file is not what it should be: with file, line, key and what is allowed.
        OSError: it cannot be read.
    """
    path = Path(path)
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    return loads(raw, path.name.removesuffix(".toml") if name is None else name, file=str(path))


def loads(text: str | bytes, name: str, *, file: str | None = None) -> Schedule:
    """Return the schedule of a text.

    Args:
        text: the text, or its bytes in UTF-8.
        name: name of the schedule, as a client assigns it.
        file: what errors call the text; by default the name.

    Raises:
        ScenarioError: the text is not what it should be: with line, key and what is allowed.
    """
    file = name if file is None else file
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > MOST_BYTES:
        raise ScenarioError((), f"a schedule has at most {MOST_BYTES} bytes", file=file)
    data, text = parse(raw, file)
    try:
        return _schedule(data, name)
    except ScenarioError as error:
        raise placed(error, file, text) from None


def _schedule(data: Mapping[str, Any], name: str) -> Schedule:
    for key in data:
        if key != "step":
            raise rejected((key,), key, ("step",))
    steps = tables(data, "step")
    if not 1 <= len(steps) <= MOST_STEPS:
        raise ScenarioError(
            ("step",), f"there are {len(steps)} steps; 1 to {MOST_STEPS} [[step]] tables are allowed"
        )
    return Schedule(name, tuple(_step(table, ("step", index)) for index, table in enumerate(steps)))


def _step(table: Any, path: KeyPath) -> Step:
    if not isinstance(table, Mapping):
        raise ScenarioError(path, f"a [[step]] table is needed, not {table!r:.60}")
    control = table.get("control")
    if not isinstance(control, str):
        where = (*path, "control") if "control" in table else path
        raise ScenarioError(where, f"a control is needed, one of {', '.join(CONTROLS)}")
    if control not in CONTROLS:
        raise rejected((*path, "control"), control, CONTROLS, "control")
    values = {key: _variable(value, (*path, key)) if key in _LIVE else value for key, value in table.items()}
    check_step(values, CONTROLS[control], path)
    variables = {_VARIABLES[key]: values.pop(key) for key in list(values) if key in _VARIABLES}
    return Step(**{**values, "control": CONTROLS[control], "variables": variables})


def _variable(value: Any, path: KeyPath) -> Any:
    """Return a control value; for a text, the user variable that it names."""
    if not isinstance(value, str):
        return value
    if value not in _VARIABLES:
        raise rejected(path, value, _VARIABLES, "user variable")
    return _VARIABLES[value]
