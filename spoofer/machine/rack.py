"""The channels of a cycler and its time; who looks at it, and what happens to it without a request.

Readings are taken on a grid of the clock, as a real cycler's monitor data are refreshed from time to time:
within one point of the grid and one `Rack.revision` everything shows the same.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from cti_schema.enums import ChannelStatus, StartResult
from cti_schema.errors import ConfigurationError
from spoofer.battery.cell import Cell, CellParameters
from spoofer.machine.agenda import Agenda
from spoofer.machine.channel import BUSY, NUMBERS, Changes, Channel, Phase, Reading
from spoofer.machine.test_object import TestObject

#: The vendor's client throws a whole feedback away when a channel index is 2048 or more.
MOST_CHANNELS: Final = 2048

#: How long a calibration takes, in simulated seconds.
CALIBRATION_S: Final = 30.0


class Rack:
    """Channels, and the time that passes for them.

    Args:
        channels: number of channels, 1 to 2048.
        cell: what the cells are made of; each differs from it by a few per cent.
        clock: returns seconds; need not begin at zero.
        speed: simulated seconds per second of the clock.
        seed: of everything that is left to chance.
        refresh_s: readings change once in so many seconds of the clock; 0 for always.
        parallel: groups of zero-based channels that work in parallel on the cell of their first, the master.

    Attributes:
        clock: returns seconds.
        speed: simulated seconds per second of the clock.
        refresh_s: readings change once in so many seconds of the clock.
        random: everything that is left to chance comes from it.

    Raises:
        ConfigurationError: an argument makes no sense.
    """

    def __init__(
        self,
        channels: int,
        *,
        cell: CellParameters | None = None,
        clock: Callable[[], float] = time.monotonic,
        speed: float = 1.0,
        seed: int = 0,
        refresh_s: float = 0.01,
        parallel: Sequence[Sequence[int]] = (),
    ) -> None:
        if not 1 <= channels <= MOST_CHANNELS:
            raise ConfigurationError(f"channels: {channels} is not from 1 to {MOST_CHANNELS}")
        if not (speed > 0.0 and math.isfinite(speed)):
            raise ConfigurationError(f"speed: {speed} is no number above zero")
        if not 0.0 <= refresh_s <= 60.0:
            raise ConfigurationError(f"refresh_s: {refresh_s} is not from 0 to 60 s")
        self.speed = speed
        self.refresh_s = refresh_s
        self.random = random.Random(seed)  # noqa: S311 - no secrets: the same seed makes the same cycler
        self.nominal_cell = cell or CellParameters()
        self.clock = clock
        self._began = clock()
        self._latest_s = 0.0
        self._agenda = Agenda()
        self._changes = Changes()
        self._channels = [
            Channel(
                index,
                self._new_cell(),
                test_object=TestObject.of(self.nominal_cell),
                changes=self._changes,
            )
            for index in range(channels)
        ]
        for group in parallel:
            self._join(group)

    def _new_cell(self) -> Cell:
        nominal, spread = self.nominal_cell, self.random.uniform
        parameters = CellParameters(
            capacity_ah=nominal.capacity_ah * spread(0.98, 1.02),
            series_resistance_ohm=nominal.series_resistance_ohm * spread(0.95, 1.05),
            pair_resistance_ohm=nominal.pair_resistance_ohm * spread(0.95, 1.05),
            pair_time_constant_s=nominal.pair_time_constant_s,
            heat_capacity_j_per_k=nominal.heat_capacity_j_per_k,
            cooling_w_per_k=nominal.cooling_w_per_k,
            ambient_degc=nominal.ambient_degc,
        )
        return Cell(parameters, soc=spread(0.15, 0.35))

    def _join(self, group: Sequence[int]) -> None:
        """Let channels work in parallel."""
        indices = sorted(set(group))
        if len(indices) < 2 or not (indices[0] >= 0 and indices[-1] < len(self._channels)):
            raise ConfigurationError(f"parallel: {list(group)} is no group of zero-based channels")
        members = tuple(self._channels[index] for index in indices)
        if any(member.group for member in members):
            raise ConfigurationError(f"parallel: a channel of {indices} is in another group already")
        for member in members:
            member.group = members

    # --- looking -------------------------------------------------------------------------------

    @property
    def clock_s(self) -> float:
        """Seconds of the clock since the device was made; they stand while the clock goes back."""
        self._latest_s = max(self._latest_s, self.clock() - self._began)
        return self._latest_s

    @property
    def moment(self) -> float:
        """The same on the grid: seconds of the clock up to which everything is shown."""
        elapsed = self.clock() - self._began
        if elapsed < self._latest_s:
            elapsed = self._latest_s
        else:
            self._latest_s = elapsed
        step = self.refresh_s
        # A little more than the time itself: a clock that stands on the grid is not a step behind.
        return (elapsed / step + 1e-6) // 1 * step if step else elapsed

    @property
    def now(self) -> float:
        """Simulated seconds since the device was made. What is due happens before they are told."""
        return self._agenda.until(self.moment * self.speed)

    @property
    def revision(self) -> int:
        """Another number after every change that is not the mere passing of time."""
        return self._changes.count

    def changed(self) -> None:
        """Make the revision another one."""
        self._changes.count += 1

    @property
    def channel_count(self) -> int:
        """Number of channels."""
        return len(self._channels)

    def channel(self, index: int) -> Channel | None:
        """Return a channel as it is now, or ``None`` if there is none of that zero-based index.

        A channel may be changed directly (`Channel.comm_failure`, `Channel.barcode`), as an operator would.
        """
        if not 0 <= index < len(self._channels):
            return None
        now = self.now
        channel = self._channels[index]
        channel.master.advance(now)
        channel.advance(now)
        return channel

    def readings(self, indices: Iterable[int] | None = None) -> list[Reading]:
        """Return what channels show now: those of the indices, by default all. Unknown ones are left out."""
        now = self.now
        wanted = range(len(self._channels)) if indices is None else indices
        return [self._channels[index].reading(now) for index in wanted if 0 <= index < len(self._channels)]

    # --- what happens to a cycler ---------------------------------------------------------------

    def at(self, at_s: float, action: Callable[[], object]) -> None:
        """Let something happen at a simulated moment; `now` is that moment while it happens."""
        self._agenda.add(at_s, action)
        self.changed()

    def pause(self, index: int) -> None:
        """Pause a running test, as the operator or a schedule does; no CTI command does it.

        Raises:
            IndexError: there is no such channel.
        """
        channel = self._settled(index).master
        if channel.phase is Phase.RUNNING:
            channel.end(Phase.PAUSED, "Paused by user")

    def trip(self, index: int, exit_condition: str = "Unsafe") -> None:
        """Make a channel unsafe; a running test ends.

        Raises:
            IndexError: there is no such channel.
        """
        self._settled(index).master.end(Phase.UNSAFE, exit_condition)

    def clear(self, index: int) -> None:
        """Make an unsafe channel idle again.

        Raises:
            IndexError: there is no such channel.
        """
        channel = self._settled(index).master
        if channel.phase is Phase.UNSAFE:
            channel.end(Phase.IDLE, "N/A")

    def finish(self, index: int) -> None:
        """End a running or paused test, as if its schedule had come to its end.

        Raises:
            IndexError: there is no such channel.
        """
        channel = self._settled(index).master
        if channel.phase in BUSY:
            channel.end(Phase.FINISHED, "Finished")

    def lose(self, index: int, lost: bool = True) -> None:
        """Make the controller of a channel one that cannot be reached, or that can be reached again.

        Raises:
            IndexError: there is no such channel.
        """
        self._settled(index).comm_failure = lost

    def override(self, index: int, field: str, value: float | Callable[[float], float] | None) -> None:
        """Show a number in the place of a reading's own; what the cell does stays as it is.

        Args:
            index: the channel.
            field: a field of `Reading` that is a number.
            value: the number, a function of the simulated seconds, or ``None`` for the reading's own again.

        Raises:
            IndexError: there is no such channel.
            ValueError: there is no such field.
        """
        if field not in NUMBERS:
            raise ValueError(f"{field!r} is no number of a reading: {', '.join(NUMBERS)}")
        overrides = self._settled(index).overrides
        overrides.pop(field, None)
        if value is not None:
            overrides[field] = value
        self.changed()

    def calibrate(self) -> bool:
        """Calibrate all channels, which takes some time; not while a test runs. Return whether it began."""
        now = self.now
        if any(self._settled(channel.index).phase in BUSY for channel in self._channels):
            return False
        for channel in self._channels:
            channel.calibrating_until = now + CALIBRATION_S
        return True

    def is_calibrating(self, channel: Channel) -> bool:
        """Whether a channel is being calibrated."""
        return channel.reading(self.now).status is ChannelStatus.CALIBRATION

    def not_ready(self, channel: Channel) -> int | None:
        """Return why nothing can run on a channel and its group: a result of start, and of resume."""
        members = channel.group or (channel,)
        if channel.master.phase in (*BUSY, Phase.UNSAFE) or self.is_calibrating(channel):
            return StartResult.CHANNEL_RUNNING
        if any(member.comm_failure for member in members):
            return StartResult.CHANNEL_NOT_CONNECT
        return None

    def _settled(self, index: int) -> Channel:
        """Return a channel whose state holds exactly now, so that it may be changed.

        Raises:
            IndexError: there is no such channel.
        """
        if not 0 <= index < len(self._channels):
            raise IndexError(f"there is no channel with index {index}")
        now = self.now
        channel = self._channels[index]
        channel.master.advance(now, whole=False)
        channel.advance(now, whole=False)
        return channel
