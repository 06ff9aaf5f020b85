"""What can go wrong, and what then is known."""

import socket

import spoofer
from cti_client import Cycler
from cti_schema.errors import (
    CommandUnsupported,
    ConnectError,
    LoginRefused,
    OutcomeUnknown,
    ResponseTimeout,
    ResultError,
)
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.send_message import SendMessage
from cti_schema.messages.stop_schedule import StopSchedule

with (
    spoofer.running(users={"anna": "secret"}) as there,
    Cycler("127.0.0.1", there.port) as cycler,
):
    try:
        cycler.login("anna", "wrong")
    except LoginRefused as error:
        print("LoginRefused: result", error.result)
    cycler.login("anna", "secret")

    try:
        cycler.channel(1).stop()
    except ResultError as error:
        print("ResultError:", error)

    try:
        cycler.request(SendMessage(message="hello"))  # the spoofer does not do this
    except CommandUnsupported as error:
        print("CommandUnsupported:", error)

# A peer that takes everything and says nothing.
with socket.create_server(("127.0.0.1", 0)) as silent:
    port = silent.getsockname()[1]
    with Cycler("127.0.0.1", port, timeout_s=0.2) as cycler:
        try:
            cycler.request(GetSerialNumber())
        except ResponseTimeout as error:
            print("ResponseTimeout:", error)
        try:
            cycler.request(StopSchedule(channel_index=0))
        except OutcomeUnknown as error:
            print("OutcomeUnknown:", error)

try:
    Cycler("127.0.0.1", port).connect()
except ConnectError as error:
    print("ConnectError:", str(error).replace(str(port), "PORT"))
