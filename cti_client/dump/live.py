"""Live traffic of a network interface, as a stream of pcapng from Wireshark's dumpcap.

Capturing needs rights that a dump tool should not have: dumpcap has them, or says what is missing.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import SEEK_END
from typing import IO, BinaryIO, Final

from cti_schema.errors import InputError

__all__ = ["live"]

#: Seconds that dumpcap gets to leave by itself.
_LEAVE_S: Final = 5.0

#: Bytes that are read of what it says, and how lines begin that are no complaint.
_SAID: Final = 1 << 16
_NO_COMPLAINTS: Final = ("Capturing on", "File: ", "Packets captured", "Packets received")


@contextmanager
def live(interface: str, port: int | None) -> Iterator[BinaryIO]:
    """Give the packets that come by an interface, until the block ends.

    Args:
        interface: its name, as ``dumpcap -D`` lists it.
        port: only TCP with this port; by default all TCP.

    Raises:
        InputError: dumpcap is not there, cannot capture, or can no more: what it says is told.
    """
    program = shutil.which("dumpcap")
    if program is None:
        raise InputError("live capture needs dumpcap, which comes with Wireshark; `cti proxy` needs nothing")
    if interface.startswith("-"):
        raise InputError(f"{interface!r} is no interface; `dumpcap -D` lists them")
    wanted = "tcp" if port is None else f"tcp port {port}"
    command = [program, "-q", "-i", interface, "-f", wanted, "-w", "-"]
    # What it says goes into a file: nobody reads it before the end, and a pipe would fill up.
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as process,  # noqa: S603
    ):
        assert process.stdout is not None
        try:
            if not process.stdout.peek(1):  # type: ignore[attr-defined]
                raise InputError(
                    f"interface {interface}: {_complaint(said) or 'dumpcap ended without a packet'}"
                )
            yield process.stdout  # type: ignore[misc]
            if _code(process):
                raise InputError(f"interface {interface}: {_complaint(said) or 'dumpcap failed'}")
        finally:
            process.terminate()
            if _code(process) is None:
                process.kill()


def _code(process: subprocess.Popen[bytes]) -> int | None:
    """Return the code that a process ends with, or ``None`` if it does not end."""
    try:
        return process.wait(_LEAVE_S)
    except subprocess.TimeoutExpired:
        return None


def _complaint(said: IO[bytes]) -> str:
    """Return what dumpcap says is wrong, in its own words."""
    said.seek(max(0, said.seek(0, SEEK_END) - _SAID))
    lines = said.read(_SAID).decode("utf-8", "replace").splitlines()
    wrong = [line for line in lines if line and not line.startswith(_NO_COMPLAINTS)]
    return wrong[0].removeprefix("dumpcap: ") if wrong else ""
