"""A fault that comes and goes, and what the journal tells about it."""

from cti_client import Cycler
from cti_schema.errors import OutcomeUnknown
from spoofer import Device, Journal, running

journal = Journal()
with (
    running(Device(channels=4), journal=journal) as spoofer,
    Cycler(spoofer.host, spoofer.port, timeout_s=0.5) as cycler,
):
    cycler.login("anna", "a-password")
    drop = spoofer.faults.add("drop", command="stop_schedule", channel=2)
    try:
        cycler.channel(2).stop()
    except OutcomeUnknown as error:
        print("OutcomeUnknown:", error)
    entry = journal.wait_for("fault", "stop_schedule")
    print("the journal says:", entry.name, *entry.faults)
    spoofer.faults.remove(drop)
