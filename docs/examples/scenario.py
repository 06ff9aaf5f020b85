"""A cycler with a history, from a file; its time is turned by hand."""

from pathlib import Path

from cti_client import Cycler
from spoofer import Scenario, running


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


clock = Clock()
scenario = Scenario.load(Path("lab.toml"))
device = scenario.make_device(clock=clock)
with (
    running(device, faults=scenario.faults, replay=scenario.replay) as spoofer,
    Cycler(spoofer.host, spoofer.port) as cycler,
):
    cycler.login("guest", "another-one")
    for clock.now in (0.0, 5.0, 10.0):  # a second is a minute here
        _, two, three = cycler.channels()[:3]
        shown = f"channel 2 {two.status.label}, channel 3 {three.voltage_v:.2f} V"
        print(f"{60 * clock.now:3.0f} s: {shown}")
