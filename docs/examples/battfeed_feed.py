"""Two channels of a cycler as a source of battfeed, which writes a file for each."""

# mypy: disable-error-code="import-untyped"

import os
import tempfile

import battfeed
from battfeed.sinks.routing import RoutingSink
from cti_client import Cycler
from cti_client.battfeed_source import CyclerSource
from spoofer import Device, running

os.environ["CTI_PASSWORD"] = "a password"  # set outside of the program in real life

# Ten minutes of the test in each second of ours.
with (
    running(Device(channels=2, seed=1, speed=600.0)) as there,
    tempfile.TemporaryDirectory() as folder,
):
    with Cycler("127.0.0.1", there.port) as cycler:
        cycler.login("lab", "a password")
        for channel in (1, 2):
            cycler.channel(channel).assign("formation.sdx")
            cycler.channel(channel).start(f"cell-{channel}")

    source = CyclerSource(port=there.port, user="lab", channels="1-2")
    harvester = battfeed.Harvester()
    harvester.register(source)
    sink = RoutingSink(folder, institution="LAB", metadata=source.metadata())
    harvester.collect("cti", duration_s=1.0, interval_s=0.1, sink=sink)
    sink.close()
    source.close()

    for files in sink.files_by_series.values():
        lines = files[0].read_text(encoding="utf-8").splitlines()
        print(files[0].name.split("__")[1], len(lines) > 1, lines[0][:44])
