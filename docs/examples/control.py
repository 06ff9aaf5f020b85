"""Read a cycler and run a test on it. A spoofer stands in for the cycler."""

import spoofer
from cti_client import Cycler
from cti_schema.errors import ResultError

with (
    spoofer.running(spoofer.Device(channels=4)) as there,
    Cycler("127.0.0.1", there.port) as cycler,
):
    cycler.login("somebody", "a password")
    print(cycler.serial_number, cycler.version.label, cycler.channel_count, "channels")

    channel = cycler.channel(3)  # the third channel, as on the cycler's screen
    channel.assign("formation.sdx")
    channel.start("cell 7")
    channel.set_mv("mv_ud1", 4.15)

    for reading in cycler.channels():
        print(reading.channel, reading.status.label, f"{reading.voltage_v:.1f} V")

    try:
        channel.start("cell 7 again")
    except ResultError as error:
        print(error)

    channel.stop()
    print(channel.read().status.label)
