"""Files, over a connection of their own or the same: whole, or not there, and never sent twice."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cti_client import Cycler, aio
from cti_client.files import PIECE, Entry, Uploaded
from cti_schema import Direction, decode, encode
from cti_schema.derive.defaults import default
from cti_schema.errors import (
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    DifferentCycler,
    LoginRefused,
    OutcomeUnknown,
    ResponseTimeout,
    ResultError,
    TransferError,
)
from cti_schema.messages.download_file import DownloadFile, DownloadFileFeedback
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.new_or_delete import NewOrDelete
from spoofer import Device, Spoofer, running
from spoofer.faults import Faults
from spoofer.files.folder import Folder
from tests.client.peers import SHELLS, scripted

Make = Callable[..., Any]

pytestmark = pytest.mark.parametrize("make", SHELLS, ids=["blocking", "asyncio"])

DATA = bytes(range(256)) * 5000  # 1 280 000 bytes: three pieces of a download, two of an upload


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "cycler"
    (root / "Work").mkdir(parents=True)
    (root / "data.csv").write_bytes(DATA)
    (root / "empty.csv").write_bytes(b"")
    return root


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def spoofer(root: Path, faults: Faults) -> Iterator[Spoofer]:
    with running(Device(channels=2, folder=Folder(root)), faults=faults) as spoofer:
        yield spoofer


@pytest.fixture
def cycler(make: Make, spoofer: Spoofer) -> Iterator[Any]:
    with make(spoofer.host, spoofer.port, timeout_s=30.0) as cycler:
        cycler.login("user", "secret")
        yield cycler


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.part"))


def test_browse(cycler: Any) -> None:
    found = {one.name: one for one in cycler.browse()}
    assert list(found) == ["data.csv", "empty.csv", "Work"]
    assert (found["data.csv"].is_directory, found["data.csv"].size) == (False, len(DATA))
    assert found["data.csv"].modified
    assert (found["Work"].is_directory, found["Work"].size) == (True, None)
    assert cycler.browse("Work") == []
    with pytest.raises(ResultError, match="browse_directory was refused"):
        cycler.browse("nothing")


def test_download_into_a_folder_or_a_file(cycler: Any, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    path = cycler.download("data.csv", tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert path == tmp_path / "data.csv"
    assert path.read_bytes() == DATA
    assert steps[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in steps] == [524288, 1048576, 1280000]
    assert all(done <= total for done, total in steps)
    other = tmp_path / "other.csv"
    other.write_bytes(b"old")
    assert cycler.download("data.csv", str(other)) == other
    assert other.read_bytes() == DATA
    assert cycler.download("empty.csv", other).read_bytes() == b""
    assert left_over(tmp_path) == []


def test_a_file_that_is_not_there(cycler: Any, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes(b"old")
    with pytest.raises(ResultError, match="download_file was refused: failed"):
        cycler.download("nothing.csv", tmp_path / "old.csv")
    assert (tmp_path / "old.csv").read_bytes() == b"old"
    assert left_over(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "to", "says"),
    [
        ("data.csv", "no/where.csv", "there is no directory"),
        ("..", "", "names no file"),
        ("Work\\", "", None),
        ("c:", "", "names no file"),
    ],
)
def test_places_that_make_no_sense(cycler: Any, tmp_path: Path, path: str, to: str, says: str | None) -> None:
    with pytest.raises(ConfigurationError if says else ResultError, match=says or "refused"):
        cycler.download(path, tmp_path / to)


@pytest.mark.parametrize(
    ("kind", "values", "error"),
    [
        ("drop", {"after": 1}, ResponseTimeout),
        ("reset", {"after_bytes": 600_000}, ConnectionLost),
        ("wrong_checksum", {}, ResponseTimeout),
        ("silent", {}, ResponseTimeout),
        ("reorder", {}, TransferError),
    ],
)
def test_a_download_that_breaks_leaves_nothing(
    cycler: Any, faults: Faults, tmp_path: Path, kind: str, values: dict[str, Any], error: type[Exception]
) -> None:
    (tmp_path / "data.csv").write_bytes(b"old")
    values.pop("after", None)
    faults.add(kind, command="download_file", **values)
    with pytest.raises(error):
        cycler.download("data.csv", tmp_path, timeout_s=0.5)
    assert (tmp_path / "data.csv").read_bytes() == b"old"
    assert left_over(tmp_path) == []


def test_a_piece_that_is_not_what_its_md5_says(make: Make, tmp_path: Path) -> None:
    def broken(request: Any, _: Any) -> bytes:
        assert isinstance(request, DownloadFile)
        piece = default(
            DownloadFileFeedback,
            result=1,
            download_time=request.download_time,
            package_count=1,
            md5=hashlib.md5(b"abc", usedforsecurity=False).digest(),
            data=b"abd",
        )
        return encode(piece)

    with scripted(broken) as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        cycler.login("u", "p")
        with pytest.raises(TransferError, match="piece 0 is not what its MD5 says"):
            cycler.download("a.csv", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_upload_in_pieces_and_only_where_it_is_needed(
    cycler: Any, spoofer: Spoofer, root: Path, tmp_path: Path
) -> None:
    source = tmp_path / "test.sdx"
    source.write_bytes(DATA)
    steps: list[tuple[int, int]] = []
    found = cycler.upload(source, progress=lambda done, total: steps.append((done, total)))
    assert found == Uploaded(found.path, len(DATA), sent=True)
    assert steps == [(PIECE, len(DATA)), (len(DATA), len(DATA))]
    assert (root / "Work" / "test.sdx").read_bytes() == DATA
    assert cycler.upload(source) == Uploaded(found.path, len(DATA), sent=False)
    source.write_bytes(b"new")
    with pytest.raises(TransferError, match=r"test\.sdx is there already, with another content"):
        cycler.upload(source)
    assert (root / "Work" / "test.sdx").read_bytes() == DATA
    assert cycler.upload(source, overwrite=True).sent
    assert (root / "Work" / "test.sdx").read_bytes() == b"new"
    source.write_bytes(b"")
    assert cycler.upload(source, "other.sdx").sent
    assert (root / "Work" / "other.sdx").read_bytes() == b""
    with pytest.raises(ConfigurationError, match="is no file"):
        cycler.upload(tmp_path)


def test_a_piece_without_an_answer_is_not_sent_again(make: Make, root: Path, tmp_path: Path) -> None:
    (tmp_path / "test.sdx").write_bytes(DATA)
    sent: list[Any] = []

    def seen(direction: Any, data: bytes) -> None:
        if direction is Direction.REQUEST:
            sent.append(decode(data, direction))

    faults = Faults()
    device = Device(channels=2, folder=Folder(root))
    with (
        running(device, faults=faults) as spoofer,
        make(spoofer.host, spoofer.port, timeout_s=30.0, tap=seen, reconnect=True) as cycler,
    ):
        cycler.login("user", "secret")
        faults.add("reset", command="upload_file", after=1)
        with pytest.raises(OutcomeUnknown) as error:
            cycler.upload(tmp_path / "test.sdx")
        assert error.value.request.package_index == 1
        assert [one.package_index for one in sent if one.spec.name == "upload_file"] == [0, 1]


def test_folders_are_made_and_deleted(cycler: Any, root: Path) -> None:
    cycler.new_folder("new")
    assert (root / "new").is_dir()
    assert Entry("new", True, None, cycler.browse()[-2].modified) in cycler.browse()
    cycler.delete("new")
    assert not (root / "new").exists()
    with pytest.raises(ResultError, match="new_or_delete was refused"):
        cycler.delete("nothing.sdx")


def test_a_download_takes_the_memory_of_a_piece(make: Make, root: Path, tmp_path: Path) -> None:
    size = 24 * 2**20
    (root / "big.csv").write_bytes(b"\1" * size)
    with (
        running(Device(channels=2, folder=Folder(root))) as spoofer,
        make(spoofer.host, spoofer.port, timeout_s=30.0) as cycler,
    ):
        cycler.login("user", "secret")
        cycler.download("data.csv", tmp_path)
        peaks: list[int] = []

        def look(done: int, total: int) -> None:
            peaks.append(tracemalloc.get_traced_memory()[0])

        tracemalloc.start()
        try:
            path = cycler.download("big.csv", tmp_path, progress=look)
        finally:
            tracemalloc.stop()
        assert path.stat().st_size == size
        # The spoofer, which reads the file in pieces too, is in the same process.
        assert max(peaks) < size / 2


# A connection of its own.


class Ports:
    """Makes connections to a spoofer's port whatever port is asked for, and remembers what was asked for."""

    def __init__(self, make: Make, spoofers: dict[int, Spoofer]) -> None:
        self.asked: list[int] = []
        self._make = make
        self._spoofers = spoofers

    @property
    def connector(self) -> Any:
        from cti_client import aio_link
        from cti_client.connecting import SocketLink

        def where(port: int) -> tuple[str, int]:
            self.asked.append(port)
            return self._spoofers[port].host, self._spoofers[port].port

        def blocking(host: str, port: int, timeout_s: float) -> Any:
            return SocketLink(*where(port), timeout_s)

        async def waiting(host: str, port: int, timeout_s: float) -> Any:
            return await aio_link.connect(*where(port), timeout_s)

        return blocking if self._make is Cycler else waiting


