"""Files of the cycler computer: browse, fetch, send, look for, make and delete.

Looking is open to everybody, changing needs the right to control. No result here says that a right is
missing: it is a failure like any other. What is allowed is decided in `spoofer.files.folder`.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final

from cti_schema.enums import NewOrDeleteResult
from cti_schema.errors import FileRefused
from cti_schema.message import Feedback
from cti_schema.messages.browse_directory import (
    BrowseDirectory,
    BrowseDirectoryFeedback,
    BrowseDirectoryResult,
    DirectoryEntry,
    EntryType,
    SchedulePath,
)
from cti_schema.messages.check_file import CheckFile, CheckFileFeedback, CheckFileResult
from cti_schema.messages.check_file_ex import CheckFileEx, CheckFileExFeedback
from cti_schema.messages.delete_folder import DeleteFolder, DeleteFolderFeedback
from cti_schema.messages.download_file import DownloadFile, DownloadFileFeedback, DownloadResult
from cti_schema.messages.new_folder import NewFolder, NewFolderFeedback
from cti_schema.messages.new_or_delete import NewOrDelete, NewOrDeleteFeedback
from cti_schema.messages.upload_file import UploadFile, UploadFileFeedback, UploadResult
from spoofer.device import Device
from spoofer.files import paths
from spoofer.files.paths import Reason
from spoofer.files.uploads import Uploads
from spoofer.machine.channel import Phase
from spoofer.machine.texts import utf16_units
from spoofer.replies import Session, reply_to

log = logging.getLogger("spoofer")

#: Bytes of a file in one feedback (protocol v1.1).
PIECE: Final = 512 * 1024

#: Longest name and size that a listing can tell (feedbacks.json: `browse_directory_feedback`).
_LISTED_NAME: Final = 64
_LISTED_SIZE: Final = 2**31 - 1

_MD5_OF_NOTHING: Final = hashlib.md5(usedforsecurity=False).digest()


def reason_text(refusal: FileRefused) -> str:
    """Return why something was refused, as short as the field for it."""
    return str(refusal).encode("utf-16-le", "replace")[:512].decode("utf-16-le", "ignore")


# --- looking -----------------------------------------------------------------------------------


@reply_to(BrowseDirectory)
def browse_directory(device: Device, session: Session, request: BrowseDirectory) -> Sequence[Feedback]:
    """List a folder; an empty path is that of the program folder. What has too long a name is left out."""
    try:
        entries = device.folder.entries(request.directory_path)
    except FileRefused as refusal:
        log.info("%s: not listed: %s", session.peer, refusal)
        failed = BrowseDirectoryResult.DIRECTORY_FAILED
        return [BrowseDirectoryFeedback(result=failed, entry_count=0, entries=[])]
    records: list[DirectoryEntry | SchedulePath] = [
        DirectoryEntry(
            entry_type=EntryType.DIRECTORY if entry.is_folder else EntryType.FILE,
            name=entry.name,
            size=min(entry.size, _LISTED_SIZE),
            modified=time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.modified)),
        )
        for entry in entries
        if utf16_units(entry.name) <= _LISTED_NAME
    ]
    return [
        BrowseDirectoryFeedback(
            result=BrowseDirectoryResult.DIRECTORY_SUCCESS, entry_count=len(records), entries=records
        )
    ]


@reply_to(DownloadFile)
def download_file(device: Device, session: Session, request: DownloadFile) -> Iterable[Feedback]:
    """Send a file in pieces; each is read when it is sent. An empty file is one empty piece."""
    try:
        file = device.folder.open(request.file_path)
    except FileRefused as refusal:
        log.info("%s: not sent: %s", session.peer, refusal)
        too_long = refusal.reason == Reason.LIMIT
        result = DownloadResult.MAX_LENGTH_ERR if too_long else DownloadResult.FAILED
        return [_no_piece(result, request.download_time)]
    return _pieces(file, request.download_time)


def _pieces(file: BinaryIO, download_time: float) -> Iterator[Feedback]:
    with file:
        size = file.seek(0, 2)
        file.seek(0)
        count = max(1, -(-size // PIECE))
        for index in range(count):
            try:
                data = file.read(PIECE)
            except OSError:
                data = b""
            if len(data) != min(PIECE, size - index * PIECE):  # the file became shorter meanwhile
                yield _no_piece(DownloadResult.FAILED, download_time)
                return
            yield DownloadFileFeedback(
                result=DownloadResult.SUCCESS,
                download_time=download_time,
                package_count=count,
                package_index=index,
                md5=hashlib.md5(data, usedforsecurity=False).digest(),
                data=data,
            )


def _no_piece(result: DownloadResult, download_time: float) -> DownloadFileFeedback:
    """Return a failure. Only with the MD5 of nothing the vendor's client shows its result."""
    return DownloadFileFeedback(
        result=result,
        download_time=download_time,
        package_count=0,
        package_index=0,
        md5=_MD5_OF_NOTHING,
        data=b"",
    )


@reply_to(CheckFile)
def check_file(device: Device, session: Session, request: CheckFile) -> Sequence[Feedback]:
    """Tell whether a file exists, and where."""
    try:
        where = device.folder.locate(request.file_name)
    except FileRefused as refusal:
        missing = CheckFileResult.NONEXISTS
        return [CheckFileFeedback(result=missing, reason=reason_text(refusal), file_path="")]
    return [CheckFileFeedback(result=CheckFileResult.EXISTS, reason="", file_path=where)]


