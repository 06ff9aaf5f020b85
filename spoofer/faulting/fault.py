"""One fault, as data: its kind, the values of the kind's own keys, and when it happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cti_schema.errors import ScenarioError, UnknownNameError
from cti_schema.message import Direction
from cti_schema.registry import registry
from spoofer.faulting.fault_kinds import KINDS
from spoofer.tables import Key, KeyPath, check, unknown

__all__ = ["ANY", "KEYS", "Fault", "check_fault"]

#: The command that stands for every request.
ANY: Final = "any"

_COMMANDS: Final = f"{ANY!r} and the names of requests, which `cti messages` lists"

#: When a fault happens: keys that every kind has.
KEYS: Final = (
    Key("kind", "text", "what goes wrong", needed=True, choices=tuple(KINDS)),
    Key("command", "text", f"name of the request that it happens to, or {ANY!r}", default=ANY),
    Key("channel", "integer", "only requests about this one-based channel, or about all", least=1),
    Key("probability", "number", "how often, of the requests that it may happen to",
        default=1.0, least=0.0, most=1.0),
    Key("count", "integer", "how many times at most", least=0),
    Key("after", "integer", "requests that it may happen to and does not, before the first time",
        default=0, least=0),
    Key("until_s", "number", "it does not happen any more from this simulated time on", "s", least=0.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Fault:
    """One thing that can go wrong. What it has done so far is kept by `Faults`.

    Args:
        kind: one of `spoofer.faulting.fault_kinds.KINDS`.
        values: the keys of `KEYS`, and those of the kind.

    Attributes:
        kind: what goes wrong.
        command: name of the request, or ``any``.
        channel: one-based, or ``None``.
        probability: 0 to 1.
        count: how many times at most, or ``None``.
        after: requests that it lets pass first.
        until_s: simulated seconds, or ``None``.
        values: the values of the kind's own keys, by name.

    Raises:
        ScenarioError: a key or a value is not allowed; says what is.
    """

    kind: str
    command: str
    channel: int | None
    probability: float
    count: int | None
    after: int
    until_s: float | None
    values: Mapping[str, Any]

    def __init__(self, kind: str, **values: Any) -> None:
        set_ = object.__setattr__
        found = check_fault({"kind": kind, **values})
        for key in KEYS:
            set_(self, key.name, found.pop(key.name))
        set_(self, "values", found)

    def __repr__(self) -> str:
        given = {key.name: getattr(self, key.name) for key in KEYS[1:]} | dict(self.values)
        plain = {key.name: key.default for key in (*KEYS, *KINDS[self.kind].keys)}
        shown = [f"{name}={value!r}" for name, value in given.items() if value != plain[name]]
        return f"Fault({', '.join([repr(self.kind), *shown])})"


def check_fault(table: Any, path: KeyPath = ()) -> dict[str, Any]:
    """Return the values of a table that describes a fault, with defaults.

    Raises:
        ScenarioError: a key or a value is not allowed.
    """
    if not isinstance(table, Mapping):
        raise ScenarioError(path, "a table is needed")
    kind = table.get("kind")
    own = KINDS[kind].keys if isinstance(kind, str) and kind in KINDS else None
    if own is None:  # the kind is wrong, and only that is told
        table = {"kind": kind} if "kind" in table else {}
    values = check(table, (*KEYS, *(own or ())), path)
    _check_command(values["command"], (*path, "command"))
    return values


def _check_command(name: str, path: KeyPath) -> None:
    requests = [one.spec.name for one in registry() if one.spec.direction is Direction.REQUEST]
    if name == ANY or name in requests:
        return
    try:
        registry().by_name(name)
    except UnknownNameError:
        raise unknown(path, UnknownNameError("request", name, [ANY, *requests]), _COMMANDS) from None
    raise ScenarioError(path, f"{name!r} is a feedback; allowed are {_COMMANDS}")
