"""How functions are compiled: which kinds are known, what can be read and traced, what importing costs."""

from __future__ import annotations

import dataclasses
import linecache
import random
import subprocess
import sys
import traceback
from typing import Any

import pytest

from cti_schema import kinds as k
from cti_schema.compile import form
from cti_schema.compile.compiled import BUILDERS, PARSERS, source
from cti_schema.declare import Feedback, Record, feedback, record
from cti_schema.errors import DeclarationError
from cti_schema.registry import LOOKED_UP, Registry, messages, registry
from cti_schema.wire import frame as wire_frame
from cti_schema.wire.codec import decode, encode
from cti_schema.wire.frame import checksum
from tests.schema.support import ROOT, VECTORS, WELLFORMED

# Kinds


def test_the_compiler_knows_every_kind() -> None:
    assert set(form._STEPS) == set(k.KINDS)
    for message in messages():
        if message.spec.form == "binary":
            form.form(message.spec.layout, message.spec.name)


@dataclasses.dataclass(eq=False)
class Novel(k.Kind):
    """A kind that nobody has written a step for."""

    def size(self) -> int:
        return 4


def test_a_kind_without_a_step_is_refused_when_it_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti_schema.declare.KINDS", (*k.KINDS, Novel))
    with pytest.raises(DeclarationError, match=r"^Wrong\.novel: the kind Novel cannot be compiled$"):

        @feedback(0x12345678)
        class Wrong(Feedback):
            """Has a field of that kind."""

            novel: int = Novel()  # type: ignore[assignment]

    with pytest.raises(DeclarationError, match=r"^Hidden\.items: the kind Novel cannot be compiled$"):

        @record
        class Hidden(Record):
            """Has it inside a list."""

            items: list[int] = k.Array(Novel(), 3)  # type: ignore[assignment]


# Source and tracebacks


def test_every_source_can_be_read() -> None:
    for message in messages():
        text = source(message)
        assert "def parse(data, p, end, strict):" in text
        assert "def build(o):" in text
        compile(text, message.spec.name, "exec")
        lines = [line for line in text.splitlines() if line.startswith(" ")]
        assert max(map(len, lines)) <= 130, message.spec.name


def test_one_struct_for_each_run_of_fixed_fields() -> None:
    text = source(registry().by_name("stop_schedule_feedback"))
    assert [line for line in text.splitlines() if "Struct(" in line] == [
        'unpack_0 = Struct("<iB101s").unpack_from',
        'pack_0 = Struct("<20siB101s").pack',
    ]


def test_tracebacks_show_the_written_line() -> None:
    request = registry().by_name("start_schedule")
    frame = encode(request(test_name="a", channel_indices=[1, 2]))
    with pytest.raises(Exception) as caught:
        PARSERS[request](frame[:100], 20, 100, True)
    shown = "".join(traceback.format_exception(caught.value))
    assert 'File "<parser of start_schedule>"' in shown
    assert "unpack_0(data, p)" in shown
    assert linecache.getlines("<parser of start_schedule>")


def test_functions_are_compiled_when_they_are_first_needed() -> None:
    code = (
        "import cti_schema; from cti_schema.compile.compiled import BUILDERS, PARSERS\n"
        "named = {one.spec.name: one for one in cti_schema.messages()}\n"
        "assert not BUILDERS and not PARSERS\n"
        "cti_schema.decode(cti_schema.encode(named['login'](username='a', password='b')))\n"
        "print(len(BUILDERS), len(PARSERS))"
    )
    assert run_python(code) == "1 1"


# Imports


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_clean_frames_need_no_construct() -> None:
    code = (
        "import sys, cti_schema\n"
        "for line in sys.stdin.read().split():\n"
        "    frame = bytes.fromhex(line)\n"
        "    message = cti_schema.decode(frame)\n"
        "    message._kept or cti_schema.encode(message)\n"
        "cti_schema.decode(cti_schema.encode(message), strict=False)\n"
        "print([name for name in ('construct', 'numpy', 'pyarrow') if name in sys.modules])"
    )
    frames = "\n".join({one.message: one.frame.hex() for one in WELLFORMED if not one.padding}.values())
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, input=frames, capture_output=True, text=True, timeout=120
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_a_message_that_joins_later_is_looked_up_again() -> None:
    frame = next(one.frame for one in VECTORS if one.message == "login")
    decode(frame)
    decode(frame)
    assert LOOKED_UP
    Registry().add(registry().by_name("login"))
    assert not LOOKED_UP
    assert decode(frame) == decode(frame)


# The checksum


def test_the_checksum_is_exact_for_every_length() -> None:
    draw = random.Random(7)
    for size in [*range(1100), *range(4090, 4110), 8191, 8192, 8193, 65_537, 300_000]:
        for data in (draw.randbytes(size), b"\xff" * size):
            assert checksum(data) == sum(data) & 0xFFFF, size
            assert checksum(memoryview(data)) == checksum(bytearray(data)) == checksum(data)


@pytest.mark.parametrize("with_numpy", [True, False])
def test_the_checksum_of_large_frames(with_numpy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if with_numpy:
        pytest.importorskip("numpy")
    else:
        monkeypatch.delitem(sys.modules, "numpy", raising=False)
    for size in (4097, 20_000, 4096 * 5, 2_000_003):
        data = b"\xff" * size
        assert checksum(data) == wire_frame._large_checksum(data) == (255 * size) & 0xFFFF


# What is remembered


def channels(count: int, text: str) -> Any:
    feedback_class = registry().by_name("get_channels_info_feedback")
    vector = next(one for one in WELLFORMED if one.message == feedback_class.spec.name)
    made: Any = decode(vector.frame)
    (channel, *_) = made.channels
    channel.test_name = text
    return feedback_class(channels=[channel] * count)


def test_texts_are_decoded_again_when_they_change() -> None:
    for text in ("first", "second", "second", "", "a\u4e00b", "first"):
        for count in (1, 3, 300):
            message = channels(count, text)
            frame = encode(message)
            found: Any = decode(frame)
            assert [one.test_name for one in found.channels] == [text] * count
            assert encode(found) == frame


def test_what_is_remembered_is_bounded_and_holds_no_secret() -> None:
    message = channels(300, "bounded")
    decode(encode(message))
    for functions in (PARSERS, BUILDERS):
        space: Any = functions[type(message)].__globals__  # type: ignore[index]
        memories = [value for name, value in space.items() if name.startswith("memory_")]
        assert memories
        assert all(0 < len(one) <= 256 for one in memories)
    for one in messages():
        secrets = [kind.name for kind in one.spec.layout if kind.secret and isinstance(kind, k.Text)]
        for name in secrets:
            assert f'("{name}", ' not in source(one)
