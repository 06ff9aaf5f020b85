"""Files and folders below a root, looked up name by name: no link is ever followed.

Every function may raise `OSError`; `system` turns that into a refusal that tells nothing of this computer.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from cti_schema.errors import FileRefused
from spoofer.files.paths import Reason, shown


@contextmanager
def system() -> Iterator[None]:
    """Turn what the operating system refuses into `FileRefused`; the path on this computer is not told."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileRefused(Reason.MISSING, "there is no such file or folder") from error
    except (OSError, ValueError) as error:
        raise FileRefused(Reason.SYSTEM, getattr(error, "strerror", None) or "refused") from error


def is_plain(status: os.stat_result) -> bool:
    """Return whether something is a file or a folder: no link, junction, pipe, socket or device."""
    reparse = getattr(status, "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_REPARSE_POINT
    return not reparse and (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode))


def is_folder(status: os.stat_result) -> bool:
    """Return whether something plain is a folder."""
    return stat.S_ISDIR(status.st_mode)


def find(root: Path, names: tuple[str, ...]) -> tuple[Path, os.stat_result, tuple[str, ...]]:
    """Return where something is, what it is, and its names as they are on the disk.

    Raises:
        FileRefused: it is not there, or one of the names is that of a link or the like.
    """
    where, status = root, os.lstat(root)
    found: tuple[str, ...] = ()
    for name in names:
        if not is_folder(status):
            raise FileRefused(Reason.MISSING, f"{shown(found)} is no folder")
        real = _on_disk(where, name)
        if real is None:
            raise FileRefused(Reason.MISSING, f"{shown((*found, name))} does not exist")
        where, found = where / real, (*found, real)
        status = os.lstat(where)
        if not is_plain(status):
            raise FileRefused(Reason.LINK, f"{shown(found)} is neither a file nor a folder")
    return where, status, found


def _on_disk(folder: Path, name: str) -> str | None:
    """Return the name of an entry as it is written on the disk; letters' case counts only if it must."""
    wanted, like = _folded(name), None
    with os.scandir(folder) as scan:
        for entry in scan:
            if entry.name == name:
                return name
            if like is None and _folded(entry.name) == wanted:
                like = entry.name
    return like


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def below(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield all that is in a folder and in those in it, folders before what is in them."""
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as scan:
            for entry in scan:
                where = Path(entry.path)
                status = os.lstat(where)
                yield where, status
                if is_plain(status) and is_folder(status):
                    waiting.append(where)


def make_folders(root: Path, names: tuple[str, ...]) -> Path:
    """Return the folder of those names; what is missing of it is made."""
    where = root
    for end in range(1, len(names) + 1):
        try:
            where, status, _ = find(root, names[:end])
        except FileRefused as refusal:
            if refusal.reason != Reason.MISSING:
                raise
            where = where / names[end - 1]
            where.mkdir()
        else:
            if not is_folder(status):
                raise FileRefused(Reason.KIND, f"{shown(names[:end])} is a file")
    return where


def replace(where: Path, source: BinaryIO) -> None:
    """Make a file with all bytes of an open one. It is there at once; what was there is gone then."""
    handle, temporary = tempfile.mkstemp(prefix=".upload-", dir=where.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            source.seek(0)
            shutil.copyfileobj(source, out)
        os.replace(temporary, where)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
