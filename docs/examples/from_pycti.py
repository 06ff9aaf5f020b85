"""One channel from one dictionary, as with pycti."""

import spoofer
from cti_client import ArbinInterface
from cti_schema.errors import ResultError

with spoofer.running(spoofer.Device(channels=4)) as there:
    config = {
        "username": "somebody",
        "password": "a password",  # or left out, and CTI_PASSWORD set
        "channel": 3,
        "test_name": "monday",
        "schedule": "formation.sdx",
        "ip_address": "127.0.0.1",
        "port": there.port,
        "timeout_s": 3,
        "msg_buffer_size": 4096,
    }
    with ArbinInterface(config) as arbin:
        arbin.start_test()
        arbin.set_meta_variable(1, 0.5)
        status = arbin.read_channel_status()
        print("channel", status["channel"], status["status"], status["test_name"])
        arbin.stop_test()
        try:
            arbin.stop_test()
        except ResultError as error:  # pycti returns False here
            print("ResultError:", error)
