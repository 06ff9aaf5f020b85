"""Files of the cycler's computer: look, fetch, send, make, delete. A file is whole or it is not there.

Pieces are checked by their MD5 as they come and go, and one at a time is in memory. What is fetched is
written beside its place and moved there when it is whole. Source: framing.md, sections 5 and 6.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from cti_client.asking import accepted, begin, failed, ready, request
from cti_client.peer import Call, Peer, Sleep, Wait, valid_port, valid_timeout
from cti_client.readings import refused
from cti_schema.errors import ConfigurationError, CTIError, TransferError
from cti_schema.messages.browse_directory import BrowseDirectory, DirectoryEntry, EntryType
from cti_schema.messages.check_file_ex import CheckFileEx
from cti_schema.messages.download_file import DownloadFile, DownloadFileFeedback
from cti_schema.messages.new_or_delete import NewOrDelete
from cti_schema.messages.upload_file import UploadFile

__all__ = [
    "FILES_PORT",
    "PIECE",
    "Entry",
    "Progress",
    "Uploaded",
    "browse",
    "delete",
    "download",
    "files_port",
    "new_folder",
    "upload",
]

#: The documented ports for everything else, and for files.
_CONTROL_PORT: Final = 9031
FILES_PORT: Final = 9032

#: Bytes of a file in one request; the vendor's library sends so many.
PIECE: Final = 2**20

#: Is called with the bytes that are done and those that there are. While a file comes, the second number is
#: the most that it can be, and exact with the last piece.
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a directory on the cycler's computer.

    Attributes:
        name: without a path; a schedule's may have folders.
        is_directory: it is a directory.
        size: bytes of a file; ``None`` where the cycler tells names alone.
        modified: time of the last change, as the cycler writes it.
    """

    name: str
    is_directory: bool = False
    size: int | None = None
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that is on the cycler's computer now.

    Attributes:
        path: where it is there.
        size: its bytes.
        sent: it was sent; else the same file was there already.
    """

    path: str
    size: int
    sent: bool


def files_port(port: int, given: int | None) -> int:
    """Return the port that files go to.

    Args:
        port: the one for everything else.
        given: what the user says; ``None`` for the documented one beside the documented one, else the same.
    """
    if given is not None:
        return valid_port(given)
    return FILES_PORT if port == _CONTROL_PORT else port


def browse(peer: Peer, directory: str = "", timeout_s: float | None = None) -> Call[list[Entry]]:
    """List a directory of the cycler's computer.

    Args:
        directory: its path there; empty for the first one.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler cannot list it.
    """
    message = BrowseDirectory(directory_path=directory)
    feedback = accepted((yield from request(peer, message, timeout_s)), message)
    return [_entry(one) for one in feedback.entries]


def _entry(record: object) -> Entry:
    if isinstance(record, DirectoryEntry):
        is_directory = record.entry_type is EntryType.DIRECTORY
        return Entry(record.name, is_directory, None if is_directory else record.size, record.modified)
    return Entry(str(getattr(record, "name", "")))


def download(
    peer: Peer,
    path: str,
    to: Path | str,
    *,
    progress: Progress | None = None,
    timeout_s: float | None = None,
) -> Call[Path]:
    """Fetch a file from the cycler's computer, and return where it is now.

    Args:
        path: the file there.
        to: the file here, which is replaced when the new one is whole; or a directory, where it gets the
            same name.
        progress: is called after each piece with the bytes done and in all; the second number is an upper
            bound until the last piece.
        timeout_s: seconds that each piece may take.

    Raises:
        TransferError: a piece is missing, out of order or broken, or the file cannot be written here.
        ResultError: the cycler refused.
        ConfigurationError: there is no such directory here.
    """
    target = _target(path, Path(to))
    timeout_s = peer.timeout_s if timeout_s is None else valid_timeout(timeout_s)
    deadline = peer.clock() + timeout_s
    message = DownloadFile(file_path=path, download_time=_stamp())
    with _new_file(target) as file:
        yield from ready(peer, deadline)
        exchange = yield from begin(peer, message, timeout_s, deadline)
        try:
            pieces = _Pieces(message, file, progress)
            while True:
                for feedback in exchange.feedbacks:
                    pieces.add(feedback)
                exchange.feedbacks.clear()
                if exchange.done:
                    break
                yield Wait(exchange.deadline)
            exchange.result()
            pieces.end()
        except CTIError as error:
            raise failed(peer, error)  # noqa: B904 - the same one
        finally:
            exchange.done = True  # what still comes is kept for nobody
    return target


class _Pieces:
    """Checks the pieces of a file that is fetched, and writes them."""

    def __init__(self, message: DownloadFile, file: BinaryIO, progress: Progress | None) -> None:
        self._message = message
        self._file = file
        self._progress = progress
        self._next = 0
        self._count = 1
        self._piece = 0
        self._done = 0

    def add(self, feedback: DownloadFileFeedback) -> None:
        path = self._message.file_path
        if not feedback.result.is_success:
            raise refused(self._message, feedback, feedback.result, None)
        if feedback.package_index != self._next:
            raise TransferError(f"{path}: piece {feedback.package_index} came where {self._next} was due")
        if hashlib.md5(feedback.data, usedforsecurity=False).digest() != feedback.md5:
            raise TransferError(f"{path}: piece {self._next} is not what its MD5 says; fetch it again")
        if self._next == 0:
            self._count, self._piece = max(1, feedback.package_count), len(feedback.data)
        elif feedback.package_count != self._count:
            raise TransferError(f"{path}: it has {feedback.package_count} pieces now, and had {self._count}")
        self._file.write(feedback.data)
        self._next += 1
        self._done += len(feedback.data)
        if self._progress is not None:
            last = self._next == self._count
            self._progress(self._done, self._done if last else max(self._done, self._count * self._piece))

    def end(self) -> None:
        if self._next != self._count:
            raise TransferError(f"{self._message.file_path}: {self._next} of {self._count} pieces came")


def upload(
    peer: Peer,
    source: Path | str,
    to: str | None = None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    timeout_s: float | None = None,
) -> Call[Uploaded]:
    """Send a file to the cycler's computer.

    First the cycler is asked whether it is there: the same file is not sent again. Then the pieces go one
    after the other, each when the one before has been taken. No piece is sent twice.

    Args:
        source: the file here.
        to: its name there, may have folders; by default its name here. A schedule without a folder goes
            where schedules are.
        overwrite: replace a file there that has another content.
        progress: is called after each piece with the bytes done and in all.
        timeout_s: seconds that each answer may take.

    Raises:
        TransferError: there is another file of that name there, or the one here cannot be read.
        ResultError: the cycler refused a piece.
        OutcomeUnknown: a piece was sent and not answered.
        ConfigurationError: there is no such file here.
    """
    source = Path(source)
    if not source.is_file():
        raise ConfigurationError(f"{source} is no file")
    name = source.name if to is None else to
    with _reading(source):
        size, whole = source.stat().st_size, hashlib.md5(usedforsecurity=False)
        with source.open("rb") as file:
            while data := file.read(PIECE):
                whole.update(data)
                yield Sleep(peer.clock())  # lets other tasks run
    check = yield from request(peer, CheckFileEx(file_name=name, md5=whole.digest()), timeout_s)
    place = check.file_path or name
    if check.file_name_exists == 1:
        if check.md5_exists == 1:
            return Uploaded(place, size, sent=False)
        if not overwrite:
            reason = f": {check.reason}" if check.reason else ""
            raise TransferError(
                f"{name} is there already, with another content; overwrite=True replaces it{reason}"
            )
    count, stamp = max(1, -(-size // PIECE)), _stamp()
    with _reading(source), source.open("rb") as file:
        for index in range(count):
            data = file.read(PIECE)
            if len(data) != min(PIECE, size - index * PIECE):
                raise TransferError(f"{source} changed while it was sent")
            message = UploadFile(
                file_path=place,
                package_count=count,
                package_index=index,
                upload_time=stamp,
                md5=hashlib.md5(data, usedforsecurity=False).digest(),
                data=data,
            )
            accepted((yield from request(peer, message, timeout_s)), message)
            if progress is not None:
                progress(index * PIECE + len(data), size)
    return Uploaded(place, size, sent=True)


def new_folder(peer: Peer, path: str, timeout_s: float | None = None) -> Call[None]:
    """Make a folder on the cycler's computer.

    Args:
        path: the folder there.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    message = NewOrDelete(operation=1, file_path=path)
    accepted((yield from request(peer, message, timeout_s)), message)