@reply_to(CheckFileEx)
def check_file_ex(device: Device, session: Session, request: CheckFileEx) -> Sequence[Feedback]:
    """Tell whether a file exists, and whether its content is the same.

    The path in the answer is where the vendor's library sends the pieces (framing.md, section 5, item 9);
    it is empty when no file of that name can be written.
    """
    folder, reason, where = device.folder, "", ""
    path = "\\".join(part for part in (request.relative_path, request.file_name) if part)
    exists = same = False
    try:
        where = folder.locate(path)
        exists = True
        same = folder.md5(where) == request.md5
    except FileRefused as refusal:
        reason = reason_text(refusal)
    if not exists:
        try:
            where = folder.destination(path)
        except FileRefused as refusal:
            reason = reason_text(refusal)
    return [
        CheckFileExFeedback(
            relative_path_exists=int(bool(where) and folder.has_folder(where.rpartition("\\")[0])),
            file_name_exists=int(exists),
            md5_exists=int(same),
            reason=reason,
            file_path=where,
        )
    ]


# --- changing ----------------------------------------------------------------------------------


@reply_to(UploadFile)
def upload_file(device: Device, session: Session, request: UploadFile) -> Sequence[Feedback]:
    """Take one piece of a file; the file is there when the last one is."""
    result = UploadResult.FAILED
    if session.may_control:
        if _in_use(device, [request.file_path]):
            result = UploadResult.FAILED_TEST_RUNNING
        else:
            result = session.keep(Uploads).take(device.folder, request)
    return [
        UploadFileFeedback(
            upload_time=request.upload_time,
            package_count=request.package_count,
            package_index=request.package_index,
            result=result,
        )
    ]


@reply_to(NewOrDelete)
def new_or_delete(device: Device, session: Session, request: NewOrDelete) -> Sequence[Feedback]:
    """Make a folder (1), or delete a file or a folder (0)."""
    if request.operation == 0:
        result = _delete(device, session, request.file_path)
    elif request.operation == 1:
        result = _make(device, session, request.file_path)
    else:
        result = NewOrDeleteResult.CTI_NEW_FAILED
    return [NewOrDeleteFeedback(result=result)]


@reply_to(NewFolder)
def new_folder(device: Device, session: Session, request: NewFolder) -> Sequence[Feedback]:
    """Make a folder, wherever in the frame its path is."""
    return [NewFolderFeedback(result=_make(device, session, request.path))]


@reply_to(DeleteFolder)
def delete_folder(device: Device, session: Session, request: DeleteFolder) -> Sequence[Feedback]:
    """Delete a file or a folder."""
    return [DeleteFolderFeedback(result=_delete(device, session, request.path))]


def _make(device: Device, session: Session, path: str) -> NewOrDeleteResult:
    if not session.may_control:
        return NewOrDeleteResult.CTI_NEW_FAILED
    try:
        device.folder.make(path)
    except FileRefused as refusal:
        log.info("%s: no folder made: %s", session.peer, refusal)
        here = refusal.reason in (Reason.EXISTS, Reason.SYSTEM)
        return NewOrDeleteResult.CTI_NEW_FAILED if here else NewOrDeleteResult.CTI_NEW_FAILED_ADD_FOLDER
    return NewOrDeleteResult.CTI_NEW_SUCCESS


def _delete(device: Device, session: Session, path: str) -> NewOrDeleteResult:
    if not session.may_control:
        return NewOrDeleteResult.CTI_DELETE_FAILED
    try:
        if _in_use(device, device.folder.files(path)):
            return NewOrDeleteResult.CTI_DELETE_FAILED_TEXT_RUNNING
        device.folder.delete(path)
    except FileRefused as refusal:
        log.info("%s: not deleted: %s", session.peer, refusal)
        return _NOT_DELETED.get(refusal.reason, NewOrDeleteResult.CTI_DELETE_FAILED)
    return NewOrDeleteResult.CTI_DELETE_SUCCESS


_NOT_DELETED: Final[dict[str, NewOrDeleteResult]] = {
    Reason.MISSING: NewOrDeleteResult.CTI_DELETE_FAILED_EXIST,
    Reason.ENDING: NewOrDeleteResult.CTI_DELETE_FAILED_EXTENSION,
}


def _in_use(device: Device, files: Iterable[str]) -> bool:
    """Return whether one of the files is the schedule of a test that runs or is paused."""
    running = set()
    for index in range(device.channel_count):
        channel = device.channel(index)
        if channel is not None and channel.phase in (Phase.RUNNING, Phase.PAUSED):
            running.add(_stem(channel.schedule_name))
    return bool(running) and any(_stem(file) in running for file in files)


def _stem(path: str) -> str:
    """Return the name by which a schedule is assigned, from that or from the path of its file."""
    name = path.replace("/", "\\").rpartition("\\")[2].casefold().removesuffix(".toml")
    return name.removesuffix(paths.ending(name)) if paths.ending(name) in paths.WORK_ENDINGS else name
