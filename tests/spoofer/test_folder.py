"""The file area: nothing leaves it, whatever a path says."""

from __future__ import annotations

import gc
import hashlib
import io
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_schema.errors import ConfigurationError, FileRefused
from spoofer.files import paths
from spoofer.files.folder import MOST_UPLOADS, Folder
from spoofer.files.paths import Reason
from tests.effort import times


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the root, with a file that no client may see."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.sdx").write_bytes(b"secret")
    return folder


@pytest.fixture
def root(tmp_path: Path, outside: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def folder(root: Path) -> Folder:
    return Folder(root)


def put(folder: Folder, path: str, data: bytes = b"data") -> str:
    return folder.write(path, io.BytesIO(data))


def reason_of(call: Callable[[], object]) -> str:
    with pytest.raises(FileRefused) as caught:
        call()
    return caught.value.reason


def link(where: Path, to: Path, *, folder: bool = False) -> None:
    try:
        where.symlink_to(to, target_is_directory=folder)
    except (OSError, NotImplementedError):
        pytest.skip("no links can be made here")


# --- what a path means -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("", ()),
        ("\\", ()),
        (".", ()),
        ("a.sdx", ("a.sdx",)),
        ("Work\\a.sdx", ("Work", "a.sdx")),
        ("\\Work\\a.sdx", ("Work", "a.sdx")),
        ("Work/a.sdx", ("Work", "a.sdx")),
        (".\\Work\\\\a.sdx\\", ("Work", "a.sdx")),
        (r"C:\ArbinSoftware\MITS_PRO\Work\x.sdx", ("Work", "x.sdx")),
        (r"c:/arbinsoftware/mits_pro/Work/x.sdx", ("Work", "x.sdx")),
        (r"C:\ArbinSoftware\MITS_PRO", ()),
        ("Zelle-Ω-测试", ("Zelle-Ω-测试",)),
        ("😀.sdx", ("😀.sdx",)),
        ("a" * 255, ("a" * 255,)),
        ("console.sdx", ("console.sdx",)),
        (".sdx", (".sdx",)),
    ],
)
def test_paths_below_the_root(path: str, names: tuple[str, ...]) -> None:
    assert paths.parts(path) == names


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "..\\x.sdx",
        "Work\\..\\..\\x.sdx",
        "Work/../../x.sdx",
        "...",
        ".. ",
        " ..",
        "/etc/passwd",
        "//server/share",
        "\\\\server\\share\\x.sdx",
        "\\/server/x.sdx",
        "\\\\?\\C:\\x.sdx",
        "\\\\.\\PhysicalDrive0",
        "C:\\Windows\\x.sdx",
        "C:x.sdx",
        "C:",
        r"C:\ArbinSoftware\MITS_PROX\x.sdx",
        r"C:\ArbinSoftware\MITS_PRO\..\x.sdx",
        r"D:\ArbinSoftware\MITS_PRO\x.sdx",
        "a.sdx:stream",
        "a.sdx::$DATA",
        "CON",
        "con.sdx",
        "Work\\NUL.sdx",
        "COM1",
        "com¹.sdx",
        "LPT9.x.sdx",
        "AUX .sdx",
        "CONIN$",
        "a.sdx.",
        "a.sdx ",
        "Work.\\a.sdx",
        "Work \\a.sdx",
        "a\0.sdx",
        "a\n.sdx",
        "a\x7f.sdx",
        "a?.sdx",
        "a*.sdx",
        "a|b.sdx",
        "<a>.sdx",
        '"a".sdx',
        "\ud800.sdx",
        "a" * 256,
        "Ω" * 128,
        "a\\" * 17,
        "a" * 1025,
        "😀" * 513,
    ],
)
def test_paths_that_are_refused(folder: Folder, path: str) -> None:
    assert reason_of(lambda: paths.parts(path)) == Reason.PATH
    for call in (folder.entries, folder.open, folder.locate, folder.make, folder.delete, folder.files):
        assert reason_of(lambda call=call: call(path)) == Reason.PATH  # type: ignore[misc]
    assert reason_of(lambda: put(folder, path)) == Reason.PATH
    assert not folder.has_folder(path)


