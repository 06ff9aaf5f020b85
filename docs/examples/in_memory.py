"""A client and a device without a socket, in a time that passes when they wait."""

import spoofer
from cti_client import Cycler

link = spoofer.linked(faults=spoofer.Faults())
with Cycler("memory", connector=link) as cycler:
    cycler.login("somebody", "a password")
    cycler.channel(1).assign("formation.sdx")
    cycler.channel(1).start("cell 1")

    link.clock.sleep(1800.0)
    link.faults.add("delay", seconds=9.0)
    reading = cycler.channel(1).read()
    print(f"{reading.charge_capacity_ah:.2f} Ah, {link.clock():.0f} s")
