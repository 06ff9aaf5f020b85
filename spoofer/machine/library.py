"""The schedules of a cycler, by the names that clients assign: given ones, files of the folder, the default.

A file in the folder is found by `spoofer.battery.schedule_file.file_names`. A cycler that was given a folder
knows no further name but ``default``; one without takes every name for that of the default schedule, a full
charge and discharge. A file that is no text, as a real schedule is, stands for the default as well: what is
in it is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cti_schema.errors import FileRefused
from spoofer.battery.schedule import Schedule, default_schedule
from spoofer.battery.schedule_file import file_names, loads
from spoofer.files.folder import Folder
from spoofer.files.paths import WORK

#: The name that the default schedule has beside a folder, with or without the ending of a schedule.
DEFAULT_NAMES: Final = ("default", "default.sdx", "default.sdu")


class Library:
    """Schedules by name.

    Args:
        given: schedules that need no file.
        folder: where files are.
        every_name: every name is that of a schedule.
        capacity_ah: what the default schedule is made for.

    Attributes:
        given: schedules that need no file, by name.
    """

    def __init__(
        self, given: Iterable[Schedule], folder: Folder, *, every_name: bool, capacity_ah: float
    ) -> None:
        self.given = {schedule.name: schedule for schedule in given}
        self._folder = folder
        self._every_name = every_name
        self._capacity_ah = capacity_ah

    def find(self, name: str) -> Schedule | None:
        """Return the schedule of a name, or ``None`` if there is none.

        Raises:
            ScenarioError: its file is not what it should be.
        """
        if name in self.given:
            return self.given[name]
        # A temporary folder that was never asked for has no files.
        for file_name in file_names(name) if self._folder.is_made else ():
            for path in (f"{WORK}\\{file_name}", file_name):
                try:
                    data = self._folder.read(path)
                except FileRefused:
                    continue
                return self._read(data, name, path)
        if self._every_name or name.lower() in DEFAULT_NAMES:
            return default_schedule(name, self._capacity_ah)
        return None

    def _read(self, data: bytes, name: str, path: str) -> Schedule:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = "\0"
        if path.lower().endswith(".toml") or "[[step]]" in text:
            return loads(data, name, file=path)
        return default_schedule(name, self._capacity_ah)