def test_a_bare_name_goes_where_its_ending_says(folder: Folder, root: Path) -> None:
    assert put(folder, "a.sdx") == "Work\\a.sdx"
    assert put(folder, "b.SDU") == "Work\\b.SDU"
    assert put(folder, "c.can") == "c.can"
    assert put(folder, "\\d.sdx") == "d.sdx"
    assert put(folder, "Sub\\e.sdx") == "Sub\\e.sdx"
    found = sorted(item.relative_to(root).as_posix() for item in root.rglob("*") if item.is_file())
    assert found == ["Sub/e.sdx", "Work/a.sdx", "Work/b.SDU", "c.can", "d.sdx"]
    # Only what is there already is taken from the root.
    assert folder.locate("d.sdx") == "d.sdx"
    assert folder.destination("d.sdx") == "d.sdx"
    assert folder.locate("a.sdx") == "Work\\a.sdx"


# --- reading and writing ---------------------------------------------------------------------------


def test_write_read_and_replace(folder: Folder, root: Path) -> None:
    put(folder, "a.sdx", b"one")
    assert folder.read("work\\A.SDX") == b"one"
    assert put(folder, "WORK\\A.sdx", b"two") == "Work\\a.sdx"
    assert folder.read("a.sdx") == b"two"
    assert folder.md5("a.sdx") == hashlib.md5(b"two").digest()
    assert [item.name for item in (root / "Work").iterdir()] == ["a.sdx"]


def test_entries(folder: Folder, root: Path) -> None:
    put(folder, "Work\\b.sdx", b"12345")
    os.utime(root / "Work" / "b.sdx", (1_000_000_000, 1_000_000_000))
    folder.make("Work\\A")
    first, second = folder.entries("Work")
    assert (first.name, first.is_folder, first.size) == ("A", True, 0)
    assert (second.name, second.is_folder, second.size, second.modified) == ("b.sdx", False, 5, 1e9)
    assert [entry.name for entry in folder.entries("")] == ["Work"]
    if os.name != "nt":  # there is no such name
        (root / "Work" / "b:c.sdx").write_bytes(b"")
        assert [entry.name for entry in folder.entries("Work")] == ["A", "b.sdx"]
    assert reason_of(lambda: folder.entries("Work\\b.sdx")) == Reason.KIND
    assert reason_of(lambda: folder.entries("none")) == Reason.MISSING


def test_a_file_is_no_folder_and_a_folder_no_file(folder: Folder) -> None:
    put(folder, "a.sdx")
    folder.make("dir.sdx")
    assert reason_of(lambda: folder.open("dir.sdx\\x.sdx")) == Reason.MISSING
    assert reason_of(lambda: folder.open("\\dir.sdx")) == Reason.KIND
    assert reason_of(lambda: folder.open("")) == Reason.KIND
    assert reason_of(lambda: put(folder, "\\dir.sdx")) == Reason.KIND
    assert reason_of(lambda: put(folder, "Work\\a.sdx\\b.sdx")) == Reason.KIND
    assert reason_of(lambda: folder.make("Work\\a.sdx\\b")) == Reason.KIND
    assert reason_of(lambda: folder.make("Work\\a.sdx")) == Reason.EXISTS


@pytest.mark.parametrize("name", ["a.exe", "a.dll", "a", "sdx", ".sdx", "a.sdx.exe", "a.txt", "a.sdx~"])
def test_other_endings_are_neither_written_nor_deleted(folder: Folder, root: Path, name: str) -> None:
    assert reason_of(lambda: put(folder, name)) == Reason.ENDING
    (root / name).write_bytes(b"x")
    assert reason_of(lambda: folder.delete(name)) == Reason.ENDING
    assert folder.read("\\" + name) == b"x"


