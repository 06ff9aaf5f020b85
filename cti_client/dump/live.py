"""Live traffic of a network interface, as a stream of pcapng from Wireshark's dumpcap.

Capturing needs rights that a dump tool should not have: dumpcap has them, or says what is missing.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from cti_schema.errors import InputError

__all__ = ["live"]

#: Seconds that dumpcap gets to leave by itself.
_LEAVE_S: Final = 5.0


@contextmanager
def live(interface: str, port: int | None) -> Iterator[BinaryIO]:
    """Give the packets that come by an interface, until the block ends.

    Args:
        interface: its name, as ``dumpcap -D`` lists it.
        port: only TCP with this port; by default all TCP.

    Raises:
        InputError: dumpcap is not there, or cannot capture.
    """
    program = shutil.which("dumpcap")
    if program is None:
        raise InputError("live capture needs dumpcap, which comes with Wireshark; `cti proxy` needs nothing")
    if interface.startswith("-"):
        raise InputError(f"{interface!r} is no interface; `dumpcap -D` lists them")
    wanted = "tcp" if port is None else f"tcp port {port}"
    command = [program, "-q", "-i", interface, "-f", wanted, "-w", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            first = process.stdout.peek(1)  # type: ignore[attr-defined]
            if not first:
                raise InputError(f"interface {interface}: {_complaint(process)}")
            yield process.stdout  # type: ignore[misc]
        finally:
            process.terminate()
            try:
                process.wait(_LEAVE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _complaint(process: subprocess.Popen[bytes]) -> str:
    """Return what dumpcap says is wrong, in its own words."""
    assert process.stderr is not None
    lines = process.stderr.read().decode("utf-8", "replace").splitlines()
    said = [line.removeprefix("dumpcap: ") for line in lines if line and not line.startswith("Capturing on")]
    return said[0] if said else "dumpcap ended without a packet"
