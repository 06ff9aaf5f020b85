"""The cycler: its channels, its users, and what it refuses. No bytes, no sockets, no tasks.

Every method that changes something returns a result of the declarations.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from cti_schema.enums import AuxGroup, CtiVersion, LoginResult
from spoofer.battery.cell import CellParameters
from spoofer.battery.schedule import USER_VARIABLES as USER_VARIABLES
from spoofer.battery.schedule import Schedule
from spoofer.files.folder import Folder
from spoofer.machine.control import Control
from spoofer.machine.equipment import Equipment
from spoofer.machine.library import Library
from spoofer.machine.rack import MOST_CHANNELS as MOST_CHANNELS
from spoofer.machine.resuming import Resuming
from spoofer.machine.setting import Setting
from spoofer.machine.values import Values
from spoofer.personality import Personality, personality
from spoofer.users import ControlSeat, User, as_users

#: Messages to the operator that are kept; the oldest goes first.
_MOST_MESSAGES = 100


def _personality(given: Personality | str | int) -> Personality:
    return given if isinstance(given, Personality) else personality(given)


class Device(Control, Resuming, Values, Setting):
    """A cycler with its channels.

    Args:
        channels: number of channels, 1 to 2048.
        personality: which cycler software it plays: a `Personality`, its name, or the version told at login.
        version: the same as a number, for those who have one; it goes before ``personality``.
        serial_number: of the cycler.
        users: who may log in, by name: a password, or a `User`. ``None`` lets anybody in.
        schedules: schedules by name, beside those in the folder.
        cell: what the cells are made of; each differs from it by a few per cent.
        clock: returns seconds; need not begin at zero.
        speed: simulated seconds per second of the clock.
        seed: of everything that is left to chance.
        refresh_s: readings change once in so many seconds of the clock; 0 for always.
        folder: the file area with the schedules; by default a temporary one, and every name that is assigned
            is that of the default schedule.
        parallel: groups of zero-based channels that work in parallel; the first of each is the master.
        aux: how many auxiliaries of each group a channel has; by default one temperature.
        sptt: whether EQs, cells and trays belong to the channels.

    Attributes:
        personality: which cycler software it plays.
        serial_number: of the cycler.
        users: who may log in, by name; ``None`` when anybody may.
        seat: the place of the one user who controls.
        folder: the file area.
        library: the schedules.
        equipment: auxiliaries, chambers, EQs, cells and trays.
        log_interval_s: seconds between two values by UDP and in the database.
        messages: what clients told the operator, the latest last.
        calibration_window_open: whether a calibration can be started.
        uds_signals: what UDS signals of a channel were set to, by channel and name.

    Raises:
        ConfigurationError: an argument makes no sense.
        UnknownNameError: there is no such personality.
    """

    def __init__(
        self,
        channels: int = 16,
        *,
        personality: Personality | str | int = "pro8",
        version: int | None = None,
        serial_number: int = 100001,
        users: Mapping[str, str | User] | None = None,
        schedules: Iterable[Schedule] = (),
        cell: CellParameters | None = None,
        clock: Callable[[], float] = time.monotonic,
        speed: float = 1.0,
        seed: int = 0,
        refresh_s: float = 0.01,
        folder: Folder | None = None,
        parallel: Sequence[Sequence[int]] = (),
        aux: Mapping[AuxGroup, int] | None = None,
        sptt: bool = True,
    ) -> None:
        super().__init__(
            channels,
            cell=cell,
            clock=clock,
            speed=speed,
            seed=seed,
            refresh_s=refresh_s,
            parallel=parallel,
        )
        self.personality = _personality(personality if version is None else version)
        self.serial_number = serial_number
        self.users = as_users(users)
        self.seat = ControlSeat()
        self.folder = folder if folder is not None else Folder()
        self.library = Library(
            schedules, self.folder, every_name=folder is None, capacity_ah=self.nominal_cell.capacity_ah
        )
        self.equipment = Equipment(channels, sptt=sptt) if aux is None else Equipment(channels, aux, sptt)
        self.log_interval_s = 1.0
        self.messages: deque[str] = deque(maxlen=_MOST_MESSAGES)
        self.calibration_window_open = True
        self.uds_signals: dict[tuple[int, str], str] = {}
        self._tests = {}
        self._updated = {}

    @property
    def version(self) -> CtiVersion:
        """The version told at login, which selects the messages that a client sends."""
        return self.personality.version

    @property
    def schedules(self) -> dict[str, Schedule]:
        """Schedules by name, beside those in the folder."""
        return self.library.given

    def login(self, username: str, password: str) -> tuple[LoginResult, bool]:
        """Return whether the user may log in, and whether it has the right to control."""
        if self.users is None:
            return LoginResult.SUCCESS, True
        user = self.users.get(username)
        if user is None or user.password != password:
            return LoginResult.FAILED, False
        return LoginResult.SUCCESS, user.may_control
