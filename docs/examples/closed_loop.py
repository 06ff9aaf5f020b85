"""Charge with a current that falls as the voltage rises: a closed loop at 10 Hz.

The test has one step, whose current is the user variable MV_UD1. The spoofer's time
runs 600 times as fast, so that a charge takes seconds. With a file name, the curve is
written there.
"""

import csv
import sys

import spoofer
from cti_client import Cycler, Reading
from cti_schema.enums import MetaVariableCode

FULL_A, EMPTY_A = 5.0, 0.2
BEND_V, END_V = 3.9, 4.2

follow = spoofer.Step(
    "Follow", spoofer.Control.CURRENT, MetaVariableCode.MV_UD1, max_time_s=36_000.0
)
device = spoofer.Device(
    channels=1, speed=600.0, schedules=[spoofer.Schedule("follow.sdx", (follow,))]
)
curve: list[tuple[float, float, float]] = []


def rule(reading: Reading) -> float | None:
    """Return the current for a voltage, or None when the cell is full."""
    curve.append((reading.test_time_s / 60, reading.voltage_v, reading.current_a))
    wanted_a = FULL_A * (END_V - reading.voltage_v) / (END_V - BEND_V)
    wanted_a = min(max(wanted_a, 0.0), FULL_A)
    if wanted_a < EMPTY_A:
        return None
    # Only a part of the way in each round: the voltage follows the current.
    return reading.current_a + 0.4 * (wanted_a - reading.current_a)


with spoofer.running(device) as there, Cycler("127.0.0.1", there.port) as cycler:
    cycler.login("somebody", "a password")
    channel = cycler.channel(1)
    channel.assign("follow.sdx")
    channel.start("cell 7")
    # The variable is back at its safe value when the block is left, in whatever way.
    with channel.closed_loop(
        "mv_ud1", limits=(0.0, FULL_A), safe_value=0.0, deadline_s=3.0
    ) as loop:
        loop.run(rule)
    print(f"full at {channel.read().voltage_v:.1f} V, {channel.get_mvs([1])}")
    channel.stop()

if sys.argv[1:]:
    with open(sys.argv[1], "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["minutes", "voltage_v", "current_a"])
        writer.writerows(curve)
