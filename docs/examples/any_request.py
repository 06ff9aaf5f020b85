"""Send any declared request; the feedback has the type that the declaration names."""

import spoofer
from cti_client import Cycler
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.stop_schedule import StopSchedule

with (
    spoofer.running(spoofer.Device(channels=4)) as there,
    Cycler("127.0.0.1", there.port) as cycler,
):
    cycler.login("somebody", "a password")
    print(cycler.request(GetSerialNumber()))

    # The wire counts from 0: this is the third channel.
    feedback = cycler.request(StopSchedule(channel_index=2))
    print(feedback.channel_index, feedback.result.label, "-", feedback.result.meaning)

    for feedback in cycler.request_all(StopSchedule(channel_index=0, stop_all=1)):
        print(feedback.channel_index, feedback.result.label)
