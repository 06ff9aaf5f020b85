"""Files over the protocol: browse, fetch, send, look for, make, delete, assign."""

from __future__ import annotations

import hashlib
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cti_schema import Direction, Feedback, FrameBuffer, decode, encode
from cti_schema.enums import NewOrDeleteResult
from cti_schema.message import Request
from cti_schema.messages.assign_file import AssignFile, AssignFileResult
from cti_schema.messages.browse_directory import BrowseDirectory, BrowseDirectoryResult, EntryType
from cti_schema.messages.check_file import CheckFile, CheckFileResult
from cti_schema.messages.check_file_ex import CheckFileEx
from cti_schema.messages.delete_folder import DeleteFolder
from cti_schema.messages.download_file import DownloadFile, DownloadFileFeedback, DownloadResult
from cti_schema.messages.login import Login
from cti_schema.messages.new_folder import NewFolder
from cti_schema.messages.new_or_delete import NewOrDelete
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.upload_file import UploadFile, UploadFileFeedback, UploadResult
from cti_schema.wire.frame import build_frame
from spoofer import Connection, Device, User, running
from spoofer.behaviour.files import PIECE
from spoofer.files.folder import MOST_UPLOADS, Folder
from spoofer.files.uploads import MOST_UPLOADS as MOST_OF_ONE
from tests.spoofer.helpers import Clock, ask, logged_in, messages, one

EMPTY_MD5 = bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e")
DELETED = NewOrDeleteResult.CTI_DELETE_SUCCESS
NEW = NewOrDeleteResult.CTI_NEW_SUCCESS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def device(root: Path) -> Device:
    return Device(channels=4, clock=Clock(), folder=Folder(root))


@pytest.fixture
def connection(device: Device) -> Connection:
    return logged_in(device)


def onlooker(device: Device) -> Connection:
    device.users = {"guest": User("", may_control=False)}
    connection = Connection(device)
    assert one(connection, Login(username="guest", password="")).allow_control == 0
    return connection


def piece(
    path: str,
    data: bytes,
    index: int = 0,
    count: int = 1,
    *,
    stamp: float = 45000.5,
    md5: bytes | None = None,
) -> UploadFile:
    return UploadFile(
        file_path=path,
        package_count=count,
        package_index=index,
        upload_time=stamp,
        md5=hashlib.md5(data).digest() if md5 is None else md5,
        data=data,
    )


def send(connection: Connection, *args: Any, **kwargs: Any) -> UploadResult:
    feedback = one(connection, piece(*args, **kwargs))
    assert isinstance(feedback, UploadFileFeedback)
    return feedback.result


# --- browse ----------------------------------------------------------------------------------------


def test_browse(connection: Connection, root: Path) -> None:
    (root / "Work" / "Ordner Ä").mkdir()
    (root / "Work" / "a.sdx").write_bytes(b"12345")
    (root / "Work" / ("n" * 65)).write_bytes(b"a name that a listing cannot tell")
    os.utime(root / "Work" / "a.sdx", (1_000_000_000, 1_000_000_000))
    feedback = one(connection, BrowseDirectory(directory_path="\\Work"))
    assert (feedback.result, feedback.entry_count) == (BrowseDirectoryResult.DIRECTORY_SUCCESS, 2)
    file, folder = feedback.entries
    assert (file.entry_type, file.name, file.size) == (EntryType.FILE, "a.sdx", 5)
    assert file.modified.startswith("2001-09-0")
    assert (folder.entry_type, folder.name, folder.size) == (EntryType.DIRECTORY, "Ordner Ä", 0)
    (work,) = one(connection, BrowseDirectory(directory_path="")).entries
    assert (work.entry_type, work.name) == (EntryType.DIRECTORY, "Work")


@pytest.mark.parametrize("path", ["None", "..", "C:\\", "/", "Work\\a.sdx"])
def test_browse_what_is_no_folder(connection: Connection, root: Path, path: str) -> None:
    (root / "Work" / "a.sdx").write_bytes(b"")
    feedback = one(connection, BrowseDirectory(directory_path=path))
    assert (feedback.result, feedback.entry_count) == (BrowseDirectoryResult.DIRECTORY_FAILED, 0)
    assert feedback.entries == []


