"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket there, not as root."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def _programs() -> Path | None:
    """Return the folder of the server's programs: Debian keeps them away from the path."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[4]))
    return versions[-1].parent if versions else None


class Server:
    """A server that can be stopped and started.

    Attributes:
        url: of its database.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        # The server refuses to be root.
        self._user: dict[str, Any] = {"user": folder.owner()} if os.geteuid() == 0 else {}
        self.url = f"postgresql://lab@/postgres?host={folder}"
        self._run("initdb", "-D", folder / "data", "-U", "lab", "-A", "trust", "--no-sync", "-E", "UTF8")

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments], cwd=self._folder, capture_output=True, text=True,
            timeout=120, stdin=subprocess.DEVNULL, **self._user,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def _control(self, *arguments: str) -> None:
        log = self._folder / "log"
        self._run("pg_ctl", "-D", self._folder / "data", "-l", log, "-w", *arguments)

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        self._control("-o", f"-k {self._folder} -c listen_addresses= -c fsync=off", "start")

    def stop(self) -> None:
        """Stop at once, as a crash would."""
        self._control("-m", "immediate", "stop")


def there() -> bool:
    """Tell whether a server can be run on this machine."""
    packages = ("sqlalchemy", "psycopg")
    found = os.name == "posix" and _programs() is not None
    return found and all(importlib.util.find_spec(one) is not None for one in packages)


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server, or skip the test where there is none."""
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    programs = _programs()
    if programs is None:
        pytest.skip("there is no PostgreSQL server on this machine")
    folder = Path(tempfile.mkdtemp(prefix="cti-pg-"))  # short: the name of a socket has 100 characters
    try:
        if os.geteuid() == 0:
            import pwd

            user = pwd.getpwnam("postgres" if _known("postgres") else "nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = Server(programs, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _known(user: str) -> bool:
    import pwd

    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
