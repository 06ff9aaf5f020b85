"""What can happen to a channel without a request: one row of a table for each, with the keys that it has.

Scenarios make these happen at a moment, faults when a request comes. What happens goes through the device's
own methods; what the device refuses does not happen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from spoofer.device import Device
from spoofer.tables import Key

__all__ = ["HAPPENINGS", "Happening"]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that can happen to a channel.

    Attributes:
        name: what it is called.
        doc: what it does.
        keys: what it can be given.
        act: called with the device, the zero-based channel and the values of the keys.
        is_fault: a fault can make it happen.
    """

    name: str
    doc: str
    keys: tuple[Key, ...]
    act: Callable[[Device, int, Mapping[str, Any]], object]
    is_fault: bool = False

    def happen(self, device: Device, channels: Sequence[int], values: Mapping[str, Any]) -> bool:
        """Let it happen to channels, and tell whether there was one; those that do not exist are left out."""
        there = [index for index in channels if 0 <= index < device.channel_count]
        for index in there:
            self.act(device, index, values)
        return bool(there)


_REASON: Final = Key("exit_condition", "text", "why, as the channel shows it", default="Unsafe")
_SCHEDULE: Final = Key("schedule", "text", "name of the schedule", needed=True)
_TEST: Final = Key("test", "text", "name of the test; a name runs once", needed=True)

HAPPENINGS: Final[dict[str, Happening]] = {
    row.name: row
    for row in (
        Happening("unsafe", "A safety limit trips: the test ends, and nothing runs until it is cleared.",
                  (_REASON,), lambda device, index, v: device.trip(index, v["exit_condition"]), True),
        Happening("clear", "An unsafe channel is idle again.",
                  (), lambda device, index, v: device.clear(index)),
        Happening("comm_failure", "The channel's controller cannot be reached any more.",
                  (), lambda device, index, v: device.lose(index), True),
        Happening("comm_restored", "The channel's controller can be reached again.",
                  (), lambda device, index, v: device.lose(index, False)),
        Happening("test_ends", "The test ends by itself, as if its schedule had come to its end.",
                  (), lambda device, index, v: device.finish(index), True),
        Happening("pause", "The test is paused, as by the operator.",
                  (), lambda device, index, v: device.pause(index), True),
        Happening("continue", "The paused test goes on.",
                  (), lambda device, index, v: device.continue_(index)),
        Happening("stop", "The test is stopped.",
                  (), lambda device, index, v: device.stop(index)),
        Happening("assign", "A schedule is assigned.",
                  (_SCHEDULE,), lambda device, index, v: device.assign(index, v["schedule"])),
        Happening("start", "A test is started, with the schedule that is assigned.",
                  (_TEST,), lambda device, index, v: device.start([index], v["test"])),
    )
}  # fmt: skip
