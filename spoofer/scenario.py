"""A scenario: what kind of cycler there is, what happens to it in the course of time, and what goes wrong.

It is data, from a TOML file or from Python. The keys that a file may have are tables here and beside the
things themselves; a wrong file is a `ScenarioError` with the file, the line, the key and what is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cti_schema.errors import CTIError, ScenarioError
from spoofer.device import MOST_CHANNELS, Device
from spoofer.faulting.fault import Fault, check_fault
from spoofer.faulting.happenings import HAPPENINGS
from spoofer.faults import Faults
from spoofer.files.folder import Folder
from spoofer.machine.agenda import Curve
from spoofer.machine.channel import NUMBERS
from spoofer.personality import PERSONALITIES, personality
from spoofer.replay import Exchange, Replay
from spoofer.tables import Key, KeyPath, check, load, placed, rejected, tables, unknown
from spoofer.users import User

__all__ = ["Event", "Override", "Scenario"]

#: The cycler that there is.
DEVICE: Final = (
    Key("channels", "integer", "number of channels", default=16, least=1, most=MOST_CHANNELS),
    Key("personality", "name", "which cycler it is, or the version number of its login"),
    Key("serial_number", "integer", "of the cycler", default=100001, least=0, most=2**32 - 1),
    Key("speed", "number", "simulated seconds per second", default=1.0, least=1e-6, most=1e6),
    Key("seed", "integer", "of everything that is left to chance, faults too", default=0),
    Key("folder", "text", "of schedules and files; seen from the folder of the scenario file"),
)
USER: Final = (
    Key("password", "ascii", "what a login has to say", needed=True, most=32, secret=True),
    Key("may_control", "flag", "may start, stop and set; else only look", default=True),
)
_CHANNEL: Final = Key(
    "channel", "integer", "one-based; by default every channel", least=1, most=MOST_CHANNELS
)
EVENT: Final = (
    Key("at_s", "number", "simulated time at which it happens", "s", needed=True, least=0.0),
    _CHANNEL,
    Key("what", "text", "what happens", needed=True, choices=tuple(HAPPENINGS)),
)
READINGS: Final = (
    _CHANNEL,
    *(Key(name, "curve", "shown in the place of the channel's own value") for name in NUMBERS),
)
#: The tables of a scenario.
SECTIONS: Final = {
    "device": "the cycler that there is",
    "users": "who may log in, as [users.NAME]; without it everybody may",
    "events": "what happens to channels, and when",
    "readings": "values that channels show, over simulated time",
    "faults": "what goes wrong",
    "replies": "recorded answers",
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to a channel at a moment.

    Attributes:
        at_s: simulated seconds.
        what: one of `spoofer.faulting.happenings.HAPPENINGS`.
        channel: one-based; ``None`` for every channel.
        values: of the keys that it has.
        path: where it stands in its file.
    """

    at_s: float
    what: str
    channel: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    path: KeyPath = ()


@dataclass(frozen=True, slots=True)
class Override:
    """Values that a channel shows in the place of its own.

    Attributes:
        values: by field of a reading: a number, or points (simulated seconds, number).
        channel: one-based; ``None`` for every channel.
        path: where it stands in its file.
    """

    values: Mapping[str, float | Iterable[tuple[float, float]]]
    channel: int | None = None
    path: KeyPath = ()