def delete(peer: Peer, path: str, timeout_s: float | None = None) -> Call[None]:
    """Delete a file or a folder on the cycler's computer.

    Args:
        path: the file or folder there.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    message = NewOrDelete(operation=0, file_path=path)
    accepted((yield from request(peer, message, timeout_s)), message)


def _target(path: str, to: Path) -> Path:
    """Return where a file is to be here; a path on the cycler's computer may have slashes of either kind."""
    if to.is_dir():
        name = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
        if name in ("", ".", "..") or ":" in name:
            raise ConfigurationError(f"{path!r} names no file: say what it shall be called here")
        to /= name
    if not to.parent.is_dir():
        raise ConfigurationError(f"there is no directory {to.parent}")
    if to.is_dir():
        raise ConfigurationError(f"{to} is a directory")
    return to


@contextmanager
def _new_file(target: Path) -> Iterator[BinaryIO]:
    """Give a file to write; it takes the target's place at the end, or is gone if that is not reached."""
    beside = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            yield file
        os.replace(beside, target)
    except OSError as error:
        raise TransferError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            beside.unlink()


@contextmanager
def _reading(source: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransferError(f"cannot read {source}: {error.strerror or error}") from error


_numbers: Final = itertools.count()


def _stamp() -> float:
    """Return a time stamp that no other transfer of this process has: an OLE automation date, in days."""
    return time.time() / 86400.0 + 25569.0 + next(_numbers) * 1e-10
