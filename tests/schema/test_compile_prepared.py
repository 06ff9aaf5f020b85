"""Prepared frames: with other values they are what encoding the message with these values gives."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_schema.compile.prepared import Prepared
from cti_schema.derive import strategies
from cti_schema.errors import CTIError, EncodeError, UnknownNameError
from cti_schema.message import Message
from cti_schema.registry import messages, registry
from cti_schema.wire.codec import decode, encode, inspect
from tests.effort import times
from tests.schema.support import WELLFORMED, Vector, each
from tests.schema.test_compile import WRONG


def owner(message: Any, path: str) -> tuple[Any, str]:
    """Return the record and the name that a path leads to."""
    *steps, name = path.replace("[", ".[").split(".")
    for step in steps:
        message = message[int(step[1:-1])] if step.startswith("[") else getattr(message, step)
    return message, name


def set_and_encode(frame: bytes, direction: Any, values: dict[str, Any]) -> Any:
    """Return the frame of a message whose fields were set, or the error."""
    message = inspect(frame, direction).message
    for path, value in values.items():
        record, name = owner(message, path)
        setattr(record, name, value)
    return outcome(lambda: encode(message))


def outcome(function: Any) -> Any:
    try:
        return function()
    except EncodeError as error:
        return error.path, error.reason


@each([one for one in WELLFORMED if len(one.frame) < 3000])
def test_each_field_takes_and_refuses_what_encode_does(vector: Vector) -> None:
    prepared = Prepared(inspect(vector.frame, vector.direction).message)
    assert prepared.frame == vector.frame
    draw = random.Random(vector.id)
    for path in draw.sample(prepared.paths, min(len(prepared.paths), times(12))):
        for wrong in draw.sample(WRONG, min(len(WRONG), times(6))):
            expected = set_and_encode(vector.frame, vector.direction, {path: wrong})
            assert outcome(lambda path=path, wrong=wrong: prepared.patch({path: wrong})) == expected, path
    assert prepared.patch() == vector.frame


@given(st.data(), st.sampled_from([one for one in messages() if one.spec.form == "binary"]))
def test_any_fields_of_any_message(data: st.DataObject, message_class: type[Message]) -> None:
    message = data.draw(strategies.messages(message_class))
    other = data.draw(strategies.messages(message_class))
    frame = encode(message)
    prepared = Prepared(message)
    theirs = Prepared(other)
    paths = [path for path in prepared.paths if path in theirs.paths]
    chosen = data.draw(st.lists(st.sampled_from(paths), unique=True, max_size=8)) if paths else []
    values = {}
    for path in chosen:
        record, name = owner(other, path)
        values[path] = getattr(record, name)
    expected = set_and_encode(frame, message.spec.direction, values)
    assert outcome(lambda: prepared.patch(values)) == expected
    assert encode(message) == prepared.frame == frame


def readings(text: str = "a") -> Any:
    vector = next(one for one in WELLFORMED if one.message == "get_channels_info_feedback")
    message: Any = decode(vector.frame)
    message.channels[0].test_name = text
    return message


def test_a_writer_of_several_fields() -> None:
    prepared = Prepared(readings())
    paths = [f"channels[0].{name}" for name in ("current_a", "voltage_v", "test_time_s", "test_name")]
    write = prepared.writer(*paths)
    found: Any = decode(write(-1.5, 3.25, 1e6, "b\u4e00"))
    (channel, *_) = found.channels
    assert (channel.current_a, channel.voltage_v) == (-1.5, 3.25)
    assert (channel.test_time_s, channel.test_name) == (1e6, "b\u4e00")
    assert decode(prepared.frame) == readings()


def test_a_field_that_decides_about_others() -> None:
    """Which value of an SMB reading is a text its type tells: only encode knows whether that still fits."""
    feedback: Any = registry().by_name("get_channels_info_feedback")
    channel: Any = readings().channels[0]
    smb: Any = type(channel).spec.field("smb").item.record
    channel.smb = [smb(index=1, value_type=0, value=2.5, unit="V")]
    prepared = Prepared(feedback(channels=[channel]))
    with pytest.raises(EncodeError, match=r"^channels\[0\]\.smb\[0\]\.value: a text is needed"):
        prepared.patch({"channels[0].smb[0].value_type": 1})
    assert prepared.patch({"channels[0].smb[0].index": 2})[-20:] != prepared.frame[-20:]


def test_a_message_with_leftovers_keeps_them() -> None:
    vector = next(one for one in WELLFORMED if one.padding and one.message == "set_log_interval")
    message: Any = decode(vector.frame)
    name = next(kind.name for kind, _ in message.present() if kind.size() == 4)
    prepared = Prepared(message)
    changed = prepared.patch(**{name: 1})
    assert len(changed) == len(vector.frame)
    assert decode(changed)._kept["surplus"] == message._kept["surplus"]


@pytest.mark.parametrize("path", ["channels[1].voltage_v", "channel_count", "channels[0].voltag_v", ""])
def test_a_path_that_is_no_field_of_fixed_size(path: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown field of fixed size") as caught:
        Prepared(readings()).writer(path)
    assert isinstance(caught.value, CTIError)
