"""An answer that does not come: find out what became of a command."""

import spoofer
from cti_client import Cycler
from cti_schema.errors import OutcomeUnknown
from spoofer.faults import Fault, Faults

faults = Faults([Fault("drop", command="start_schedule")])

with (
    spoofer.running(spoofer.Device(channels=2), faults=faults) as there,
    Cycler("127.0.0.1", there.port, timeout_s=0.5) as cycler,
):
    cycler.login("somebody", "a password")
    cycler.channel(2).assign("formation.sdx")
    try:
        cycler.channel(2).start("cell 7")
    except OutcomeUnknown as error:
        print(error)
        print(error.resolve())