def test_files_have_a_port_of_their_own_that_is_used_when_needed(
    make: Make, spoofer: Spoofer, tmp_path: Path
) -> None:
    ports = Ports(make, {9031: spoofer, 9032: spoofer})
    with make("somewhere", 9031, connector=ports.connector, timeout_s=30.0) as cycler:
        cycler.login("user", "secret")
        cycler.channels()
        assert ports.asked == [9031]
        assert cycler.download("data.csv", tmp_path).read_bytes() == DATA
        assert cycler.browse("Work") == []
        assert cycler.request(NewOrDelete(operation=1, file_path="new")).result.is_success
        assert ports.asked == [9031, 9032]
        cycler.request(GetSerialNumber())
        assert ports.asked == [9031, 9032]
        cycler.close()
        with pytest.raises(ConnectionLost):
            cycler.browse()
        cycler.connect()
        cycler.login("user", "secret")
        assert cycler.browse("Work") == []
        assert ports.asked == [9031, 9032, 9031, 9032]


def test_the_port_for_files_is_9032_beside_9031_and_else_the_same(make: Make) -> None:
    cls = aio.Cycler if make is not Cycler else Cycler

    async def found() -> list[int]:
        return [
            cls("h").files_port,
            cls("h", 9031, files_port=9031).files_port,
            cls("h", 5000).files_port,
            cls("h", 5000, files_port=5001).files_port,
        ]

    assert asyncio.run(found()) == [9032, 9031, 5000, 5001]
    with pytest.raises(ConfigurationError, match="0 is no port"):
        cls("h", files_port=0)