class Scenario:
    """A scenario.

    Args:
        device: values of the keys of `DEVICE`.
        users: who may log in; ``None`` for everybody.
        events: what happens.
        readings: what channels show.
        faults: what goes wrong.
        replies: recorded answers.

    Attributes:
        faults: what goes wrong, for the spoofer; more may be added while it runs.
        replay: recorded answers, for the spoofer; ``None`` without any.
    """

    def __init__(
        self,
        device: Mapping[str, Any] | None = None,
        *,
        users: Mapping[str, User] | None = None,
        events: Iterable[Event] = (),
        readings: Iterable[Override] = (),
        faults: Iterable[Fault] = (),
        replies: Iterable[Exchange] = (),
    ) -> None:
        self.device = dict(device or {})
        self.users = None if users is None else dict(users)
        self.events = list(events)
        self.readings = list(readings)
        self.faults = Faults(faults, seed=self.device.get("seed", 0))
        exchanges = list(replies)
        self.replay = Replay(exchanges) if exchanges else None
        self._source: tuple[Path, str] | None = None

    @classmethod
    def load(cls, path: Path | str) -> Scenario:
        """Return the scenario of a TOML file.

        Raises:
            ScenarioError: it is wrong; with the file, the line, the key and what is allowed.
            OSError: it cannot be read.
        """
        path = Path(path)
        data, text = load(path)
        try:
            scenario = cls.from_dict(data, folder=path.parent)
        except ScenarioError as error:
            raise placed(error, path, text) from None
        scenario._source = (path, text)
        return scenario

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, folder: Path | str = ".") -> Scenario:
        """Return the scenario that data describe as a file would.

        Args:
            data: the tables.
            folder: what a relative ``device.folder`` is relative to.

        Raises:
            ScenarioError: a key or a value is not allowed; says what is.
        """
        for name in data:
            if name not in SECTIONS:
                raise rejected((name,), name, SECTIONS, "table")
        device = {name: value for name, value in _device(data, Path(folder)).items() if value is not None}
        users = None
        if "users" in data:
            given = data["users"]
            if not isinstance(given, Mapping):
                raise ScenarioError(("users",), "tables like [users.anna] are needed")
            users = {name: _user(name, one) for name, one in given.items()}
        events = [_event(one, ("events", at)) for at, one in enumerate(tables(data, "events"))]
        readings = [_override(one, ("readings", at)) for at, one in enumerate(tables(data, "readings"))]
        faults = []
        for at, one in enumerate(tables(data, "faults")):
            check_fault(one, ("faults", at))
            faults.append(Fault(**one))
        replies = [
            Exchange.from_table(one, ("replies", at)) for at, one in enumerate(tables(data, "replies"))
        ]
        scenario = cls(device, users=users, events=events, readings=readings, faults=faults, replies=replies)
        scenario._check_channels(device.get("channels", 16))
        return scenario

    def make_device(self, **arguments: Any) -> Device:
        """Return a new cycler as the scenario has it, with everything that happens to it before it.

        Args:
            arguments: of `Device`, in the place of the scenario's own values.

        Raises:
            ConfigurationError: an argument makes no sense.
            ScenarioError: something is about a channel that there is not.
        """
        values = dict(self.device)
        if "personality" in values:
            values["personality"] = personality(values["personality"])
        if "folder" in values:
            values["folder"] = Folder(values["folder"])
        device = Device(**{"users": self.users, **values, **arguments})
        self.apply(device)
        return device

    def apply(self, device: Device) -> None:
        """Let happen to a cycler what the scenario says, from now on; once for each device.

        Raises:
            ScenarioError: something is about a channel that there is not.
        """
        try:
            self._check_channels(device.channel_count)
        except ScenarioError as error:
            raise (placed(error, *self._source) if self._source else error) from None
        for event in sorted(self.events, key=lambda one: one.at_s):
            device.at(event.at_s, _happening(device, event))
        for override in self.readings:
            for index in _indices(override.channel, device):
                for name, value in override.values.items():
                    number = value if isinstance(value, int | float) else Curve(list(value))
                    device.override(index, name, number)

    def _check_channels(self, count: int) -> None:
        about: list[Event | Override] = [*self.events, *self.readings]
        for one in about:
            if one.channel is not None and one.channel > count:
                raise ScenarioError((*one.path, "channel"), f"{one.channel} is not from 1 to {count}")


def _device(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    values = check(data.get("device", {}), DEVICE, ("device",))
    if values["personality"] is not None:
        try:
            personality(values["personality"])
        except CTIError as error:
            allowed = f"{', '.join(PERSONALITIES)}, and numbers"
            raise unknown(("device", "personality"), error, allowed) from None
    if values["folder"] is not None:
        values["folder"] = folder / values["folder"]
        if not values["folder"].is_dir():
            raise ScenarioError(("device", "folder"), f"there is no folder {str(values['folder'])!r}")
    return values


def _user(name: str, table: Any) -> User:
    if not (name.isascii() and len(name) <= 32):
        raise ScenarioError(("users", name), "a user name is an ASCII text of at most 32 characters")
    return User(**check(table, USER, ("users", name)))


def _event(table: Any, path: KeyPath) -> Event:
    what = table.get("what") if isinstance(table, Mapping) else None
    own = HAPPENINGS[what].keys if isinstance(what, str) and what in HAPPENINGS else None
    if own is None and isinstance(what, str):
        table = {name: value for name, value in table.items() if name in {key.name for key in EVENT}}
    values = check(table, (*EVENT, *(own or ())), path)
    at_s, what, channel = (values.pop(name) for name in ("at_s", "what", "channel"))
    return Event(at_s, what, channel, values, path)


def _override(table: Any, path: KeyPath) -> Override:
    values = check(table, READINGS, path)
    channel = values.pop("channel")
    shown = {name: value for name, value in values.items() if value is not None}
    if not shown:
        raise ScenarioError(path, f"no value is given; allowed are {', '.join(NUMBERS)}")
    return Override(shown, channel, path)


def _indices(channel: int | None, device: Device) -> Iterable[int]:
    return range(device.channel_count) if channel is None else [channel - 1]


def _happening(device: Device, event: Event) -> Callable[[], object]:
    return lambda: HAPPENINGS[event.what].happen(device, list(_indices(event.channel, device)), event.values)
