"""A server in a process of its own, that is started again when it is gone: ``python -m spoofer.fuzz.own``.

The first line that it writes is ``listening on HOST:PORT``; what it writes to standard error are complaints.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from cti_schema.errors import ConnectError

#: Lines of complaints that are kept.
_MOST: Final = 200


class OwnServer:
    """A server that is run by a command.

    Args:
        command: what to run; by default a spoofer.

    Attributes:
        host: where it listens.
        port: its port.

    Raises:
        ConnectError: it does not start.
    """

    def __init__(self, command: Sequence[str] = ()) -> None:
        self._command = list(command) or [sys.executable, "-m", "spoofer.fuzz.own"]
        self._complaints: deque[str] = deque(maxlen=_MOST)
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # the user's own command
            self._command,
            stdin=subprocess.PIPE,  # its end tells the server that this process is gone
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        what, _, where = line.strip().partition(" on ")
        if what != "listening":
            self._process.kill()
            _, reason = self._process.communicate()
            raise ConnectError(f"the server does not start: {reason.strip()[-500:]}")
        self.host, _, port = where.rpartition(":")
        self.port = int(port)
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if line.strip():
                self._complaints.append(line.rstrip())

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def gone(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def complaints(self) -> list[str]:
        """Return what it wrote to standard error since the last call."""
        found = []
        while self._complaints:
            found.append(self._complaints.popleft())
        return found

    def restart(self) -> None:
        """End it, and start it again; it may listen on another port.

        Raises:
            ConnectError: it does not start.
        """
        self.close()
        self._complaints.clear()
        self._start()

    def close(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def main() -> None:
    """Serve until standard input ends. Folders of messages may be named as arguments."""
    import asyncio
    import logging
    import os
    from pathlib import Path

    from cti_schema.registry import registry
    from spoofer.server import Spoofer

    for folder in sys.argv[1:]:
        registry().load_folder(Path(folder))
    # Only defects are complaints: what a client does wrong is none.
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    logging.getLogger("spoofer").handlers.clear()

    def end_with_input() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=end_with_input, daemon=True).start()

    async def serve() -> None:
        async with Spoofer(port=0) as spoofer:
            print(f"listening on {spoofer.host}:{spoofer.port}", flush=True)
            await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
