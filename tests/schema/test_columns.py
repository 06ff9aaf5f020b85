"""Columns have the values that decoding each frame gives, whatever is wrong with it."""

from __future__ import annotations

import random
import subprocess
import sys
import tracemalloc
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numpy")

import numpy as np

from cti_schema import columns as package
from cti_schema import kinds as k
from cti_schema.columns import Columns, columns, many
from cti_schema.columns.arrays import Lists, Numbers, Records, Texts
from cti_schema.columns.checks import sums
from cti_schema.derive import strategies
from cti_schema.derive.defaults import default
from cti_schema.errors import DecodeError
from cti_schema.message import Direction, Message, Record
from cti_schema.registry import messages, registry
from cti_schema.wire.buffer import Frame, FrameBuffer
from cti_schema.wire.codec import encode, inspect
from cti_schema.wire.frame import build_frame, checksum
from cti_schema.wire.values import NaN
from tests.effort import times
from tests.schema.support import VECTORS
from tests.schema.test_compile import mutate
from tests.schema.test_compile_every_message import EVERY
from tests.schema.test_compile_every_message import damaged as damaged_frames


def decoded(value: Any) -> Any:
    """Return a decoded value as columns have it: no nulls, enumerations as integers, NaN by its bits."""
    if isinstance(value, Record):
        return {kind.name: decoded(inner) for kind, inner in value.present() if inner is not None}
    if isinstance(value, dict):
        return {name: decoded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [k.MISSING if one is None else decoded(one) for one in value]
    if isinstance(value, NaN):
        return "nan"  # the list of a numpy array has no bits; they are compared below
    if isinstance(value, float) and value != value:
        return "nan"
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def check(frames: list[bytes], message: type[Message]) -> Columns:
    """Compare the columns of frames with what the decoder makes of each."""
    found = columns(frames, message)
    rows = dict(zip(found.frame.tolist(), found.values.tolist(), strict=True))
    assert list(rows) == sorted(rows)
    problems: Counter[str] = Counter()
    for number, frame in enumerate(frames):
        try:
            one = inspect(frame, spans=False)
        except DecodeError as error:
            problems[error.problem.kind] += 1
            assert number in found.others
            continue
        problems.update(problem.kind for problem in one.problems)
        if type(one.message) is not message:
            assert number in found.others
            continue
        if message.spec.form == "json" and one.problems:
            continue  # a value that is not of its type has no place in a column
        assert decoded(rows[number]) == decoded(one.message)
        wrong = [problem for problem in one.problems if problem.kind != "enum"]
        assert (number in found.damaged) == bool(wrong)
        if wrong:
            assert found.damaged[number] == one.problems
    assert found.problems == problems
    return found


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.spec.name)
def test_vectors_and_damaged_ones(message: type[Message]) -> None:
    draw = random.Random(message.spec.name)
    own = [vector for vector in VECTORS if vector.message == message.spec.name]
    frames = [vector.frame for vector in own]
    check(frames * 2, message)
    damaged = []
    for vector in own:
        for _ in range(6):
            damaged.append(vector.bent(mutate(vector.body, draw)))
        damaged.append(vector.frame[:-3])
        damaged.append(bytes(byte ^ (place == 25) for place, byte in enumerate(vector.frame)))
    mixed = [*frames, *damaged, VECTORS[0].frame, b"", b"no frame at all"]
    draw.shuffle(mixed)
    check(mixed, message)


@given(
    st.sampled_from(messages()).flatmap(lambda message: st.lists(strategies.messages(message), max_size=4))
)
@settings(max_examples=times(37), deadline=None)
def test_any_messages(made: list[Message]) -> None:
    if made:
        check([encode(message) for message in made], type(made[0]))


@given(st.data(), st.randoms(use_true_random=False))
@settings(max_examples=times(25), deadline=None)
def test_damaged_frames_among_others(data: Any, draw: Any) -> None:
    message = data.draw(st.sampled_from([one for one in messages() if one.spec.form == "binary"]))
    frames = [
        encode(one) for one in data.draw(st.lists(strategies.messages(message), min_size=1, max_size=3))
    ]
    bodies = [mutate(frame[20:-2], draw) for frame in frames for _ in range(3)]
    frames += [build_frame(message.spec.code, body, message.spec.direction) for body in bodies]
    draw.shuffle(frames)
    check(frames, message)