def test_delete(folder: Folder, root: Path) -> None:
    for path in ("a.sdx", "Sub\\b.sdx", "Sub\\Deep\\c.can"):
        put(folder, path)
    folder.delete("a.sdx")
    assert reason_of(lambda: folder.delete("a.sdx")) == Reason.MISSING
    assert sorted(folder.files("Sub")) == ["Sub\\Deep\\c.can", "Sub\\b.sdx"]
    (root / "Sub" / "Deep" / "notes.txt").write_text("mine")
    assert reason_of(lambda: folder.delete("Sub")) == Reason.ENDING
    assert (root / "Sub" / "b.sdx").exists()
    (root / "Sub" / "Deep" / "notes.txt").unlink()
    folder.delete("Sub")
    assert [item.name for item in root.iterdir()] == ["Work"]
    for path in ("", "\\", "Work", "work\\"):
        assert reason_of(lambda path=path: folder.delete(path)) == Reason.PROTECTED  # type: ignore[misc]


# --- links -----------------------------------------------------------------------------------------


def test_links_are_not_followed(folder: Folder, root: Path, outside: Path) -> None:
    link(root / "Work" / "link.sdx", outside / "secret.sdx")
    link(root / "dir", outside, folder=True)
    link(root / "loop", root, folder=True)
    for path in ("Work\\link.sdx", "dir\\secret.sdx", "loop\\Work\\link.sdx", "loop\\outside"):
        assert reason_of(lambda path=path: folder.open(path)) == Reason.LINK  # type: ignore[misc]
        assert reason_of(lambda path=path: folder.delete(path)) == Reason.LINK  # type: ignore[misc]
    assert reason_of(lambda: folder.entries("dir")) == Reason.LINK
    assert reason_of(lambda: put(folder, "Work\\link.sdx")) == Reason.LINK
    assert reason_of(lambda: put(folder, "dir\\new.sdx")) == Reason.LINK
    assert reason_of(lambda: put(folder, "dir\\sub\\new.sdx")) == Reason.LINK
    assert reason_of(lambda: folder.make("dir\\new")) == Reason.LINK
    assert not folder.has_folder("dir")
    assert [entry.name for entry in folder.entries("")] == ["Work"]
    assert folder.entries("Work") == []
    assert (outside / "secret.sdx").read_bytes() == b"secret"
    assert [item.name for item in outside.iterdir()] == ["secret.sdx"]


def test_a_folder_with_a_link_in_it_is_not_deleted(folder: Folder, root: Path, outside: Path) -> None:
    put(folder, "Sub\\a.sdx")
    link(root / "Sub" / "out", outside, folder=True)
    assert folder.files("Sub") == ["Sub\\a.sdx"]
    assert reason_of(lambda: folder.delete("Sub")) == Reason.LINK
    assert (root / "Sub" / "a.sdx").exists()
    assert (outside / "secret.sdx").exists()


def test_a_hard_link_is_replaced_and_not_written_through(folder: Folder, root: Path, outside: Path) -> None:
    try:
        os.link(outside / "secret.sdx", root / "Work" / "hard.sdx")
    except OSError:
        pytest.skip("no hard links can be made here")
    put(folder, "hard.sdx", b"new")
    assert (outside / "secret.sdx").read_bytes() == b"secret"
    assert (root / "Work" / "hard.sdx").read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
def test_a_pipe_is_no_file(folder: Folder, root: Path) -> None:
    os.mkfifo(root / "Work" / "pipe.sdx")
    assert reason_of(lambda: folder.open("pipe.sdx")) == Reason.LINK
    assert folder.entries("Work") == []


def test_the_root_itself_may_be_reached_by_a_link(tmp_path: Path, root: Path) -> None:
    link(tmp_path / "way", root, folder=True)
    folder = Folder(tmp_path / "way")
    put(folder, "a.sdx")
    assert (root / "Work" / "a.sdx").exists()


# --- limits ----------------------------------------------------------------------------------------


def test_limits(root: Path) -> None:
    folder = Folder(root, max_file=10, max_total=25, max_entries=5)
    assert reason_of(lambda: put(folder, "a.sdx", bytes(11))) == Reason.LIMIT
    put(folder, "a.sdx", bytes(10))
    put(folder, "b.sdx", bytes(10))
    assert reason_of(lambda: put(folder, "c.sdx", bytes(10))) == Reason.LIMIT
    put(folder, "a.sdx", bytes(1))  # what is replaced counts no more
    put(folder, "\\c.sdx", bytes(10))
    folder.make("Dir")
    assert reason_of(lambda: folder.make("Dir2")) == Reason.LIMIT
    (root / "Work" / "big.sdx").write_bytes(bytes(11))
    assert reason_of(lambda: folder.open("big.sdx")) == Reason.LIMIT


