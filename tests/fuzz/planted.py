"""Ten spoofers with a bug each, for `cti fuzz` to find.

``python -m tests.fuzz.planted NAME --port 0`` runs one (``good`` is one without a bug), and starts it again
when it has crashed. ``python -m tests.fuzz.planted --search`` runs `cti fuzz` against each, at most 60 s, and
says what it found, after how long, and whether the reproducers fail there and pass on the good one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from cti_schema import Direction, FrameBuffer, decode, encode
from cti_schema.errors import CTIError
from cti_schema.wire.frame import CHECKSUM, HEADER, LEAST_FRAME, checksum, frame_size
from spoofer import Connection, Spoofer
from spoofer.acts import Act, Send

#: Bytes that a server with the bug keeps, for as long as it lives.
_KEPT: list[bytes] = []

#: What came last to the server with a reused buffer.
_LAST: list[bytes] = [b""]


class Buggy(Connection):
    """A connection with a bug: between the frames that come and the acts that go."""

    def quick(self, data: bytes) -> bytes | None:
        return None


def _checksum_fits(frame: bytes) -> bool:
    return len(frame) >= LEAST_FRAME and checksum(frame[:-2]) == CHECKSUM.unpack(frame[-2:])[0]


def _length_fits(frame: bytes) -> bool:
    length = int.from_bytes(frame[8:12], "little")
    return len(frame) >= LEAST_FRAME and frame_size(length, Direction.REQUEST) == len(frame)


def _sealed(frame: bytes) -> bytes:
    return frame[:-2] + CHECKSUM.pack(checksum(frame[:-2]))


def _each(act: Act, change: Callable[[list[bytes]], list[bytes]]) -> Act:
    """Return an act with other answers."""
    if not isinstance(act, Send):
        return act
    return Send(b"".join(change([bytes(one) for one in FrameBuffer(Direction.FEEDBACK).feed(act.data)])))


class OffByOneCount(Buggy):
    """Of a request with several answers the last one is left out."""

    def _answer(self, frame: bytes) -> Iterator[Act]:
        for act in super()._answer(frame):
            yield _each(act, lambda answers: answers[:-1] if len(answers) > 1 else answers)


class MissingLengthCheck(Buggy):
    """A body that is shorter than its message is taken for whole: what is missing is zero."""

    def _answer(self, frame: bytes) -> Iterator[Act]:
        if _checksum_fits(frame) and _length_fits(frame) and _is_cut(frame):
            body = frame[HEADER.size : -2] + bytes(16384)
            length = (len(body) + LEAST_FRAME - 12).to_bytes(4, "little")
            frame = _sealed(frame[:8] + length + frame[12 : HEADER.size] + body + bytes(2))
        return super()._answer(frame)


def _is_cut(frame: bytes) -> bool:
    with suppress(CTIError):
        problems = decode(frame, Direction.REQUEST, strict=False).problems
        return {one.kind for one in problems} == {"truncated"}
    return False


class WrongChecksumAccepted(Buggy):
    """The checksum of a request is not looked at."""

    def _answer(self, frame: bytes) -> Iterator[Act]:
        return super()._answer(_sealed(frame) if _length_fits(frame) else frame)


class StaleBufferReuse(Buggy):
    """Answers are built in one buffer that is never cleared: reserved bytes show what came before."""

    def _answer(self, frame: bytes) -> Iterator[Act]:
        for act in super()._answer(frame):
            yield _each(act, lambda answers: [_reused(one) for one in answers])
        _LAST[0] = frame[HEADER.size : -2]


def _reused(frame: bytes) -> bytes:
    """Return an answer whose last zeros, where they are reserved bytes, were never written."""
    zeros = len(frame) - 2 - len(frame[:-2].rstrip(b"\0"))
    used = min(zeros, 64, len(_LAST[0]))
    if used >= 16:
        changed = _sealed(frame[: -2 - used] + _LAST[0][:used] + frame[-2:])
        with suppress(CTIError):
            if decode(changed, Direction.FEEDBACK) == decode(frame, Direction.FEEDBACK):
                return changed
    return frame


class HangOnZeroLength(Buggy):
    """A length field of zero moves the reader on by nothing: it never gets to what is behind."""

    stuck = False

    def _answer(self, frame: bytes) -> Iterator[Act]:
        self.stuck = self.stuck or frame[8:12] == bytes(4)
        return iter(()) if self.stuck else super()._answer(frame)


class CrashOnInvalidUtf16(Buggy):
    """A text that is no UTF-16 ends the process."""

    def _answer(self, frame: bytes) -> Iterator[Act]:
        if _checksum_fits(frame) and _is_no_utf16(frame):
            os._exit(3)
        return super()._answer(frame)


def _is_no_utf16(frame: bytes) -> bool:
    with suppress(CTIError):
        problems = decode(frame, Direction.REQUEST, strict=False).problems
        return any(one.kind == "text" for one in problems)
    return False


class CrossChannelAnswer(Buggy):
    """What is about a channel is answered for the one before it."""

    def _answer(self, frame: bytes) -> Iterator[Act]:
        for act in super()._answer(frame):
            yield _each(act, lambda answers: [_of_another(one) for one in answers])


def _of_another(frame: bytes) -> bytes:
    message = decode(frame, Direction.FEEDBACK)
    index = getattr(message, "channel_index", 0)
    if index > 0:
        setattr(message, "channel_index", index - 1)  # noqa: B010  # not every feedback has it
        return encode(message)
    return frame


class DoubleAnswer(Buggy):
    """A request that stands behind garbage is answered twice."""

    def _answer(self, frame: bytes) -> Iterator[Act]:
        for act in super()._answer(frame):
            yield act
            if getattr(frame, "stray", 0):
                yield act


class UnboundedBuffer(Buggy):
    """What is no request is kept for ever."""

    whole = True

    def acts(self, data: bytes) -> Iterator[Act]:
        self.whole = False
        yield from super().acts(data)
        if not self.whole:
            _KEPT.append(bytes(data))

    def _answer(self, frame: bytes) -> Iterator[Act]:
        self.whole = self.whole or _checksum_fits(frame)
        return super()._answer(frame)


class LostAnswerWhenMerged(Buggy):
    """Of requests that come in one piece the second one is not answered."""

    number = 0

    def acts(self, data: bytes) -> Iterator[Act]:
        self.number = 0
        return super().acts(data)

    def _answer(self, frame: bytes) -> Iterator[Act]:
        self.number += 1
        acts = super()._answer(frame)
        if self.number != 2:
            yield from acts
        else:
            list(acts)


#: The bugs, by name, each with the kinds of failures that it may be found as.
PLANTED: Final[dict[str, tuple[type[Connection], frozenset[str]]]] = {
    "off_by_one_count": (OffByOneCount, frozenset({"missing_answer"})),
    "missing_length_check": (MissingLengthCheck, frozenset({"accepted"})),
    "wrong_checksum_accepted": (WrongChecksumAccepted, frozenset({"accepted"})),
    "stale_buffer_reuse": (StaleBufferReuse, frozenset({"stale_bytes"})),
    "hang_on_zero_length": (HangOnZeroLength, frozenset({"hang"})),
    "crash_on_invalid_utf16": (CrashOnInvalidUtf16, frozenset({"crash"})),
    "cross_channel_answer": (CrossChannelAnswer, frozenset({"wrong_answer"})),
    "double_answer": (DoubleAnswer, frozenset({"answer_twice"})),
    "unbounded_buffer": (UnboundedBuffer, frozenset({"memory_growth"})),
    "lost_answer_when_merged": (LostAnswerWhenMerged, frozenset({"missing_answer", "hang"})),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Give every spoofer of this process a bug."""
    if name == "good":
        yield
        return
    where = import_module("spoofer.serving.served")
    before = vars(where)["Connection"]
    setattr(where, "Connection", PLANTED[name][0])  # noqa: B010  # mypy knows no such export
    try:
        yield
    finally:
        setattr(where, "Connection", before)  # noqa: B010


