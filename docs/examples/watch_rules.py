"""Apply alert rules in a program of your own."""

import time

import spoofer
from cti_client import Cycler
from cti_client.record import Poll
from cti_client.watch import Engine, read_rules

engine = Engine(read_rules("rules.toml"), cyclers=["north"])
device = spoofer.Device(channels=2)
with spoofer.running(device) as there, Cycler(there.host, there.port) as cycler:
    cycler.login("anna", "a-password")
    for second in range(3):
        if second == 1:
            device.trip(1)
        elif second == 2:
            device.clear(1)
        readings = cycler.channels()
        now_ms = round(time.time() * 1000.0)
        poll = Poll("north", cycler.serial_number, now_ms, now_ms, readings=readings)
        for alert in engine.see(poll):
            print(alert.state, alert.text)
        print("active:", [alert.rule for alert in engine.active])

# Nobody has asked for half a minute: "no reading" is told by the time alone.
for alert in engine.tick(now_ms + 30_000):
    print(alert.state, alert.text)
