"""The tables of the page about scenarios, from the tables that a file is checked by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cti_schema.derive.reference import escape, table
from spoofer import replay, scenario
from spoofer.faulting.fault import KEYS
from spoofer.faulting.fault_kinds import KINDS
from spoofer.faulting.happenings import HAPPENINGS
from spoofer.journal import EVENTS
from spoofer.tables import Key


def parts() -> dict[str, str]:
    """Return the parts by file name."""
    # All values of a reading are alike.
    readings = [key for key in scenario.READINGS if key.type != "curve"]
    curve = next(key for key in scenario.READINGS if key.type == "curve")
    return {
        "scenario_device.md": _keys(scenario.DEVICE),
        "scenario_users.md": _keys(scenario.USER),
        "scenario_events.md": _keys(scenario.EVENT),
        "scenario_happenings.md": _kinds({name: (one.doc, one.keys) for name, one in HAPPENINGS.items()}),
        "scenario_readings.md": _keys(readings)
        + f"\nThe fields are {_names(scenario.NUMBERS)}. Each is {curve.allowed()}.\n",
        "scenario_faults.md": _keys(KEYS),
        "scenario_kinds.md": _kinds({name: (one.doc, one.keys) for name, one in KINDS.items()}),
        "scenario_replies.md": _keys(replay.KEYS),
        "journal_events.md": _events(),
    }


def _events() -> str:
    rows = ([f"`{event}`", escape(text)] for event, text in EVENTS.items())
    return "\n".join([*table(["event", "what happened"], rows), ""])


def _keys(keys: Iterable[Key]) -> str:
    rows = [[f"`{key.name}`", escape(_allowed(key)), escape(key.doc + _default(key))] for key in keys]
    return "\n".join([*table(["key", "value", "what it means"], rows), ""])


def _kinds(kinds: Mapping[str, tuple[str, tuple[Key, ...]]]) -> str:
    rows = []
    for name, (doc, keys) in kinds.items():
        own = [f"`{key.name}`: {escape(key.doc + _default(key))} ({escape(_allowed(key))})" for key in keys]
        rows.append([f"`{name}`", escape(doc), "<br>".join(own)])
    return "\n".join([*table(["kind", "what happens", "its own keys"], rows), ""])


def _allowed(key: Key) -> str:
    return "one of those below" if len(key.choices) > 5 else key.allowed()


def _default(key: Key) -> str:
    if key.needed:
        return "; it must be there"
    if key.default is None:
        return ""
    shown = str(key.default).lower() if isinstance(key.default, bool) else key.default
    return f"; by default {shown}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
