"""Every message, damaged in many ways: the compiled paths refuse what the interpreted one does, and alike."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_schema.derive import strategies
from cti_schema.message import Message
from cti_schema.registry import messages
from cti_schema.wire.codec import encode
from cti_schema.wire.frame import build_frame
from tests.effort import times
from tests.schema.test_compile import compare_decoding, mutate
from tests.schema.test_compile_lazy import compare, is_json

EVERY = pytest.mark.parametrize("message", messages(), ids=lambda message: message.spec.name)


def damaged(made: Message, draw: random.Random) -> list[bytes]:
    """Return the frame of a message, and damaged ones with a right checksum and with a wrong one."""
    frame = encode(made)
    bodies = [mutate(frame[20:-2], draw) for _ in range(4)]
    wrong = bytearray(frame)
    wrong[draw.randrange(len(frame))] ^= draw.randrange(1, 256)
    bent = [build_frame(made.spec.code, body, made.spec.direction) for body in bodies]
    return [frame, *bent, bytes(wrong), frame[: draw.randrange(1, len(frame))]]


@EVERY
@given(st.data(), st.randoms(use_true_random=False))
@settings(max_examples=times(2), deadline=None)
def test_strict_and_lenient_and_lazy(message: type[Message], data: Any, draw: random.Random) -> None:
    made = data.draw(strategies.messages(message))
    for frame in damaged(made, draw):
        compare_decoding(frame, message.spec.direction)
        if not is_json(made):  # members of a JSON body may be absent
            compare(frame, message.spec.direction)
