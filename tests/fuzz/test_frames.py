"""The run of millions of frames, small; and what it found, one test for each."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cti_schema import Direction, FrameBuffer, Message, decode, encode, messages
from cti_schema import kinds as k
from cti_schema.compile.lazy import View, view
from cti_schema.derive.defaults import default
from cti_schema.errors import DecodeError
from cti_schema.messages.engage_tray_json import EngageTrayJson, EngageTrayJsonFeedback, TrayOrder
from cti_schema.messages.jump_channel import JumpChannel
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.messages.upload_file import UploadFile
from cti_schema.wire.frame import CHECKSUM, HEADER, TOKEN, build_frame, checksum
from spoofer import Connection, Device
from spoofer.fuzz.mutations import MUTATIONS
from spoofer.fuzz.pool import Sample, plain
from tests.fuzz import frames
from tests.fuzz.agreeing import same
from tests.fuzz.tally import Tally, load, report, save


def test_some_mutated_frames() -> None:
    tally = frames.block(5, 0, 700, draw=False)
    assert tally.findings == []
    assert tally.frames == 700
    assert tally.good >= 600
    assert tally.by_mutation.keys() > {"wrong_checksum", "body_cut", "split"}
    again = frames.block(5, 0, 700, draw=False)
    assert (again.outcomes, again.by_mutation) == (tally.outcomes, tally.by_mutation)


def test_the_report_of_a_run_adds_up(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    total = Tally()
    total.add(Tally(frames=3, good=2, seconds=1.5, growth=4, outcomes=Counter(accepted=3)))
    total.found("what", b"\1\2", Direction.REQUEST, "how")
    save(state, 9, total, {0, 2})
    kept, done = load(state, 9)
    assert (kept, done) == (total, {0, 2})
    kept.add(total)
    assert (kept.frames, kept.finding_count, kept.growth, kept.outcomes["accepted"]) == (6, 2, 4, 6)
    assert "2 findings" in report(kept)
    assert json.loads(state.read_text(encoding="utf-8"))["tally"]["findings"][0]["frame"] == "0102"
    with pytest.raises(SystemExit, match="of the seed 9"):
        load(state, 8)


def test_a_lost_frame_is_found_and_the_stream_shrunk() -> None:
    assert frames.shrunk(list(range(9)), lambda some: {2, 7} <= set(some)) == [2, 7]
    good = encode(default(JumpChannel))
    assert frames.lost([(b"", good), (b"\1\2\3", good)], Direction.REQUEST, 5) == []
    huge = HEADER.pack(TOKEN, 10_000, 1, 0)
    assert frames.lost([(huge + good[:9], good)], Direction.REQUEST, 5) == []


def broken(message: type[Message], mutation: str) -> list[bytes]:
    """Return what a mutation makes of the plain messages of a class, several times."""
    samples: tuple[Sample, ...] = plain(message)  # type: ignore[arg-type]
    found = [MUTATIONS[mutation].breaks(one, Random(seed)) for one in samples for seed in range(20)]
    return [one.pieces[0][0] for one in found if one is not None]


def tables(message: type[Message]) -> bool:
    """Tell whether records in lists of a message have a table."""
    return any(
        isinstance(kind, k.Array)
        and isinstance(kind.item, k.Nested)
        and any(isinstance(inner, k.Table) for inner in kind.item.record.spec.layout)
        for kind in message.spec.layout
    )


def test_a_view_refuses_a_table_in_a_list_whose_count_is_too_large() -> None:
    seen = 0
    for message in filter(tables, messages()):
        for frame in broken(message, "count_huge"):
            direction = message.spec.direction
            with pytest.raises(DecodeError) as expected:
                decode(frame, direction)
            with pytest.raises(DecodeError) as refused:
                view(frame, direction)
            assert refused.value.problem == expected.value.problem
            seen += 1
    assert seen


def test_a_view_of_a_list_beyond_its_limit() -> None:
    seen = 0
    for message in messages():
        for frame in broken(message, "list_beyond_limit")[:3]:
            decoded: Any = decode(frame, message.spec.direction)
            found = view(frame, message.spec.direction)
            assert same(decoded, found) if isinstance(found, View) else decoded == found
            seen += 1
    assert seen


def test_a_checksum_that_is_right_by_chance_swallows_no_good_frame() -> None:
    # The sum over a bad frame and a good one is zero, so the next frame's checksum fits all three.
    good, last = encode(default(JumpChannel)), encode(default(JumpChannel, step_index=3))
    for filled in range(500):
        body = b"\xff" * filled
        bad = bytearray(build_frame(1, body, Direction.REQUEST))
        left = -(checksum(bad[:-2]) + checksum(good)) & 0xFFFF
        if left <= 510:
            break
    bad[-2:] = bytes([left // 2, left - left // 2])
    stream = bytes(bad) + good + last
    assert checksum(stream[:-2]) == CHECKSUM.unpack(stream[-2:])[0]
    token = TOKEN[:4]  # what follows has begun
    for size in (1 << 20, 1, 50):
        assert came(stream + token, Direction.REQUEST, size)[:3] == [bytes(bad), good, last]


def came(stream: bytes, direction: Direction | None, size: int) -> list[bytes]:
    buffer = FrameBuffer(direction)
    found = [frame for at in range(0, len(stream), size) for frame in buffer.feed(stream[at : at + size])]
    return [bytes(frame) for frame in [*found, *buffer.close()]]


@pytest.mark.parametrize("direction", [Direction.REQUEST, None])
def test_a_token_that_comes_in_two_pieces_is_not_cut(direction: Direction | None) -> None:
    # The length says one byte more than there are; that byte is the first of the next frame.
    sound = encode(default(UploadFile, data=b"abc"))
    (length,) = (HEADER.unpack_from(sound)[1] + 1,)
    head = sound[:8] + length.to_bytes(4, "little") + sound[12:-2]
    bad = head + CHECKSUM.pack(checksum(head))
    good = encode(default(JumpChannel))
    for begun in range(1, len(TOKEN)):
        buffer = FrameBuffer(direction)
        found = [*buffer.feed(bad + good[:begun]), *buffer.feed(good[begun:]), *buffer.close()]
        assert [bytes(frame) for frame in found] == [bad, good]


def test_a_cycler_takes_an_absent_member_of_a_record_for_plain() -> None:
    text = '{"EngageTrays":[{"Error":0,"Engage":true}]}'.encode("utf-16-le")
    body = (len(text) // 2).to_bytes(4, "little") + text
    sent = build_frame(EngageTrayJson.spec.code, body, Direction.REQUEST)
    request: Any = decode(sent, Direction.REQUEST)
    assert not hasattr(request.engage_trays[0], "global_index")
    connection = Connection(Device(2))
    (logged_in,) = came(connection.receive(encode(Login(username="a", password="b"))), Direction.FEEDBACK, 99)
    (absent,) = came(connection.receive(sent), Direction.FEEDBACK, 99)
    written = encode(EngageTrayJson(engage_trays=[TrayOrder(global_index=0, error=0, engage=True)]))
    assert connection.receive(written) == absent
    assert isinstance(decode(absent), EngageTrayJsonFeedback)
    assert isinstance(decode(logged_in), LoginFeedback)