def _end_with(stream: Any) -> None:
    """End this process when the one that started it is gone."""

    def wait() -> None:
        stream.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


async def _serve(port: int) -> None:
    async with Spoofer(port=port) as spoofer:
        print(f"listening on {spoofer.host}:{spoofer.port}", flush=True)
        await asyncio.Event().wait()


def serve(name: str, port: int) -> None:
    """Run one in a process of its own, again and again, on one port."""
    command = [sys.executable, "-m", "tests.fuzz.planted", name, "--worker", "--port"]
    while True:
        with subprocess.Popen(
            [*command, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as worker:
            try:
                assert worker.stdout is not None
                line = worker.stdout.readline()
                if not port:
                    print(line, end="", flush=True)
                    port = int(line.rpartition(":")[2])
                worker.wait()
            finally:
                worker.kill()


# --- searching ------------------------------------------------------------------------------------


@contextmanager
def _running(name: str) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.fuzz.planted", name, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline().rpartition(":")[2])
        finally:
            server.terminate()


def _passes(test: Path, port: int) -> bool:
    environment = {**os.environ, "CTI_PORT": str(port)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(test.parent),
        str(test),
    ]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def search(name: str, seconds: float, seed: int, folder: Path, say: Callable[[str], None] = print) -> bool:
    """Run `cti fuzz` against one, and return whether all is as it should be."""
    kinds = PLANTED[name][1]
    out = folder / name
    with _running(name) as port, _running("good") as good:
        began = time.monotonic()
        command = [sys.executable, "-m", "cti_client.cli", "fuzz", "--port", str(port), "--out", str(out)]
        command += ["--seed", str(seed), "--time", str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            # A finding is said when it has been made small.
            said = next((line for line in process.stdout if line.partition(":")[0] in kinds), "")
            after = time.monotonic() - began
            process.terminate()
        first = next((one for one in _findings(out) if one["kind"] in kinds), None)
        if first is None or not said:
            say(f"{name}: NOT FOUND in {after:.0f} s")
            return False
        test = out / first["files"][0]
        fails, passes = not _passes(test, port), _passes(test, good)
    others = sorted({one["kind"] for one in _findings(out)} - kinds)
    before, now = first["minimised"]
    say(
        f"{name}: after {after:.1f} s, case {first['case']}: {first['kind']}, {first['message']} with "
        f"{first['mutation']}; {before} -> {now} bytes; "
        f"the reproducer {'fails' if fails else 'PASSES'} there and "
        f"{'passes' if passes else 'FAILS'} on the good one{'; also ' + ', '.join(others) if others else ''}"
    )
    return fails and passes


def _findings(out: Path) -> list[dict[str, Any]]:
    try:
        return list(json.loads((out / "report.json").read_text(encoding="utf-8"))["findings"])
    except (OSError, ValueError):
        return []


def main() -> None:
    """Run a server, or search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="*", help=f"good, {', '.join(PLANTED)}")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--search", action="store_true")
    parser.add_argument("--time", type=float, default=60.0, help="seconds for each")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name in options.name:
        if name != "good" and name not in PLANTED:
            parser.error(f"there is no {name}")
    if options.search:
        with tempfile.TemporaryDirectory() as folder:
            names = options.name or list(PLANTED)
            fine = [search(name, options.time, options.seed, Path(folder)) for name in names]
        sys.exit(0 if all(fine) else 1)
    if len(options.name) != 1:
        parser.error("name one")
    with suppress(KeyboardInterrupt):
        if not options.worker:
            serve(options.name[0], options.port)
        _end_with(sys.stdin)
        with planted(options.name[0]):
            asyncio.run(_serve(options.port))


if __name__ == "__main__":
    main()
