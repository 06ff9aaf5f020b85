"""Tables that cannot be written leave nothing behind, and the error names the file that was asked for."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cti_client.dump.tables import ENDINGS, write
from cti_schema.errors import ConfigurationError

COLUMNS = [("Voltage / V", float), ("Channel", int), ("Status", str)]


def rows(error: OSError | None = None) -> Iterator[tuple[Any, ...]]:
    yield (3.5, 1, "rest")
    yield (None, 2, 'a "b"')
    if error is not None:
        raise error


@pytest.mark.parametrize("ending", list(ENDINGS))
def test_a_full_disk(tmp_path: Path, ending: str) -> None:
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    target = tmp_path / f"readings{ending}"
    target.write_text("before")
    with pytest.raises(OSError, match="No space") as caught:
        write(target, COLUMNS, rows(OSError(errno.ENOSPC, "No space left on device")))
    assert caught.value.filename == str(target)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.read_text() == "before"


@pytest.mark.parametrize("ending", [".csv", ".sqlite"])
def test_an_input_that_is_not_there_is_named_itself(tmp_path: Path, ending: str) -> None:
    missing = OSError(errno.ENOENT, "No such file or directory", "a.pcapng")
    with pytest.raises(OSError, match="No such file") as caught:
        write(tmp_path / f"readings{ending}", COLUMNS, rows(missing))
    assert caught.value.filename == "a.pcapng"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".csv", ".sqlite"])
def test_a_folder_that_is_not_there(tmp_path: Path, ending: str) -> None:
    target = tmp_path / "nowhere" / f"readings{ending}"
    with pytest.raises(OSError) as caught:
        write(target, COLUMNS, rows())
    assert caught.value.filename == str(target)


def test_csv_exactly(tmp_path: Path) -> None:
    assert write(tmp_path / "a.csv", COLUMNS, rows()) == 2
    assert (tmp_path / "a.csv").read_bytes() == (
        b'Voltage / V,Channel,Status\r\n3.5,1,rest\r\n,2,"a ""b"""\r\n'
    )


def test_other_endings(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"must end in \.csv"):
        write(tmp_path / "a.xlsx", COLUMNS, rows())
