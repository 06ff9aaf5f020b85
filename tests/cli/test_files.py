"""`cti browse`, `download`, `upload`: files go whole or not at all; a bar is drawn on a terminal only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from spoofer import Device, Folder, running
from tests.cli.cycler import no_credentials  # noqa: F401
from tests.cli.running import Run, run_fixture  # noqa: F401

BIG = bytes(range(256)) * 10_000


class Store:
    """A spoofer with a file area.

    Attributes:
        folder: the area here.
        at: the options that lead there.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.at = ("--port", str(port))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    area = tmp_path / "area"
    (area / "Work").mkdir(parents=True)
    (area / "Work" / "cycle.sdx").write_bytes(BIG)
    with running(Device(1, folder=Folder(area))) as spoofer:
        yield Store(area, spoofer.port)


def test_browse(run: Run, store: Store) -> None:
    ran = run("browse", *store.at)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0].split() == ["Bytes", "Changed", "Name"]
    assert [(line.split()[0], line.split()[-1]) for line in ran.lines[1:]] == [("folder", "Work")]
    (shape,) = (json.loads(line) for line in run("browse", "Work", "--json", *store.at).lines)
    assert (shape["name"], shape["size"], shape["is_directory"]) == ("cycle.sdx", len(BIG), False)
    ran = run("browse", "None", *store.at)
    assert (ran.code, ran.text, ran.err.count("\n")) == (1, "", 1)
    assert ran.err.startswith("Error: browse_directory was refused: ")


def test_download_to_a_folder_and_to_a_name(
    run: Run, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("download", "Work/cycle.sdx", *store.at)
    assert (ran.code, ran.err, ran.lines) == (0, "", [f"cycle.sdx: {len(BIG)} bytes"])
    assert (tmp_path / "cycle.sdx").read_bytes() == BIG
    ran = run("download", "Work/cycle.sdx", "other.sdx", *store.at)
    assert (ran.code, ran.lines) == (0, [f"other.sdx: {len(BIG)} bytes"])
    assert (tmp_path / "other.sdx").read_bytes() == BIG


def test_a_download_that_is_refused_leaves_nothing(run: Run, store: Store, tmp_path: Path) -> None:
    target = tmp_path / "here"
    target.mkdir()
    (target / "none.sdx").write_bytes(b"before")
    ran = run("download", "Work/none.sdx", target, *store.at)
    assert (ran.code, ran.text, ran.err.count("\n")) == (1, "", 1)
    assert ran.err.startswith("Error: download_file was refused: ")
    assert [(file.name, file.read_bytes()) for file in target.iterdir()] == [("none.sdx", b"before")]
    ran = run("download", "Work/cycle.sdx", tmp_path / "no" / "where", *store.at)
    assert (ran.code, ran.err) == (2, f"Error: there is no directory {tmp_path / 'no'}\n")


def test_upload(run: Run, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "new.sdx"
    file.write_bytes(BIG[::-1])
    ran = run("upload", file, *store.at)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0].endswith(f"new.sdx: {len(BIG)} bytes")
    (there,) = store.folder.rglob("new.sdx")
    assert there.read_bytes() == BIG[::-1]
    ran = run("upload", file, *store.at)
    assert (ran.code, ran.lines[0].endswith(f"new.sdx: {len(BIG)} bytes, there already")) == (0, True)
    file.write_bytes(b"changed")
    ran = run("upload", file, *store.at)
    assert (ran.code, ran.text) == (1, "")
    assert "new.sdx is there already, with another content; --overwrite replaces it" in ran.err
    assert there.read_bytes() == BIG[::-1]
    ran = run("upload", file, "--overwrite", *store.at)
    assert (ran.code, there.read_bytes()) == (0, b"changed")


def test_upload_of_nothing(run: Run, store: Store, tmp_path: Path) -> None:
    ran = run("upload", tmp_path / "none.sdx", *store.at)
    assert (ran.code, ran.text, ran.err) == (2, "", f"Error: {tmp_path / 'none.sdx'} is no file\n")


def test_a_bar_on_a_terminal_only(run: Run, store: Store, tmp_path: Path) -> None:
    shown = run("download", "Work/cycle.sdx", tmp_path, *store.at, terminal=True)
    assert "━" in shown.text
    assert shown.text.endswith(f"{tmp_path / 'cycle.sdx'}: {len(BIG)} bytes\n")
    assert "━" not in run("download", "Work/cycle.sdx", tmp_path, *store.at).text


def test_a_port_for_files_of_its_own(run: Run, tmp_path: Path) -> None:
    with running(Device(1, folder=Folder(tmp_path)), files_port=0) as spoofer:
        assert spoofer.files_port not in (None, spoofer.port)
        at = ("--port", str(spoofer.port), "--files-port", str(spoofer.files_port))
        trace = tmp_path / "trace.pcapng"
        assert run("browse", *at, "--trace", trace).code == 0
    servers = {json.loads(line)["server"] for line in run("dump", "--json", trace).lines}
    assert f"127.0.0.1:{spoofer.files_port}" in servers