@EVERY
@given(st.data(), st.randoms(use_true_random=False))
@settings(max_examples=times(2), deadline=None)
def test_every_message_and_its_damaged_frames(message: type[Message], data: Any, draw: Any) -> None:
    frames = damaged_frames(data.draw(strategies.messages(message)), draw)
    check([*frames, frames[0]], message)


LIMITED = [
    (message, kind)
    for message in messages()
    for kind in message.spec.layout
    if isinstance(kind, k.Array) and kind.limit is not None
]


@pytest.mark.parametrize(("message", "kind"), LIMITED, ids=lambda one: getattr(one, "spec", one).name)
def test_more_items_than_the_protocol_allows_are_no_problem(message: Any, kind: Any) -> None:
    item = default(kind.item.record) if isinstance(kind.item, k.Nested) else 0
    frames = [encode(default(message, **{kind.name: [item] * count})) for count in (1, 2, kind.limit)]
    one, two, most = (frame[20:-2] for frame in frames)
    count_at = next(place for place in range(len(one)) if one[place] != two[place])
    many = bytearray(most + most[len(one) - len(two) :])
    many[count_at] += 1
    found = check([frames[0], build_frame(message.spec.code, bytes(many), message.spec.direction)], message)
    assert not found.damaged
    assert found[kind.name].counts.tolist() == [1, kind.limit + 1]


CHANNELS: Any = registry().by_name("get_channels_info_feedback")
RECORD = CHANNELS.spec.field("channels").item.record
READING = RECORD.spec.field("aux_temperature").item.record


def feedback(second: int, count: int = 5, aux: int = 0, name: str = "cell") -> bytes:
    channels = [
        default(
            RECORD, channel_index=index, test_name=f"{name} {index}", voltage_v=3 + index / 4,
            test_time_s=float(second),
            aux_temperature=[READING(value=float(one), dt_value=0.5) for one in range((index + aux) % 3)],
        )
        for index in range(count)
    ]  # fmt: skip
    return encode(CHANNELS(channels=channels))


def test_what_columns_are() -> None:
    found = columns([feedback(second) for second in range(3)], CHANNELS)
    assert len(found) == 3
    voltage, name = found["channels.voltage_v"], found["channels.test_name"]
    assert isinstance(voltage, Numbers)
    assert voltage.values.dtype == np.float32
    assert voltage.tolist() == [3.0, 3.25, 3.5, 3.75, 4.0] * 3
    assert isinstance(name, Texts)
    assert sorted(name.words) == [f"cell {index}" for index in range(5)]
    assert name.tolist() == [f"cell {index}" for index in range(5)] * 3
    aux = found["channels.aux_temperature"]
    assert isinstance(aux, Lists)
    assert aux.counts.tolist() == [0, 1, 2, 0, 1] * 3
    assert aux.offsets.tolist()[:6] == [0, 0, 1, 3, 3, 4]
    assert found["channels.aux_temperature.value"].tolist() == [0.0, 0.0, 1.0, 0.0] * 3
    assert found["channels"].rows.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert isinstance(found["channels"].items, Records)
    for path in ("voltage_v", "channels.nothing", "channels.voltage_v.value"):
        with pytest.raises(KeyError):
            found[path]


