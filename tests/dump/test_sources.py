"""What a file is, and its frames as they arrive."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cti_client.dump.sources import FrameSource, Input
from cti_schema.errors import InputError
from tests.dump.support import LOGIN, START, STARTED


class Live(io.RawIOBase):
    """A stream that hands over one piece per read, and tells how many were taken."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__()
        self.pieces = list(pieces)

    def read1(self, size: int = -1) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def source(*pieces: bytes) -> tuple[FrameSource, Any]:
    stream: Any = Live(*pieces)
    return FrameSource(Input(stream)), stream


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (b"", "empty"),
        (LOGIN, "raw"),
        (b"garbage in front " + LOGIN, "raw"),
        (b"\0\1\2\3", "raw"),
        (LOGIN.hex().encode(), "hex"),
        ("# µ Ω\n".encode() + LOGIN.hex().encode(), "hex"),
        ("# Ω".encode()[:-1], "hex"),
        (b"\xff\xfed\0d\0", "hex"),
        (b"\x0a\x0d\x0d\x0a", "capture"),
        (b"\xd4\xc3\xb2\xa1", "capture"),
        (b"\x1f\x8b\x08\x00", "capture"),
    ],
)
def test_kind(given: bytes, kind: str) -> None:
    assert Input(io.BytesIO(given)).kind == kind


@pytest.mark.parametrize("form", ["raw", "hex"])
def test_frames_come_as_they_arrive(form: str) -> None:
    pieces = [LOGIN, START[:50], START[50:], STARTED]
    if form == "hex":
        pieces = [LOGIN.hex().encode() + b"\n", START.hex().encode() + b"\n", STARTED.hex().encode() + b"\n"]
    frames, stream = source(*pieces)
    found: Iterator[bytes] = iter(frames)
    assert next(found) == LOGIN
    assert len(stream.pieces) >= len(pieces) - 2, "the first frame does not wait for the last piece"
    assert list(found) == [START, STARTED]
    assert (frames.frames, frames.stray, frames.end) == (3, 0, "")


def test_every_split_gives_the_same() -> None:
    data = LOGIN + START
    for step in (1, 7, 8, 9, 85, 86, 87):
        frames, _ = source(*(data[at : at + step] for at in range(0, len(data), step)))
        assert list(frames) == [LOGIN, START]


def test_places() -> None:
    frames = FrameSource(Input(io.BytesIO(b"ab" + LOGIN + START)))
    assert [frames.place(frame) for frame in frames] == ["offset 2", "offset 88"]
    text = f"# one\n{LOGIN.hex()}\n\n{START.hex()}{STARTED.hex()}\n{LOGIN.hex()[:60]}\n{LOGIN.hex()[60:]}\n"
    frames = FrameSource(Input(io.BytesIO(text.encode())))
    assert [frames.place(frame) for frame in frames] == ["line 2", "line 4", "line 4", "line 5"]


def test_text_that_is_no_hex() -> None:
    frames = FrameSource(Input(io.BytesIO(LOGIN.hex().encode() + b"\n12 g4"), "x"))
    found = iter(frames)
    assert next(found) == LOGIN
    with pytest.raises(InputError, match=r"^x, line 2: column 4: 'g' is no hex digit$"):
        next(found)


def test_a_path_is_closed_and_a_stream_is_not(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(LOGIN)
    with Input(str(file)) as opened:
        assert list(FrameSource(opened)) == [LOGIN]
    assert opened._source.closed
    stream = io.BytesIO(LOGIN)
    with Input(stream) as opened:
        assert list(FrameSource(opened)) == [LOGIN]
    assert not stream.closed