def test_files_of_another_cycler_are_not_touched(make: Make, root: Path, tmp_path: Path) -> None:
    one, other = Device(channels=2), Device(channels=2, serial_number=7, folder=Folder(root))
    with (
        running(one) as first,
        running(other) as second,
        make("h", 9031, connector=Ports(make, {9031: first, 9032: second}).connector) as cycler,
    ):
        cycler.login("user", "secret")
        with pytest.raises(DifferentCycler):
            cycler.download("data.csv", tmp_path)


def test_nobody_listens_for_files(make: Make, spoofer: Spoofer) -> None:
    class Away(dict[int, Spoofer]):
        def __missing__(self, port: int) -> Spoofer:
            raise ConnectionRefusedError

    with make("h", 9031, connector=Ports(make, Away({9031: spoofer})).connector, timeout_s=30.0) as cycler:
        cycler.login("user", "secret")
        with pytest.raises(ConnectError, match="no connection to h:9032: nothing listens there"):
            cycler.browse()
        assert len(cycler.channels()) == 2


def test_a_login_that_files_need_may_be_refused(make: Make, spoofer: Spoofer, root: Path) -> None:
    with running(Device(channels=2), users={"somebody": "else"}) as other:
        ports = Ports(make, {9031: spoofer, 9032: other})
        with make("h", 9031, connector=ports.connector, timeout_s=30.0) as cycler:
            cycler.login("user", "secret")
            with pytest.raises(LoginRefused):
                cycler.browse()
