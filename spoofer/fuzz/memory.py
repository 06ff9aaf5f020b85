"""How much memory the server has, and whether it grows with what it is sent.

Measured over much, not over one case: the bytes of a case are sent again and again on one connection, until
more has gone than any server has reason to keep; and over the whole campaign, where what leaks little by
little shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from spoofer.fuzz.case import Case
from spoofer.fuzz.failure import Failure, Kind
from spoofer.fuzz.link import Link
from spoofer.fuzz.target import Target, is_loopback

#: A cycler takes pieces of files of up to 30 MiB: what grows by less is no growth.
GROWTH: Final = 64 * 2**20

#: So much is sent at most to find out, and for so long, in seconds.
FLOOD: Final = 160 * 2**20
FLOOD_S: Final = 2.5

#: Bytes given to the socket at a time.
_PIECE: Final = 2**18


class Memory:
    """The memory of the process that listens on a port of this computer.

    Attributes:
        why_not: why it is not known, in words; empty where it is.
    """

    def __init__(self, target: Target, pid: int | None = None) -> None:
        self.why_not = ""
        self._process = None
        self._target = target
        try:
            import psutil
        except ImportError:
            self.why_not = 'the extra "fuzz" is not installed: pip install "cti-toolkit[fuzz]"'
            return
        if pid is None:
            if not is_loopback(target.host):
                self.why_not = "the server runs on another computer"
                return
            pid = listening(target.port)
        if pid is None:
            self.why_not = "the process that listens there cannot be found"
            return
        try:
            self._process = psutil.Process(pid)
            self._process.memory_info()
        except psutil.Error as error:
            self._process = None
            self.why_not = f"the process cannot be looked at: {error}"

    @property
    def known(self) -> bool:
        """Whether it can be told."""
        return self._process is not None

    def size(self) -> int:
        """Return bytes of memory; 0 where that is not known, or the process is gone."""
        if self._process is None:
            return 0
        try:
            return int(self._process.memory_info().rss)
        except Exception:  # psutil.Error; the process may end at any moment
            return 0

    def flood(self, case: Case) -> Failure | None:
        """Send a case's bytes again and again on one connection; return the failure that memory grew by it.

        Raises:
            OSError: the server cannot be connected to.
            Gone: it does not answer.
        """
        data = b"".join(segment for step in case.steps for segment in step.segments)
        if not data or not self.known:
            return None
        before, sent = self.size(), 0
        link = self._target.enter() if case.login else self._target.connect()
        with link:
            sent = flood(
                link,
                data,
                read=all(step.read for step in case.steps),
                enough=lambda: self.size() - before > GROWTH,
            )
            grown = self.size() - before
        if before and grown > GROWTH:
            text = f"{sent / 2**20:.0f} MiB of {case.message} with {case.mutation} on one connection make it "
            return Failure(Kind.MEMORY, f"{text}{grown / 2**20:.0f} MiB larger")
        return None


def flood(link: Link, data: bytes, *, read: bool, enough: Callable[[], bool]) -> int:
    """Send bytes again and again until it is enough, and return how many went."""
    block = data * max(1, _PIECE // len(data))
    sent, until = 0, time.monotonic() + FLOOD_S
    while sent < FLOOD and time.monotonic() < until and not enough():
        if not link.send((block,), read=read):
            break
        sent += len(block)
        link.let_go()
    return sent


def listening(port: int) -> int | None:
    """Return the process that listens on a TCP port of this computer, if it can be told."""
    import psutil

    try:
        for one in psutil.net_connections(kind="tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port:
                return one.pid
    except (psutil.Error, OSError):
        pass
    return None
