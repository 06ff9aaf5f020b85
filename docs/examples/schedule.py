"""A schedule of your own, ten thousand times as fast as life."""

import spoofer
from cti_client import Cycler

rest = spoofer.Step("Rest", spoofer.Control.REST, max_time_s=60.0)
charge = spoofer.Step(
    "Charge", spoofer.Control.CCCV, 2.5, voltage_v=4.1, end_current_a=0.2
)
quick = spoofer.Schedule("quick.sdx", (rest, charge))
device = spoofer.Device(
    channels=2, schedules=[quick], speed=10_000.0, users={"anna": "secret"}
)

with spoofer.running(device) as there, Cycler("127.0.0.1", there.port) as cycler:
    cycler.login("anna", "secret")
    channel = cycler.channel(2)
    channel.assign("quick.sdx")
    channel.start("a quick test")
    reading = channel.read()
    while reading.status.label != "finished":
        reading = channel.read()
    hours = reading.test_time_s // 3600
    print(reading.exit_condition, f"after more than {hours:.0f} h")