def test_lists_that_change_from_frame_to_frame() -> None:
    frames = [
        feedback(second, count=1 + second % 4, aux=second // 3, name=f"{second // 5}") for second in range(60)
    ]
    found = check(frames, CHANNELS)
    assert not found.damaged


def test_blocks_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [feedback(second, aux=second % 3) for second in range(30)]
    frames[7] = frames[7][:-1] + bytes([frames[7][-1] ^ 1])
    whole = check(frames, CHANNELS)
    monkeypatch.setattr(many, "BLOCK", 20_000)
    parts = check(frames, CHANNELS)
    assert parts.values.tolist() == whole.values.tolist()
    assert list(parts.damaged) == [7]
    assert parts.problems == Counter(checksum=1)


def test_nan_bits_stay() -> None:
    frame = bytearray(feedback(0))
    start = frame.index(np.float32(3.25).tobytes())
    body = bytes(frame[20:start]) + bytes.fromhex("0100a07f") + bytes(frame[start + 4 : -2])
    found = columns([build_frame(CHANNELS.spec.code, body, CHANNELS.spec.direction)] * 2, CHANNELS)
    assert found["channels.voltage_v"].values.view(np.uint32)[1] == 0x7FA00001


def test_values_that_are_not_listed_are_counted() -> None:
    body = bytearray(feedback(0)[20:-2])
    body[8:10] = (777).to_bytes(2, "little")
    bent = build_frame(CHANNELS.spec.code, bytes(body), CHANNELS.spec.direction)
    found = check([bent, feedback(1), bent], CHANNELS)
    assert found.problems == Counter(enum=2)
    assert found["channels.status"].tolist()[0] == 777
    assert not found.damaged


def test_what_a_stream_knows_of_a_frame() -> None:
    frames = FrameBuffer("feedback").feed(b"noise" + feedback(0) + feedback(1))
    found = columns(frames, CHANNELS)
    assert len(found) == 2
    assert found.problems == Counter(stray=1)
    other = columns([Frame(feedback(0), direction=Direction.REQUEST)], CHANNELS)
    assert other.others == [0]


@given(
    st.binary(min_size=30, max_size=3000), st.lists(st.integers(0, 2998), min_size=2, max_size=8, unique=True)
)
def test_sums(data: bytes, cuts: list[int]) -> None:
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    spans = [(a, b) for a, b in pairwise(places) if b > a]
    if spans:
        starts, ends = np.array(spans).T
        assert sums(data, starts, ends).tolist() == [checksum(data[a:b]) for a, b in spans]


@pytest.mark.parametrize("step", [5, 7, 300])
def test_sums_of_pieces_of_the_same_size(step: int) -> None:
    data = random.Random(step).randbytes(step * 40)
    starts = np.arange(0, len(data), step)
    for chosen in (starts, starts[::3], starts[[0, 1, 5, 6, 30]], starts[:1], starts[:0]):
        for size in (1, step - 1, step):
            expected = [checksum(data[start : start + size]) for start in chosen.tolist()]
            assert sums(data, chosen, chosen + size).tolist() == expected


def test_a_large_count_takes_no_memory() -> None:
    body = (2**32 - 1).to_bytes(4, "little") + bytes(50)
    frame = build_frame(CHANNELS.spec.code, body, CHANNELS.spec.direction)
    tracemalloc.start()
    check([frame] * 3, CHANNELS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def weight(column: Any) -> int:
    """Return the bytes of the numbers in a column; the code of a text is none of them."""
    if isinstance(column, Numbers):
        return int(column.values.nbytes)
    if isinstance(column, Lists):
        return weight(column.items)
    if isinstance(column, Records):
        return sum(map(weight, column.fields.values()))
    return 0


@pytest.mark.parametrize(("channels", "count", "aux"), [(64, 100, 1), (64, 100, 0), (1, 2000, 0)])
def test_memory(channels: int, count: int, aux: int) -> None:
    frames = [feedback(second, channels, aux) for second in range(count)]
    columns(frames[:4], CHANNELS)
    tracemalloc.start()
    found = columns(frames, CHANNELS)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    numbers = weight(found.values)
    assert numbers > channels * count * 70
    assert found.nbytes <= kept * 1.1
    assert kept <= 3 * numbers


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.spec.name)
def test_arrow(message: type[Message]) -> None:
    pytest.importorskip("pyarrow")
    frames = [vector.frame for vector in VECTORS if vector.message == message.spec.name]
    found = columns(frames, message)
    table = found.arrow()
    table.validate(full=True)
    assert table.num_rows == len(found)
    assert table.column_names == ["frame", *(kind.name for kind in message.spec.values)]
    assert table.schema.equals(columns([], message).arrow().schema)
    for kind in message.spec.values:
        if isinstance(kind, k.Scalar) and not kind.is_float:
            assert table[kind.name].to_pylist() == [
                None if value is k.MISSING else value for value in found[kind.name].tolist()
            ]


def test_arrow_with_a_row_for_each_item() -> None:
    pytest.importorskip("pyarrow")
    found = columns([feedback(second) for second in range(2)], CHANNELS)
    table = found.arrow("channels")
    assert table["frame"].to_pylist() == [0] * 5 + [1] * 5
    assert table["test_name"].to_pylist() == [f"cell {index}" for index in range(5)] * 2
    assert table["aux_temperature"].to_pylist()[2] == [
        {"value": 0.0, "dt_value": 0.5}, {"value": 1.0, "dt_value": 0.5},
    ]  # fmt: skip
    with pytest.raises(KeyError):
        found.arrow("channels.voltage_v")


def test_numpy_is_imported_when_it_is_used() -> None:
    code = "import sys, cti_schema, cti_schema.columns; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert package.__all__ == ["Columns", "columns"]
    with pytest.raises(AttributeError):
        package.nothing  # type: ignore[attr-defined]
