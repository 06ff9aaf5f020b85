"""The text of every reproducer, a test that stands alone: `spoofer.fuzz.reproducer` fills in the capitals."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from cti_schema import FrameBuffer, Message, decode, encode
from cti_schema.derive.jsonform import encode_json, to_json
from cti_schema.messages.login import Login

HOST = os.environ.get("CTI_HOST", "127.0.0.1")
PORT = int(os.environ.get("CTI_PORT", "9031"))
USER = os.environ.get("CTI_USER", "cti")
PASSWORD = os.environ.get("CTI_PASSWORD", "")
TIMEOUT_S = float(os.environ.get("CTI_TIMEOUT", "2"))

# What is sent: step for step, each piece in a send of its own.
STEPS: list[list[bytes]] = []

# Whether a valid login comes before it, and whether its answers are left unread.
LOGIN = True
UNREAD = False

# A valid read of the first channel.
READ = b""


def connect(login: bool = True) -> socket.socket:
    """Connect; log in and read a channel, which a server that lives answers."""
    connection = socket.create_connection((HOST, PORT), timeout=TIMEOUT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        for request in (encode(Login(username=USER, password=PASSWORD)), READ) if login else ():
            connection.sendall(request)
            frames, how = receive(connection, count=1)
            assert len(frames) == 1, f"{len(frames)} answers to a login or a read; {how}"
    except BaseException:
        connection.close()
        raise
    return connection


def receive(
    connection: socket.socket,
    *,
    count: int = 1 << 30,
    last: Callable[[bytes], bool] | None = None,
    wait_s: float = TIMEOUT_S,
) -> tuple[list[bytes], str]:
    """Return the frames that come, and how it ended: done, closed, reset or late."""
    buffer = FrameBuffer("feedback")
    frames: list[bytes] = []
    until = time.monotonic() + wait_s
    while len(frames) < count and not (last is not None and frames and last(frames[-1])):
        connection.settimeout(max(0.001, until - time.monotonic()))
        try:
            piece = connection.recv(1 << 18)
        except TimeoutError:
            return frames, "late"
        except OSError:
            return frames, "reset"
        if not piece:
            return frames, "closed"
        for frame in buffer.feed(piece):
            assert not frame.stray, f"{frame.stray} bytes of no frame come"
            frames.append(frame)
    return frames, "done"


def send(connection: socket.socket, piece: bytes) -> bool:
    """Send, and return whether the server took it."""
    try:
        connection.sendall(piece)
    except OSError:
        return False
    return True


# ---- answers

# What must come, one entry for each request and one for a plain request behind them: whether it must be
# answered, by which feedbacks, how many, and what they repeat of it.
WANTED: list[dict[str, Any]] = []

# The plain request: when it is answered, everything before it was.
FENCE = b""

# Whether the unused bytes of the answers must be zero, and whether the connection must stay open.
CLEAN = False
OPEN = False

UNKNOWN = "unknown_command_feedback"


def is_fence_answer(frame: bytes) -> bool:
    """Tell whether a frame answers the plain request."""
    name = decode(frame, "feedback").spec.name
    return name in WANTED[-1]["names"] and (name != UNKNOWN or frame[20:24] == FENCE[12:16])


def fits(wanted: dict[str, Any], answer: Message) -> bool:
    """Tell whether a feedback may be the answer."""
    if not wanted["names"]:
        return bool(wanted["anything"] or answer.spec.name == UNKNOWN)
    if answer.spec.name not in wanted["names"]:
        return False
    if answer.spec.name == UNKNOWN:
        return bool(getattr(answer, "command", 0) == wanted["code"])
    if any(getattr(answer, field, None) not in values for field, values in wanted["echo"].items()):
        return False
    named = {index for index in channels(answer) if index >= 0}
    return wanted["channels"] is None or named <= set(wanted["channels"]) or len(named) >= wanted["all"]


def channels(answer: Message) -> Iterator[int]:
    """Yield the channels that the lists of a feedback name."""
    for _, value in answer.present():
        for one in value if isinstance(value, list) else []:
            if hasattr(one, "channel_index"):
                yield one.channel_index


def results(record: Any) -> Iterator[bool]:
    """Yield of each result in a feedback whether it means success."""
    for _, value in record.present():
        for one in value if isinstance(value, list) else [value]:
            if hasattr(one, "present"):
                yield from results(one)
            elif hasattr(one, "is_success") and any(member.is_success for member in type(one)):
                yield one.is_success


def succeeded(answer: Message) -> bool:
    """Tell whether a feedback says that its request was carried out: a result says so, or there is none."""
    found = list(results(answer))
    return answer.spec.name != UNKNOWN and (any(found) if found else True)


def check(answers: list[Message], how: str) -> None:
    """Lay the answers beside what was sent, in their order."""
    at, refused = 0, False
    for number, wanted in enumerate(WANTED):
        needed = sum(one["least"] for one in WANTED[number + 1 :] if one["expect"] == "answer")
        mine: list[Message] = []
        while at < len(answers) and len(mine) < wanted["most"] and fits(wanted, answers[at]):
            if wanted["expect"] == "refusal" and succeeded(answers[at]):
                break  # then it is the answer of something behind it, or too much
            if wanted["expect"] == "anything" and len(answers) - at <= needed:
                break
            mine.append(answers[at])
            at += 1
        refused = refused or wanted["expect"] != "answer"
        if wanted["expect"] == "answer" and not (refused and how in ("closed", "reset")):
            complete(wanted, mine, f"{number + 1} of {len(WANTED)}; {how}; next is {answers[at : at + 1]}")
    assert at == len(answers), f"{len(answers) - at} too much, or answers to something else: {answers[at:]}"


def complete(wanted: dict[str, Any], mine: list[Message], place: str) -> None:
    """Check that nothing of an answer is left out."""
    assert len(mine) >= wanted["least"], f"no answer: {place}"
    if any(answer.spec.name == UNKNOWN for answer in mine):
        return
    listed, named = set(wanted["listed"]), {getattr(answer, "channel_index", -1) for answer in mine}
    if len(listed) > 1 and -1 not in named:
        assert named >= listed, f"channels without answer: {sorted(listed - named)}: {place}"
    if wanted["everything"]:
        told = {index for answer in mine for index in channels(answer)}
        assert len(told) >= wanted["all"], f"{len(told)} of {wanted['all']} channels are told: {place}"


def unused_bytes_are_zero(frame: bytes) -> bool:
    """Tell whether an answer is just what its values make."""
    shape = to_json(decode(frame, "feedback"))
    shape.pop("leftovers", None)
    fields = shape["fields"]
    shape["fields"] = {name: value for name, value in fields.items() if not name.startswith("reserved")}
    return encode_json(shape) == frame


def test_answers() -> None:
    """Send it: it is answered right, the server lives, and others notice nothing."""
    with connect() as bystander:
        with connect(LOGIN) as connection:
            for segment in (segment for step in STEPS for segment in step):
                if not send(connection, segment):
                    break
                time.sleep(0.005)
            if not UNREAD:
                send(connection, FENCE)
                frames, how = receive(connection, last=is_fence_answer)
                if how == "done":  # nothing may come behind it
                    frames += receive(connection, wait_s=0.1)[0]
                check([decode(frame, "feedback") for frame in frames], how)
                assert not CLEAN or all(map(unused_bytes_are_zero, frames)), "unused bytes are not zero"
                assert not OPEN or how == "done", f"the connection is {how}: the server fails on it"
        connect().close()
        bystander.sendall(FENCE)
        frames, how = receive(bystander, last=is_fence_answer)
        assert (len(frames), how) == (1, "done"), (
            f"another connection gets {len(frames)} answers and is {how}"
        )


# ---- memory

# A server that is larger by more than that, in bytes, keeps what it is sent.
GROWTH = 64 << 20


def test_memory() -> None:
    """Send it again and again: the server does not keep it."""
    import pytest

    psutil = pytest.importorskip("psutil")
    listening = [one for one in psutil.net_connections(kind="tcp") if one.status == psutil.CONN_LISTEN]
    pids = [one.pid for one in listening if one.laddr.port == PORT and one.pid]
    if not pids:
        pytest.skip(f"the process that listens on port {PORT} cannot be found")
    process = psutil.Process(pids[0])
    data = b"".join(segment for step in STEPS for segment in step)
    block = data * max(1, (1 << 18) // len(data))
    before = process.memory_info().rss
    grown, until = 0, time.monotonic() + 5.0
    with connect(LOGIN) as connection:
        connection.settimeout(0.25)  # a server that takes no more for a while is right
        while grown <= GROWTH and time.monotonic() < until and send(connection, block):
            if not UNREAD:
                drain(connection)
            grown = process.memory_info().rss - before
    assert grown <= GROWTH, f"the server is {grown >> 20} MiB larger"


def drain(connection: socket.socket) -> None:
    """Take the answers that are there."""
    connection.setblocking(False)
    try:
        while connection.recv(1 << 18):
            pass
    except OSError:
        pass
    connection.settimeout(0.25)