# --- download --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_download(connection: Connection, root: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    (root / "Work" / "a.sdx").write_bytes(data)
    feedbacks = ask(connection, DownloadFile(file_path="a.sdx", download_time=44000.125))
    count = max(1, -(-size // PIECE))
    assert [one.package_index for one in feedbacks] == list(range(count))
    assert {one.package_count for one in feedbacks} == {count}
    assert {one.result for one in feedbacks} == {DownloadResult.SUCCESS}
    assert {one.download_time for one in feedbacks} == {44000.125}
    assert all(hashlib.md5(one.data).digest() == one.md5 for one in feedbacks)
    assert all(len(one.data) == PIECE for one in feedbacks[:-1])
    assert b"".join(one.data for one in feedbacks) == data


@pytest.mark.parametrize(
    "path", ["", "none.sdx", "Work", "..\\outside.sdx", "/etc/passwd", "C:\\Windows\\win.ini"]
)
def test_a_failed_download_carries_the_md5_of_nothing(connection: Connection, path: str) -> None:
    feedback = one(connection, DownloadFile(file_path=path, download_time=1.5))
    assert feedback == DownloadFileFeedback(
        result=DownloadResult.FAILED,
        download_time=1.5,
        package_count=0,
        package_index=0,
        md5=EMPTY_MD5,
        data=b"",
    )


def test_a_file_that_is_too_long(root: Path) -> None:
    (root / "big.can").write_bytes(bytes(11))
    connection = Connection(Device(folder=Folder(root, max_file=10)))
    feedback = one(connection, DownloadFile(file_path="big.can", download_time=0.0))
    assert (feedback.result, feedback.md5) == (DownloadResult.MAX_LENGTH_ERR, EMPTY_MD5)


def test_a_file_that_becomes_shorter_ends_with_a_failure(connection: Connection, root: Path) -> None:
    where = root / "Work" / "a.sdx"
    where.write_bytes(bytes(3 * PIECE))
    replies = connection.replies(encode(DownloadFile(file_path="a.sdx", download_time=0.0)))
    (first,) = messages(next(replies))
    os.truncate(where, PIECE + 7)
    rest = [feedback for reply in replies for feedback in messages(reply)]
    assert isinstance(first, DownloadFileFeedback)
    assert first.result is DownloadResult.SUCCESS
    assert [(one.result, one.md5) for one in rest] == [  # type: ignore[attr-defined]
        (DownloadResult.FAILED, EMPTY_MD5)
    ]


def test_pieces_are_read_when_they_are_sent(connection: Connection, root: Path) -> None:
    (root / "Work" / "a.sdx").write_bytes(bytes(4 * PIECE))
    replies = connection.replies(encode(DownloadFile(file_path="a.sdx", download_time=0.0)))
    assert PIECE < len(next(replies)) < 2 * PIECE
    replies.close()  # type: ignore[attr-defined]


# --- upload ----------------------------------------------------------------------------------------


def test_upload_in_pieces(connection: Connection, root: Path) -> None:
    pieces = [b"one", b"two", b"", b"three"]
    for index, data in enumerate(pieces):
        assert not (root / "Work" / "a.sdx").exists()
        request = piece("a.sdx", data, index, 4)
        assert one(connection, request) == UploadFileFeedback(
            upload_time=45000.5, package_count=4, package_index=index, result=UploadResult.SUCCESS
        )
    assert (root / "Work" / "a.sdx").read_bytes() == b"onetwothree"
    assert [item.name for item in (root / "Work").iterdir()] == ["a.sdx"]


def test_a_wrong_md5_can_be_put_right(connection: Connection, root: Path) -> None:
    assert send(connection, "a.sdx", b"one", 0, 2, md5=bytes(16)) is UploadResult.MD5_ERROR
    assert send(connection, "a.sdx", b"one", 0, 2) is UploadResult.SUCCESS
    assert send(connection, "a.sdx", b"twx", 1, 2, md5=hashlib.md5(b"two").digest()) is UploadResult.MD5_ERROR
    assert send(connection, "a.sdx", b"two", 1, 2) is UploadResult.SUCCESS
    assert (root / "Work" / "a.sdx").read_bytes() == b"onetwo"


def test_a_repeated_piece_counts_once(connection: Connection, root: Path) -> None:
    for index, data in ((0, b"one"), (0, b"one"), (1, b"two"), (1, b"two"), (2, b"end"), (2, b"end")):
        assert send(connection, "a.sdx", data, index, 3) is UploadResult.SUCCESS
    assert (root / "Work" / "a.sdx").read_bytes() == b"onetwoend"


def test_an_upload_begins_anew_with_its_first_piece(connection: Connection, root: Path) -> None:
    for index, data in ((0, b"x"), (1, b"y"), (0, b"one"), (1, b"two"), (2, b"end")):
        assert send(connection, "a.sdx", data, index, 3) is UploadResult.SUCCESS
    assert (root / "Work" / "a.sdx").read_bytes() == b"onetwoend"


def test_pieces_out_of_order_are_refused(connection: Connection, root: Path) -> None:
    failed = UploadResult.FAILED
    assert send(connection, "a.sdx", b"two", 1, 2) is failed
    assert send(connection, "a.sdx", b"one", 0, 3) is UploadResult.SUCCESS
    assert send(connection, "a.sdx", b"end", 2, 3) is failed
    assert send(connection, "a.sdx", b"two", 1, 3, stamp=1.0) is failed
    assert send(connection, "a.sdx", b"two", 1, 2) is failed
    assert send(connection, "a.sdx", b"two", 1, 3) is UploadResult.SUCCESS
    assert send(connection, "a.sdx", b"other", 1, 3) is failed
    assert send(connection, "a.sdx", b"end", 2, 3) is UploadResult.SUCCESS
    assert (root / "Work" / "a.sdx").read_bytes() == b"onetwoend"
    for index, count in ((0, 0), (1, 1), (5, 3), (2**32 - 1, 2**32 - 1)):
        assert send(connection, "b.sdx", b"x", index, count) is failed


def test_two_files_at_a_time(connection: Connection, root: Path) -> None:
    for index, data in ((0, b"1"), (1, b"2")):
        for name in ("a.sdx", "b.sdx"):
            assert send(connection, name, data + name.encode(), index, 2) is UploadResult.SUCCESS
    assert (root / "Work" / "a.sdx").read_bytes() == b"1a.sdx2a.sdx"
    assert (root / "Work" / "b.sdx").read_bytes() == b"1b.sdx2b.sdx"


@pytest.mark.parametrize(
    "path",
    ["", "Work", "a.exe", "a", "..\\a.sdx", "C:\\a.sdx", "/tmp/a.sdx", "NUL.sdx", "a.sdx:b.sdx", "a.sdx."],
)
def test_an_upload_to_where_none_may_go(connection: Connection, root: Path, path: str) -> None:
    assert send(connection, path, b"data") is UploadResult.FAILED
    assert send(connection, path, b"data", 0, 2) is UploadResult.FAILED
    assert [item for item in root.rglob("*") if item.is_file()] == []


def test_the_first_uploads_are_forgotten_when_there_are_too_many(connection: Connection, root: Path) -> None:
    for number in range(MOST_OF_ONE + 1):
        assert send(connection, f"{number}.sdx", b"1", 0, 2) is UploadResult.SUCCESS
    assert send(connection, "0.sdx", b"2", 1, 2) is UploadResult.FAILED
    for number in range(1, MOST_OF_ONE + 1):
        assert send(connection, f"{number}.sdx", b"2", 1, 2) is UploadResult.SUCCESS
    assert len(list((root / "Work").iterdir())) == MOST_OF_ONE


def test_uploads_are_bounded_for_all_connections_and_dropped_with_them(device: Device) -> None:
    connections = [logged_in(device) for _ in range(MOST_UPLOADS + 1)]
    results = [send(connection, "a.sdx", b"1", 0, 2) for connection in connections]
    assert results == [UploadResult.SUCCESS] * MOST_UPLOADS + [UploadResult.FAILED]
    connections[0].close()
    assert send(connections[-1], "a.sdx", b"1", 0, 2) is UploadResult.SUCCESS
    for connection in connections:
        connection.close()
    assert (device.folder._uploads, device.folder._pending) == (0, 0)


def test_a_file_that_grows_too_large(root: Path) -> None:
    device = Device(folder=Folder(root, max_file=10))
    connection = logged_in(device)
    assert send(connection, "a.sdx", bytes(11)) is UploadResult.FAILED
    assert send(connection, "a.sdx", bytes(8), 0, 3) is UploadResult.SUCCESS
    assert send(connection, "a.sdx", bytes(3), 1, 3) is UploadResult.FAILED
    assert send(connection, "a.sdx", bytes(1), 2, 3) is UploadResult.FAILED
    assert (device.folder._uploads, device.folder._pending) == (0, 0)
    assert list((root / "Work").iterdir()) == []


# --- the vendor library's whole-file upload ---------------------------------------------------------


def upload_as_the_vendor_does(
    connection: Connection, name: str, data: bytes, *, override: bool = False
) -> UploadResult:
    """What the library does (framing.md, section 5, item 9)."""
    check = one(connection, CheckFileEx(file_name=name, md5=hashlib.md5(data).digest()))
    if check.file_name_exists == 1 and check.md5_exists == 1:
        return UploadResult.SUCCESS if override else UploadResult.FILE_EXIST_WITH_SAME_MD5
    if check.file_name_exists == 1 and not override:
        return UploadResult.FILE_EXIST_WITH_DIFFERENT_MD5
    size = 1048576
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    for index, part in enumerate(pieces):
        result = send(connection, check.file_path, part, index, len(pieces))
        if not result.is_success:
            return result
    return UploadResult.SUCCESS


@pytest.mark.parametrize(
    ("name", "where"), [("a.sdx", "Work/a.sdx"), ("c.can", "c.can"), ("Sub\\b.sdx", "Sub/b.sdx")]
)
def test_a_whole_file_is_sent(connection: Connection, root: Path, name: str, where: str) -> None:
    data = random.Random(1).randbytes(2 * 1048576 + 17)
    assert upload_as_the_vendor_does(connection, name, data) is UploadResult.SUCCESS
    assert (root / where).read_bytes() == data
    assert upload_as_the_vendor_does(connection, name, data) is UploadResult.FILE_EXIST_WITH_SAME_MD5
    assert upload_as_the_vendor_does(connection, name, data, override=True) is UploadResult.SUCCESS
    other = upload_as_the_vendor_does(connection, name, b"other")
    assert other is UploadResult.FILE_EXIST_WITH_DIFFERENT_MD5
    assert (root / where).read_bytes() == data
    assert upload_as_the_vendor_does(connection, name, b"other", override=True) is UploadResult.SUCCESS
    assert (root / where).read_bytes() == b"other"
    assert upload_as_the_vendor_does(connection, "..\\x.sdx", b"other") is UploadResult.FAILED


def flags(feedback: Any) -> tuple[int, int, int, str]:
    return (
        feedback.relative_path_exists,
        feedback.file_name_exists,
        feedback.md5_exists,
        feedback.file_path,
    )


def test_check_file_ex(connection: Connection, root: Path) -> None:
    (root / "Work" / "a.sdx").write_bytes(b"data")
    md5 = hashlib.md5(b"data").digest()

    def check(name: str, relative: str = "", digest: bytes = md5) -> tuple[int, int, int, str]:
        return flags(one(connection, CheckFileEx(relative_path=relative, file_name=name, md5=digest)))

    assert check("a.sdx") == (1, 1, 1, "Work\\a.sdx")
    assert check("a.sdx", digest=bytes(16)) == (1, 1, 0, "Work\\a.sdx")
    assert check("a.sdx", "Work") == (1, 1, 1, "Work\\a.sdx")
    assert check("b.sdx") == (1, 0, 0, "Work\\b.sdx")
    assert check("b.sdx", "Sub") == (0, 0, 0, "Sub\\b.sdx")
    assert check("b.can") == (1, 0, 0, "b.can")
    assert check("b.exe") == (0, 0, 0, "")
    assert check("..\\b.sdx") == (0, 0, 0, "")
    refused = one(connection, CheckFileEx(file_name="b.exe", md5=md5))
    assert refused.reason.startswith("b.exe: only files of .sdx")


def test_check_file(connection: Connection, root: Path) -> None:
    (root / "Work" / "a.sdx").write_bytes(b"data")
    found = one(connection, CheckFile(file_name="a.sdx"))
    assert (found.result, found.file_path, found.reason) == (CheckFileResult.EXISTS, "Work\\a.sdx", "")
    for name in ("b.sdx", "Work", "..\\outside", "x" * 200, ""):
        missing = one(connection, CheckFile(file_name=name))
        assert (missing.result, missing.file_path) == (CheckFileResult.NONEXISTS, "")
        assert missing.reason


# --- make and delete --------------------------------------------------------------------------------


def test_new_folder_at_both_offsets(connection: Connection, root: Path) -> None:
    assert one(connection, NewFolder(folder_path="Zelle-Ω")).result is NEW
    assert (root / "Zelle-Ω").is_dir()
    # As the documents have it: the path begins four bytes earlier.
    path = "Sub\\Deep".encode("utf-16-le")
    frame = build_frame(NewFolder.spec.code, path + bytes(2048 - len(path)), Direction.REQUEST)
    (feedback,) = messages(connection.receive(frame))
    assert feedback.result is NEW  # type: ignore[attr-defined]
    assert (root / "Sub" / "Deep").is_dir()


def test_new_or_delete(connection: Connection, root: Path) -> None:
    def do(operation: int, path: str) -> NewOrDeleteResult:
        result = one(connection, NewOrDelete(operation=operation, file_path=path)).result
        assert isinstance(result, NewOrDeleteResult)
        return result

    assert do(1, "Work\\Sub") is NEW
    assert do(1, "Work\\Sub") is NewOrDeleteResult.CTI_NEW_FAILED
    assert do(1, "..\\Sub") is NewOrDeleteResult.CTI_NEW_FAILED_ADD_FOLDER
    assert do(1, "") is NewOrDeleteResult.CTI_NEW_FAILED
    assert do(2, "Other") is NewOrDeleteResult.CTI_NEW_FAILED
    assert do(0, "Work\\Sub") is DELETED
    assert do(0, "Work\\Sub") is NewOrDeleteResult.CTI_DELETE_FAILED_EXIST
    assert do(0, "..\\Sub") is NewOrDeleteResult.CTI_DELETE_FAILED
    assert do(0, "Work") is NewOrDeleteResult.CTI_DELETE_FAILED
    (root / "notes.txt").write_text("mine")
    assert do(0, "notes.txt") is NewOrDeleteResult.CTI_DELETE_FAILED_EXTENSION
    assert sorted(item.name for item in root.iterdir()) == ["Work", "notes.txt"]


def test_delete_folder(connection: Connection, root: Path) -> None:
    (root / "Work" / "Sub").mkdir()
    (root / "Work" / "Sub" / "a.sdx").write_bytes(b"")
    assert one(connection, DeleteFolder(path="Work\\Sub")).result is DELETED
    assert not (root / "Work" / "Sub").exists()
    result = one(connection, DeleteFolder(path="a.sdx")).result
    assert result is NewOrDeleteResult.CTI_DELETE_FAILED_EXIST


def test_the_schedule_of_a_test_stays(connection: Connection, device: Device, root: Path) -> None:
    assert send(connection, "b.sdx", b"schedule") is UploadResult.SUCCESS
    assert send(connection, "Sub\\b.sdx", b"schedule") is UploadResult.SUCCESS
    device.assign(1, "b.sdx")
    assert one(connection, StartSchedule(test_name="t", channel_indices=[1])).result.is_success
    assert send(connection, "b.sdx", b"new") is UploadResult.FAILED_TEST_RUNNING
    running_test = NewOrDeleteResult.CTI_DELETE_FAILED_TEXT_RUNNING
    assert one(connection, DeleteFolder(path="B.SDX")).result is running_test
    assert one(connection, DeleteFolder(path="Sub")).result is running_test
    assert send(connection, "c.sdx", b"new") is UploadResult.SUCCESS
    device.stop(1)
    assert one(connection, DeleteFolder(path="b.sdx")).result is DELETED
    assert not (root / "Work" / "b.sdx").exists()


# --- assign ----------------------------------------------------------------------------------------


def assigned(connection: Connection, name: str, kind: int, indices: list[int] | None = None) -> list[Any]:
    indices = [0, 9] if indices is None else indices
    request = AssignFile(channel_count=len(indices), file_name=name, file_type=kind, channel_indices=indices)
    return [(one.channel_index, one.result) for one in one(connection, request).channel_results]


def test_assign_file(connection: Connection, device: Device) -> None:
    R = AssignFileResult
    assert assigned(connection, "c.can", 1) == [(0, R.FILE_NOT_FOUND_ERROR), (9, R.FILE_NOT_FOUND_ERROR)]
    assert send(connection, "c.can", b"") is UploadResult.SUCCESS
    assert assigned(connection, "c.can", 1) == [(0, R.SUCCESS), (9, R.INDEX)]
    for kind in (2, 5, 7, 255, 99):
        assert assigned(connection, "c.can", kind, [0]) == [(0, R.FILE_UNSUPPORTED_FILE_TYPE)]
    assert assigned(connection, "", 1, [0]) == [(0, R.FILE_NAME_EMPTY_ERROR)]
    assert assigned(connection, "a.sdx", 0) == [(0, R.FILE_NOT_FOUND_ERROR), (9, R.INDEX)]
    assert send(connection, "a.sdx", b"\xff a schedule of the vendor") is UploadResult.SUCCESS
    assert assigned(connection, "a.sdx", 0) == [(0, R.SUCCESS), (9, R.INDEX)]
    channel = device.channel(0)
    assert channel is not None
    assert channel.schedule_name == "a.sdx"
    assert device.start([0], "t")[0].is_success
    assert assigned(connection, "a.sdx", 0, [0, 1]) == [(0, R.CHANNEL_RUNNING_ERROR), (1, R.SUCCESS)]
    assert assigned(connection, "c.can", 1, [0, 1]) == [(0, R.CHANNEL_RUNNING_ERROR), (1, R.SUCCESS)]


def test_assign_file_to_all_channels(connection: Connection) -> None:
    request = AssignFile(
        channel_count=2, channel_indices=[], file_name="default.sdx", for_all_channels=1, file_type=0
    )
    feedback = one(connection, request)
    assert [(one.channel_index, one.result) for one in feedback.channel_results] == [
        (index, AssignFileResult.SUCCESS) for index in range(4)
    ]


# --- rights ----------------------------------------------------------------------------------------


def test_without_the_right_to_control_nothing_is_changed(device: Device, root: Path) -> None:
    (root / "Work" / "a.sdx").write_bytes(b"data")
    for connection in (onlooker(device), Connection(device)):
        assert one(connection, DownloadFile(file_path="a.sdx", download_time=0.0)).data == b"data"
        assert one(connection, CheckFile(file_name="a.sdx")).result is CheckFileResult.EXISTS
        assert one(connection, BrowseDirectory(directory_path="Work")).entry_count == 1
        assert send(connection, "b.sdx", b"x") is UploadResult.FAILED
        assert one(connection, NewFolder(folder_path="Sub")).result is NewOrDeleteResult.CTI_NEW_FAILED
        failed = NewOrDeleteResult.CTI_DELETE_FAILED
        assert one(connection, DeleteFolder(path="a.sdx")).result is failed
        assert one(connection, NewOrDelete(operation=0, file_path="a.sdx")).result is failed
        assert assigned(connection, "a.sdx", 0, [0]) == [(0, AssignFileResult.ERROR)]
    assert [item.relative_to(root).as_posix() for item in root.rglob("*")] == ["Work", "Work/a.sdx"]


# --- through a socket --------------------------------------------------------------------------------


class Link:
    """A client on a real socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.frames = FrameBuffer("feedback")

    def feedbacks(self, request: Request[Any]) -> Iterator[Feedback]:
        self.socket.sendall(encode(request))
        while data := self.socket.recv(2**16):
            for frame in self.frames.feed(data):
                message = decode(frame, "feedback")
                assert isinstance(message, Feedback)
                yield message


def test_three_mebibytes_there_and_back_through_a_socket(root: Path) -> None:
    data = random.Random(3).randbytes(3 * 2**20)
    with running(Device(folder=Folder(root))) as spoofer:
        link = Link(spoofer.port)
        try:
            assert next(link.feedbacks(Login(username="a", password="b"))).result.is_success  # type: ignore[attr-defined]
            for index in range(3):
                part = data[index * 2**20 : (index + 1) * 2**20]
                feedback = next(link.feedbacks(piece("big.sdx", part, index, 3)))
                assert feedback.result is UploadResult.SUCCESS  # type: ignore[attr-defined]
            assert (root / "Work" / "big.sdx").read_bytes() == data
            received = b""
            for one in link.feedbacks(DownloadFile(file_path="big.sdx", download_time=7.0)):
                assert isinstance(one, DownloadFileFeedback)
                assert hashlib.md5(one.data).digest() == one.md5
                assert (one.package_count, one.package_index) == (6, len(received) // PIECE)
                received += one.data
                if one.package_index == 5:
                    break
            assert received == data
        finally:
            link.socket.close()
