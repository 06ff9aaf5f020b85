"""A folder that one logger at a time writes into. The claim ends with the process, however that ends."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cti_schema.errors import ConfigurationError

__all__ = ["Claim"]


class Claim:
    """A claim on a folder, which is made if it is not there.

    Raises:
        ConfigurationError: the folder cannot be written, or another logger has claimed it.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(
                folder / ".cti-log", timeout=0.0, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"{folder}: {getattr(error, 'strerror', None) or error}") from None
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._database.close()
            reason = "another logger writes into it" if "locked" in str(error) else str(error)
            raise ConfigurationError(f"{folder}: {reason}") from None

    def close(self) -> None:
        """Give the folder free."""
        self._database.close()
