"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

#: The plugin may be installed, and then pytest has it already.
_LOADED = ("-p", "spoofer.pytest_plugin")


def test_the_fixtures(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import socket
        import threading

        from cti_schema import decode, encode
        from cti_schema.messages.get_serial_number import GetSerialNumber
        from cti_schema.messages.login import Login
        from spoofer import Device


        def ask(there, request, size):
            with socket.create_connection((there.host, there.port), timeout=10) as sock:
                sock.sendall(encode(request))
                data = b""
                while len(data) < size:
                    data += sock.recv(65536)
                return decode(data)


        def test_one(cti_spoofer):
            assert ask(cti_spoofer, GetSerialNumber(), 128).serial_number == 100001
            assert cti_spoofer.journal.wait_for("feedback").name == "get_serial_number_feedback"
            assert cti_spoofer.call(lambda: cti_spoofer.device.channel_count) == 16


        def test_many(cti_spoofer_factory):
            first = cti_spoofer_factory(Device(channels=2, serial_number=5), files_port=0)
            second = cti_spoofer_factory(users={"ann": "right"})
            assert first.port not in (second.port, first.files_port)
            assert ask(first, GetSerialNumber(), 128).serial_number == 5
            assert ask(second, Login(username="ann", password="wrong"), 8678).result == 2


        def test_they_have_ended():
            assert "spoofer" not in [thread.name for thread in threading.enumerate()]
        """
    )
    result = pytester.runpytest_subprocess(*_LOADED, "-q")
    result.assert_outcomes(passed=3)


def test_the_fixtures_are_told_of(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess(*_LOADED, "--fixtures", "-q")
    result.stdout.fnmatch_lines(["cti_spoofer_factory*", "*Start spoofers*", "cti_spoofer *", "*A cycler*"])


def test_importing_the_plugin_imports_nothing_else() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import spoofer.pytest_plugin; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['spoofer', 'spoofer.pytest_plugin']"
