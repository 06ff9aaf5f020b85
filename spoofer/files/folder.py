"""The file area of the cycler: one folder that nothing can leave.

What a path means is said in `paths`; `walk` looks it up without following links. Names are found whatever
their letters' case is, as on Windows. A file that is written appears at once or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from cti_schema.errors import ConfigurationError, FileRefused
from spoofer.files import paths, walk
from spoofer.files.paths import Reason

#: Endings of the files that a client may write and delete: schedules, test objects, CAN and SMB
#: configurations, and the spoofer's own schedules. The facts name no others.
ENDINGS: Final = (".sdx", ".sdu", ".to", ".can", ".smb", ".toml")

#: Most files that come in pieces at a time, from all clients together: each keeps a file open.
MOST_UPLOADS: Final = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder in a folder.

    Attributes:
        name: without a path.
        is_folder: a folder, else a file.
        size: in bytes; 0 of a folder.
        modified: time of the last change, in seconds since 1970.
    """

    name: str
    is_folder: bool
    size: int
    modified: float


class Folder:
    """The file area of a cycler.

    Every method that takes a path raises `FileRefused` where it does not do what it is asked for. What it
    returns of a path is what a client is told: relative to the root, with backslashes.

    Args:
        root: the folder, which must exist; a temporary one by default, removed with this object.
        endings: of the files that may be written and deleted, with their dots, in small letters.
        max_file: largest file in bytes, written or read.
        max_total: most bytes in all files together.
        max_entries: most files and folders together.

    Raises:
        ConfigurationError: the root is no folder.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        endings: tuple[str, ...] = ENDINGS,
        max_file: int = 64 * 2**20,
        max_total: int = 512 * 2**20,
        max_entries: int = 10_000,
    ) -> None:
        self.endings = endings
        self.max_file = max_file
        self.max_total = max_total
        self.max_entries = max_entries
        self._uploads = 0
        self._pending = 0
        self._root: Path | None = None
        if root is not None:
            self._root = Path(root).resolve()
            if not self._root.is_dir():
                raise ConfigurationError(f"{os.fspath(root)} is no folder")
            _make_work(self._root)

    @property
    def is_made(self) -> bool:
        """Whether the folder is there: a temporary one is made when it is first asked for."""
        return self._root is not None

    @property
    def root(self) -> Path:
        """The folder on this computer; a temporary one is made when it is first asked for."""
        if self._root is None:
            made = tempfile.mkdtemp(prefix="cti-spoofer-")
            weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
            self._root = Path(made).resolve()
            _make_work(self._root)
        return self._root

    # --- looking -------------------------------------------------------------------------------

    def entries(self, path: str) -> list[Entry]:
        """Return what is in a folder, sorted by name. What a client cannot name is left out, like links."""
        with walk.system():
            where, status, names = walk.find(self.root, paths.parts(path))
            if not walk.is_folder(status):
                raise FileRefused(Reason.KIND, f"{paths.shown(names)} is no folder")
            found: list[Entry] = []
            with os.scandir(where) as scan:
                for item in scan:
                    status = os.lstat(item.path)
                    if walk.is_plain(status) and paths.is_name(item.name) and len(found) < self.max_entries:
                        size = 0 if walk.is_folder(status) else status.st_size
                        found.append(Entry(item.name, walk.is_folder(status), size, status.st_mtime))
        return sorted(found, key=lambda entry: (entry.name.casefold(), entry.name))

    def locate(self, path: str) -> str:
        """Return the path of a file; a bare name: where it would be written, else in the root."""
        return paths.shown(self._file(path)[2])

    def has_folder(self, path: str) -> bool:
        """Return whether there is a folder of that path; of one that could leave the root there is none."""
        try:
            with walk.system():
                return walk.is_folder(walk.find(self.root, paths.parts(path))[1])
        except FileRefused:
            return False

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading."""
        where, status, names = self._file(path)
        if status.st_size > self.max_file:
            raise FileRefused(Reason.LIMIT, f"{paths.shown(names)} has more than {self.max_file} bytes")
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        with walk.system():
            # A pipe that took the place of the file meanwhile must not block.
            file = os.fdopen(os.open(where, flags | getattr(os, "O_NONBLOCK", 0)), "rb")
        if not os.path.samestat(os.fstat(file.fileno()), status):
            file.close()
            raise FileRefused(Reason.LINK, f"{paths.shown(names)} was replaced meanwhile")
        return file

    def read(self, path: str) -> bytes:
        """Return what is in a file."""
        with self.open(path) as file, walk.system():
            return file.read(self.max_file)

    def md5(self, path: str) -> bytes:
        """Return the MD5 of a file."""
        with self.open(path) as file, walk.system():
            digest = hashlib.md5(usedforsecurity=False)
            while piece := file.read(2**20):
                digest.update(piece)
            return digest.digest()

    def files(self, path: str) -> list[str]:
        """Return the path of a file, or of all files in a folder."""
        with walk.system():
            where, status, names = self._any(path)
            if not walk.is_folder(status):
                return [paths.shown(names)]
            items = [item for item, status in walk.below(where) if stat.S_ISREG(status.st_mode)]
            return [paths.shown((*names, *item.relative_to(where).parts)) for item in items]

    # --- changing ------------------------------------------------------------------------------

    def destination(self, path: str, size: int = 0) -> str:
        """Return where a file of so many bytes would be written.

        A file that is there already is replaced; else a bare name goes where its ending says.
        """
        names = paths.placed(paths.parts(path), path)
        with suppress(FileRefused):
            names = self._file(path)[2]
        if not names:
            raise FileRefused(Reason.PATH, "the path names no file")
        self._check_ending(names[-1])
        if size > self.max_file:
            raise FileRefused(Reason.LIMIT, f"a file has at most {self.max_file} bytes")
        return paths.shown(names)

    def write(self, path: str, source: BinaryIO) -> str:
        """Write all bytes of an open file, and return where. Folders that are missing are made."""
        size = source.seek(0, os.SEEK_END)
        names = paths.parts(self.destination(path, size))
        with walk.system():
            old = self._there(names)
            if old is not None and walk.is_folder(old[1]):
                raise FileRefused(Reason.KIND, f"{paths.shown(names)} is a folder")
            self._check_room(len(names), size - (0 if old is None else old[1].st_size))
            folder = walk.make_folders(self.root, names[:-1])
            walk.replace(folder / names[-1], source)
        return paths.shown(names)

    def make(self, path: str) -> None:
        """Make a folder, and those that it is in."""
        names = paths.parts(path)
        with walk.system():
            if self._there(names) is not None:
                raise FileRefused(Reason.EXISTS, f"{paths.shown(names)} exists")
            self._check_room(len(names), 0)
            walk.make_folders(self.root, names)

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all that is in it: all of it, or nothing."""
        with walk.system():
            where, status, names = self._any(path)
            if not names or [name.casefold() for name in names] == [paths.WORK.casefold()]:
                raise FileRefused(Reason.PROTECTED, f"{path!r} stays")
            doomed = [(where, status)]
            if walk.is_folder(status):
                doomed.extend(walk.below(where))
            for item, kind in doomed:
                if not walk.is_plain(kind):
                    raise FileRefused(Reason.LINK, f"{item.name} is neither a file nor a folder")
                if not walk.is_folder(kind):
                    self._check_ending(item.name)
            for item, kind in reversed(doomed):
                item.rmdir() if walk.is_folder(kind) else item.unlink()

    # --- files that come in pieces ---------------------------------------------------------------

    def begin_upload(self) -> None:
        """Count a file that comes in pieces, of all connections."""
        if self._uploads >= MOST_UPLOADS:
            raise FileRefused(Reason.LIMIT, f"{MOST_UPLOADS} files are being sent already")
        self._uploads += 1

    def grow_upload(self, size: int, more: int) -> None:
        """Count bytes that have come of a file of which so many were there."""
        if size + more > self.max_file or self._pending + more > self.max_total:
            raise FileRefused(Reason.LIMIT, f"a file has at most {self.max_file} bytes")
        self._pending += more

    def end_upload(self, size: int) -> None:
        """Forget a file of that size: it is whole, or given up."""
        self._uploads -= 1
        self._pending -= size

    # --- what these have in common -------------------------------------------------------------

    def _there(self, names: tuple[str, ...]) -> tuple[Path, os.stat_result, tuple[str, ...]] | None:
        """Return what `walk.find` finds, or ``None`` if there is nothing."""
        try:
            return walk.find(self.root, names)
        except FileRefused as refusal:
            if refusal.reason != Reason.MISSING:
                raise
            return None

    def _any(self, path: str) -> tuple[Path, os.stat_result, tuple[str, ...]]:
        """Find a file or folder; a bare name of a file first where it would be written."""
        names = paths.parts(path)
        return self._there(paths.placed(names, path)) or walk.find(self.root, names)

    def _file(self, path: str) -> tuple[Path, os.stat_result, tuple[str, ...]]:
        with walk.system():
            where, status, names = self._any(path)
        if walk.is_folder(status):
            raise FileRefused(Reason.KIND, f"{paths.shown(names) or 'the root'} is a folder")
        return where, status, names

    def _check_ending(self, name: str) -> None:
        if paths.ending(name) not in self.endings:
            raise FileRefused(
                Reason.ENDING, f"{name}: only files of {', '.join(self.endings)} are written and deleted"
            )

    def _check_room(self, entries: int, size: int) -> None:
        """Refuse what would be too much together with what is there."""
        for _, status in walk.below(self.root):
            entries += 1
            size += 0 if walk.is_folder(status) else status.st_size
            if entries > self.max_entries or size > self.max_total:
                raise FileRefused(Reason.LIMIT, "the file area is full")


def _make_work(root: Path) -> None:
    with suppress(OSError):  # it is there, or the folder cannot be written: then it stays as it is
        (root / paths.WORK).mkdir()
