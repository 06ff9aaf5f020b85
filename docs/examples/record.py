"""Record what a client says and hears into a capture, and read it back."""

import tempfile
import time
from pathlib import Path

import spoofer
from cti_client import Cycler
from cti_client.capture import CaptureReader, CaptureWriter, Endpoint
from cti_client.dump.conversation import Conversations, Heard
from cti_client.dump.lines import summary
from cti_schema import Direction

with (
    tempfile.TemporaryDirectory() as folder,
    spoofer.running(spoofer.Device(channels=2)) as there,
):
    file = Path(folder) / "conversation.pcapng"

    with CaptureWriter(file) as writer:
        connection = writer.connection(
            Endpoint("127.0.0.1", 50000), Endpoint("127.0.0.1", there.port), time.time()
        )

        def tap(direction: Direction, data: bytes) -> None:
            if direction is Direction.REQUEST:
                connection.client_sent(data, time.time())
            else:
                connection.server_sent(data, time.time())

        with Cycler("127.0.0.1", there.port, tap=tap) as cycler:
            cycler.login("somebody", "a password")
            cycler.channel(1).assign("formation.sdx")
        connection.close(time.time())

    conversations = Conversations()
    for event in CaptureReader(file):
        for entry in conversations.feed(event):
            if isinstance(entry, Heard):
                message = entry.decoded.message
                shown = [f"{name}={value}" for name, value, _ in summary(message)]
                print(entry.number, message.spec.name, *shown[:2])