def test_what_cannot_be_written_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(root)
    put(folder, "a.sdx", b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("spoofer.files.walk.shutil.copyfileobj", full)
    with pytest.raises(FileRefused, match="No space left on device") as caught:
        put(folder, "a.sdx", b"new")
    assert caught.value.reason == Reason.SYSTEM
    assert str(root) not in str(caught.value)
    assert [item.name for item in (root / "Work").iterdir()] == ["a.sdx"]
    assert folder.read("a.sdx") == b"old"


def test_uploads_are_counted() -> None:
    folder = Folder(max_file=10, max_total=15)
    for _ in range(MOST_UPLOADS):
        folder.begin_upload()
    assert reason_of(folder.begin_upload) == Reason.LIMIT
    folder.grow_upload(0, 10)
    assert reason_of(lambda: folder.grow_upload(10, 1)) == Reason.LIMIT
    assert reason_of(lambda: folder.grow_upload(0, 6)) == Reason.LIMIT
    folder.end_upload(10)
    folder.begin_upload()
    folder.grow_upload(0, 6)


# --- the temporary folder --------------------------------------------------------------------------


def test_a_folder_of_its_own_is_made_when_needed_and_removed() -> None:
    folder = Folder()
    assert folder._root is None
    put(folder, "a.sdx")
    root = folder.root
    assert (root / "Work" / "a.sdx").exists()
    assert Folder().root != root
    del folder
    gc.collect()
    assert not root.exists()


def test_a_root_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no folder"):
        Folder(tmp_path / "none")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="is no folder"):
        Folder(tmp_path / "file")


# --- anything at all -------------------------------------------------------------------------------

_PIECES = st.one_of(
    st.sampled_from(
        ["..", ".", "", "Work", "a.sdx", "dir", "link.sdx", "outside", "secret.sdx", "C:", "NUL"]
    ),
    st.sampled_from(["\\", "/", "\0", " ", ":", "\\\\", "?", "~1", "%2e%2e", "\u2215", "\uff0e\uff0e"]),
)
_PATHS = st.one_of(
    st.lists(_PIECES, max_size=8).map("".join),
    st.lists(_PIECES, max_size=8).map("\\".join),
    st.lists(_PIECES, max_size=8).map("/".join),
    st.text(max_size=40),
)


@settings(max_examples=times(100), deadline=None)
@given(path=_PATHS, absolute=st.booleans())
def test_nothing_outside_is_ever_touched(
    tmp_path_factory: pytest.TempPathFactory, path: str, absolute: bool
) -> None:
    top = tmp_path_factory.getbasetemp() / "any"
    root, outside = top / "root", top / "outside"
    if not top.exists():
        root.mkdir(parents=True)
        outside.mkdir()
        (outside / "secret.sdx").write_bytes(b"secret")
        link(root / "dir", outside, folder=True)
        link(root / "link.sdx", outside / "secret.sdx")
        (top / "a.sdx").write_bytes(b"above")
    if absolute:
        path = str(outside / path.replace("\0", ""))
    folder = Folder(root)
    before = sorted(str(item) for item in top.rglob("*") if root not in item.parents)
    for call in (
        lambda: put(folder, path + ".sdx"),
        lambda: put(folder, path),
        lambda: folder.make(path),
        lambda: folder.entries(path),
        lambda: folder.delete(path),
    ):
        with suppress(FileRefused):
            call()
    with suppress(FileRefused):
        assert folder.read(path) not in (b"secret", b"above")
    after = sorted(str(item) for item in top.rglob("*") if root not in item.parents)
    assert after == before
    assert (outside / "secret.sdx").read_bytes() == b"secret"
    assert (top / "a.sdx").read_bytes() == b"above"
