"""The generated dissector in real tshark: names and values must be those of the JSON shape."""

from __future__ import annotations

import itertools
import json
import math
import random
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import Phase, given, settings

import cti_schema
from cti_client.capture import CaptureReader, CaptureWriter, Endpoint
from cti_client.dump.conversation import Conversations, Heard
from cti_schema import kinds as k
from cti_schema.derive import strategies
from cti_schema.derive.defaults import default
from cti_schema.derive.jsonform import decoded_to_json
from cti_schema.derive.wireshark import MARK, dissector, lua
from cti_schema.message import Direction
from cti_schema.registry import registry
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import build_frame
from spoofer.fuzz.pool import plain
from tests.schema.support import VECTORS

TSHARK = shutil.which("tshark")
CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
needs_tshark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")

PASSES = ["one pass", "second pass alone", "two passes"]
CLIENT, SERVER = Endpoint("10.0.0.2", 50000), Endpoint("10.0.0.9", 9031)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("lua") / "cti.lua"
    file.write_text(dissector(cti_schema.messages()), encoding="utf-8")
    return file


def tshark(script: Path, capture: Path, *options: str) -> str:
    command = [str(TSHARK), "-X", f"lua_script:{script}", "-r", str(capture), *options]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=120, check=True
    )
    assert "Lua" not in done.stderr, done.stderr
    return done.stdout


def dissected(script: Path, capture: Path, *options: str) -> list[dict[str, list[str]]]:
    """Return the messages that tshark shows: the values of each field by its name."""
    text = tshark(script, capture, "-T", "pdml", "-J", "cti", *options)
    found = []
    for proto in ElementTree.fromstring(text).iter("proto"):
        if proto.get("name") == "cti":
            fields: dict[str, list[str]] = {}
            for one in proto.iter("field"):
                if (one.get("name") or "").startswith("cti."):
                    fields.setdefault(str(one.get("name")), []).append(str(one.get("show")))
            if "cti.message" in fields:
                found.append(fields)
    return found


def leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the name in Wireshark and the value of everything in a JSON shape that is no object or list."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{name}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    else:
        yield name, value


def expected(decoded: Any) -> dict[str, list[Any]]:
    """Return the fields of a message as the JSON shape has them."""
    shape = decoded_to_json(decoded, secrets=False)
    fields: dict[str, list[Any]] = {}
    spec = decoded.message.spec
    if spec.form == "binary":
        documents = {kind.name for kind in spec.layout if isinstance(kind, k.Document)}
        kept = {name: value for name, value in shape["fields"].items() if name not in documents}
        for name, value in leaves(kept, f"cti.{spec.name}"):
            fields.setdefault(name, []).append(value)
    return fields


def same(shown: str, value: Any, name: str) -> bool:
    if isinstance(value, float) or value in ("nan", "inf", "-inf") or str(value).startswith("nan:"):
        found, wanted = float(shown), float("nan") if str(value).startswith("nan") else float(value)
        if math.isnan(wanted) or math.isnan(found):
            return math.isnan(wanted) and math.isnan(found)
        return shown == f"{wanted:.15g}" or math.isclose(found, wanted, rel_tol=5.1e-6)
    if isinstance(value, int):
        return float(shown) == value if "." in shown or "e" in shown else int(shown, 0) == value
    # An attribute of XML has blanks in the place of line ends, other control characters are escaped; bytes
    # are written with colons.
    text = value.replace("\r\n", " ").translate(dict.fromkeys(b"\r\n\t", " "))
    escaped = "".join(f"\\x{ord(one):x}" if ord(one) < 32 or ord(one) == 127 else one for one in text)
    return shown in (text, escaped, text.encode("unicode_escape").decode()) or shown.replace(":", "") == value


def compare(shown: dict[str, list[str]], decoded: Any) -> None:
    wanted = expected(decoded)
    header = decoded.header
    name = decoded.message.spec.name
    assert shown["cti.message"] == [name]
    assert shown["cti.direction"] == [decoded.direction.value]
    assert int(shown["cti.code"][0], 0) == header.code
    assert int(shown["cti.length"][0]) == header.length
    bad = any(problem.kind in ("checksum", "incomplete") for problem in decoded.problems)
    if "cti.checksum.status" in shown:
        assert shown["cti.checksum.status"] == ["0" if bad else "1"]
    # What is inside a BSON document is not looked at; bytes in front of a frame are no part of it.
    kinds = {problem.kind for problem in decoded.problems if problem.offset >= 0} - {"bson"}
    if decoded.message.spec.form == "json":
        body = header.body
        count = int.from_bytes(body[:4], "little")
        text = body[4 : 4 + 2 * count].decode("utf-16-le", "replace").partition("\0")[0]
        if "password" not in text.lower():
            assert same(shown.get(f"cti.{name}.json", [""])[0], text, "json")
        return
    assert {one.removeprefix("cti.problem.") for one in shown if one.startswith("cti.problem.")} == kinds
    prefix = f"cti.{name}."
    documents = {
        f"{prefix}{kind.name}" for kind in decoded.message.spec.layout if isinstance(kind, k.Document)
    }
    own = {one: values for one, values in shown.items() if one.startswith(prefix) and one not in documents}
    assert own.keys() == wanted.keys()
    for one, values in own.items():
        assert len(values) == len(wanted[one]), one
        for a, b in zip(values, wanted[one], strict=True):
            assert same(a, b, one), f"{one}: tshark {a!r}, decoded {b!r}"


def write(capture: Path, frames: Iterable[tuple[Direction, bytes]]) -> list[Any]:
    """Write each frame into a connection of its own, and return them decoded."""
    decoded = []
    with CaptureWriter(capture) as writer:
        for number, (direction, frame) in enumerate(frames):
            client = Endpoint("10.0.0.2", 10000 + number)
            connection = writer.connection(client, SERVER, 1_700_000_000.0 + number)
            send = connection.client_sent if direction is Direction.REQUEST else connection.server_sent
            send(frame, 1_700_000_000.5 + number)
            decoded.append(inspect(frame, direction, spans=False))
    return decoded


@needs_tshark
@pytest.mark.parametrize("options", [(), ("-2",), ("-2", "-R", "tcp")], ids=PASSES)
def test_vectors(script: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    frames = [(one.direction, one.frame) for one in VECTORS]
    decoded = write(tmp_path / "vectors.pcapng", frames)
    shown = dissected(script, tmp_path / "vectors.pcapng", *options)
    assert len(shown) == len(decoded) > 200
    for a, b in zip(shown, decoded, strict=True):
        compare(a, b)


@needs_tshark
def test_plain_messages_of_the_whole_registry(script: Path, tmp_path: Path) -> None:
    declared = cti_schema.messages()
    frames = [(one.spec.direction, cti_schema.encode(default(one))) for one in declared]
    decoded = write(tmp_path / "plain.pcapng", frames)
    shown = dissected(script, tmp_path / "plain.pcapng")
    assert [one["cti.message"] for one in shown] == [[one.spec.name] for one in declared]
    for a, b in zip(shown, decoded, strict=True):
        compare(a, b)


def heard(capture: Path) -> list[Heard]:
    """Return the messages of a capture as the dump has them."""
    conversations = Conversations()
    with capture.open("rb") as stream:
        entries = [entry for event in CaptureReader(stream) for entry in conversations.feed(event)]
    return [entry for entry in entries if isinstance(entry, Heard)]


@needs_tshark
@pytest.mark.parametrize("options", [(), ("-2",), ("-2", "-R", "tcp")], ids=PASSES)
@pytest.mark.parametrize("name", ["vendor_client_real_feedbacks", "vendor_client_bad_emulator"])
def test_captures(script: Path, name: str, options: tuple[str, ...]) -> None:
    capture = CAPTURES / f"{name}.pcapng"
    if not capture.is_file():
        pytest.skip("the recorded captures are not there")
    wanted = heard(capture)
    shown = dissected(script, capture, *options)
    assert len(shown) == len(wanted) > 30
    for a, b in zip(shown, wanted, strict=True):
        compare(a, b.decoded)


STOP = cti_schema.encode(default(registry().by_name("stop_schedule"), channel_index=3))
STOPPED = cti_schema.encode(default(registry().by_name("stop_schedule_feedback"), channel_index=3))
OTHER = cti_schema.encode(default(registry().by_name("stop_schedule_feedback"), channel_index=4))


class Wire:
    """Packets of one connection, to be put into a file in any order."""

    def __init__(self, capture: Path, port: int = 9031) -> None:
        self.capture = capture
        self.packets: list[tuple[float, bytes]] = []
        with CaptureWriter(capture) as writer:
            writer.packet = lambda data, timestamp: self.packets.append((timestamp, data))  # type: ignore[method-assign]
            self.connection = writer.connection(CLIENT, Endpoint(SERVER.host, port), 1.0)
        self.start = len(self.packets)

    def write(self, packets: Iterable[tuple[float, bytes]]) -> Path:
        """Write the handshake, and then these packets."""
        with CaptureWriter(self.capture) as writer:
            for number, (_, data) in enumerate([*self.packets[: self.start], *packets]):
                writer.packet(data, 1.0 + number / 8)
        return self.capture

    @property
    def data(self) -> list[tuple[float, bytes]]:
        """The packets with data, without acknowledgments."""
        return [one for one in self.packets[self.start :] if len(one[1]) > 40]


def samples(of_each: int) -> list[Any]:
    """Return messages of every class, by the strategies that are derived from their declarations."""
    found: list[Any] = []

    def collect(message: Any) -> None:
        found.append(message)

    for declared in cti_schema.messages():
        quick = settings(max_examples=of_each, database=None, phases=[Phase.generate], derandomize=True)
        quick(given(strategies.messages(declared))(collect))()
    return found


@needs_tshark
def test_any_messages_whole_and_damaged(script: Path, tmp_path: Path) -> None:
    source = random.Random(6)
    frames = []
    for message in samples(2):
        direction = message.spec.direction
        frame = cti_schema.encode(message)
        frames.append((direction, frame))
        body = frame[20:-2]
        if message.spec.form == "binary" and body:
            cut = body[: source.randrange(len(body))]
            changed = bytearray(body)
            for _ in range(3):
                changed[source.randrange(len(body))] ^= 1 << source.randrange(8)
            longer = body + source.randbytes(source.randint(1, 9))
            frames += [
                (direction, build_frame(message.spec.code, one, direction)) for one in (cut, changed, longer)
            ]
    decoded = write(tmp_path / "any.pcapng", frames)
    shown = dissected(script, tmp_path / "any.pcapng")
    assert {one["cti.message"][0] for one in shown} == {one.spec.name for one in cti_schema.messages()}
    assert {kind for one in decoded for kind in {problem.kind for problem in one.problems}} >= {
        "truncated", "count", "surplus", "enum",
    }  # fmt: skip
    assert len(shown) == len(decoded) > 800
    for a, b in zip(shown, decoded, strict=True):
        compare(a, b)


@needs_tshark
def test_texts_that_are_none(script: Path, tmp_path: Path) -> None:
    """A surrogate that stands alone, at every place of texts of each kind that can have one."""
    frames: list[tuple[Direction, bytes]] = []
    for sample in (plain(one)[-1] for one in cti_schema.messages() if one.spec.form == "binary"):
        message, frame = sample.message, sample.frame
        direction = message.spec.direction
        for span in inspect(frame, direction, spans=True).spans:
            if getattr(span.kind, "encoding", None) == "utf-16-le":
                for units in (b"\x00\xd8", b"\x00\xdc", b"=\xd8a\x00", b"a\x00=\xd8\xb0\xdd\xff\xdb"):
                    if len(units) <= span.length:
                        body = bytearray(frame[20:-2])
                        at = span.offset - 20
                        body[at : at + len(units)] = units
                        frames.append((direction, build_frame(message.spec.code, bytes(body), direction)))
    decoded = write(tmp_path / "texts.pcapng", frames)
    shown = dissected(script, tmp_path / "texts.pcapng")
    assert sum(problem.kind == "text" for one in decoded for problem in one.problems) > 50
    for a, b in zip(shown, decoded, strict=True):
        compare(a, b)


def conversations(capture: Path) -> None:
    """Write everything that may be odd about answers."""
    start = default(registry().by_name("start_schedule"), test_name="a", channel_indices=[1, 2])
    started = [
        default(registry().by_name("start_schedule_feedback"), channel_index=one) for one in (1, 2, 2, 7)
    ]
    damaged = STOP[:-1] + bytes([STOP[-1] ^ 1])
    unknown = default(registry().by_name("unknown_command_feedback"), command=0xBB310001)
    every = default(registry().by_name("stop_schedule"), stop_all=1)
    with CaptureWriter(capture) as writer:
        wire = writer.connection(CLIENT, SERVER, 1.0)
        at = 1.0
        for sender, data in [
            ("c", STOP), ("s", STOPPED), ("s", STOPPED), ("s", OTHER),
            ("c", cti_schema.encode(start)), *(("s", cti_schema.encode(one)) for one in started),
            ("c", damaged), ("s", STOPPED), ("c", STOP), ("c", STOP), ("s", STOPPED), ("s", STOPPED),
            ("c", STOP), ("s", cti_schema.encode(unknown)), ("c", cti_schema.encode(every)),
            ("s", STOPPED), ("s", OTHER),
        ]:  # fmt: skip
            at += 0.25
            (wire.client_sent if sender == "c" else wire.server_sent)(data, at)
        wire.close(at + 1)


@needs_tshark
@pytest.mark.parametrize(
    "options", [(), ("-2", "-R", "cti.direction == feedback")], ids=["plain", "read filter"]
)
def test_responses_are_those_of_the_dump(script: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    capture = tmp_path / "talk.pcapng"
    conversations(capture)
    feedbacks = [one for one in heard(capture) if one.answer is not None]
    wanted = [
        one.answer.response_time if one.answer.kind in ("answer", "late") else None
        for one in feedbacks
        if one.answer is not None
    ]
    shown = [one for one in dissected(script, capture, *options) if one["cti.direction"] == ["feedback"]]
    times = [float(one["cti.response_time"][0]) if "cti.response_time" in one else None for one in shown]
    assert times == wanted
    assert None in wanted


@needs_tshark
def test_how_it_reads(script: Path, tmp_path: Path) -> None:
    """The whole tree of a request and its refusal, as a user sees them."""
    wire = Wire(tmp_path / "tree.pcapng")
    refused = default(registry().by_name("stop_schedule_feedback"), channel_index=3, result=0x10)
    unknown = default(registry().by_name("unknown_command_feedback"), command=0xBB310001)
    for side, data in (
        ("c", STOP),
        ("s", cti_schema.encode(refused)),
        ("c", STOP),
        ("s", cti_schema.encode(unknown)),
    ):
        (wire.connection.client_sent if side == "c" else wire.connection.server_sent)(data, 1.0)
    text = tshark(script, wire.write(wire.data), "-2", "-R", "cti", "-V", "-O", "cti")
    trees = [one.splitlines() for one in text.split("\nCTI ")[1:]]
    assert trees[0][:13] == [
        "request: stop_schedule",
        "    [Message: stop_schedule]",
        "    [Direction: request]",
        "    Token: dddddddddddddd11",
        "    Length: 116",
        "    Code: 0xbb310001 (stop_schedule)",
        "    Extended code: 0x00000000",
        "    channel_index: 3",
        "    stop_all: only the given channel(s) (0)",
        "    reserved: zero",
        f"    Checksum: 0x{int.from_bytes(STOP[-2:], 'little'):04x}",
        "    [Checksum status: Good (1)]",
        "    [Response in: 2]",
    ]
    assert "    result: index: channel index does not exist (16)" in trees[1]
    told = [
        next(line.partition("(Note/Response): ")[2] for line in tree if "(Note/Response): " in line)
        for tree in (trees[1], trees[3])
    ]
    assert told == [
        "control command answered with an error: index: channel index does not exist]",
        "control command answered with an error: unknown command stop_schedule]",
    ]
    lines = tshark(script, wire.capture).splitlines()
    assert lines[4].endswith("< stop_schedule_feedback (index: channel index does not exist)")


@needs_tshark
def test_several_messages_in_one_segment_and_any_port(script: Path, tmp_path: Path) -> None:
    wire = Wire(tmp_path / "one.pcapng", port=40000)
    wire.connection.client_sent(STOP + STOP, 1.0)
    wire.connection.server_sent(OTHER + STOPPED, 1.5)
    # A request cannot know its feedback when it is first seen. Without a filter the first pass does nothing.
    shown = dissected(script, wire.write(wire.data), "-2", "-R", "frame")
    names = [one["cti.message"][0] for one in shown]
    assert names == ["stop_schedule"] * 2 + ["stop_schedule_feedback"] * 2
    # Packets 4 and 5, behind the handshake: the feedback of channel index 4 answers nothing.
    assert shown[0]["cti.response_in"] == ["5"]
    assert "cti.response_in" not in shown[1]
    assert "cti.response_to" not in shown[2]
    assert shown[3]["cti.response_to"] == ["4"]
    assert float(shown[3]["cti.response_time"][0]) == 0.125


@needs_tshark
@pytest.mark.parametrize("size", [1, 7, 8, 13, 100])
def test_split_anywhere(script: Path, tmp_path: Path, size: int) -> None:
    wire = Wire(tmp_path / "split.pcapng", port=40000)
    stream = STOP + STOP
    for at in range(0, len(stream), size):
        wire.connection.client_sent(stream[at : at + size], 1.0)
    shown = dissected(script, wire.write(wire.data))
    assert [one["cti.stop_schedule.channel_index"] for one in shown] == [["3"], ["3"]]


@needs_tshark
def test_segments_out_of_order(script: Path, tmp_path: Path) -> None:
    wire = Wire(tmp_path / "order.pcapng")
    stream = STOP + STOP
    for at in range(0, len(stream), 64):
        wire.connection.client_sent(stream[at : at + 64], 1.0)
    first, *others = wire.data
    orders = list(itertools.permutations(others))
    for order in orders:
        capture = wire.write([first, *order])
        shown = dissected(script, capture, "-o", "tcp.reassemble_out_of_order:TRUE")
        assert [one["cti.stop_schedule.channel_index"] for one in shown] == [["3"], ["3"]]


@needs_tshark
def test_good_messages_around_bad_bytes(script: Path, tmp_path: Path) -> None:
    wrong = bytearray(STOP)
    wrong[-1] ^= 0xFF
    other_rule = bytearray(build_frame(0xBB310001, STOP[20:-2], Direction.FEEDBACK))
    unknown = build_frame(0x12345678, b"\1\2\3", Direction.REQUEST)
    wire = Wire(tmp_path / "bad.pcapng")
    wire.connection.client_sent(
        STOP + b"stray" + bytes(wrong) + bytes(other_rule) + unknown + STOP[:-12] + STOP, 1.0
    )
    shown = dissected(script, wire.write(wire.data))
    problems = [sorted(name for name in one if name.startswith("cti.problem.")) for one in shown]
    assert [one["cti.message"][0] for one in shown] == [
        "stop_schedule", "stop_schedule", "stop_schedule", "unknown", "stop_schedule", "stop_schedule",
    ]  # fmt: skip
    assert problems[0] == problems[5] == []
    assert problems[1] == ["cti.problem.checksum"]
    assert problems[2] == ["cti.problem.length"]
    assert problems[3] == ["cti.problem.unknown_command"]
    assert shown[3]["cti.unknown.body"] == ["01:02:03"]
    assert problems[4]


@needs_tshark
def test_passwords_are_hidden_unless_asked_for(script: Path, tmp_path: Path) -> None:
    wire = Wire(tmp_path / "login.pcapng")
    login = registry().by_name("login")
    login_json = registry().by_name("login_json")
    for one in (login, login_json):
        wire.connection.client_sent(cti_schema.encode(default(one, username="ann", password='s3"cret')), 1.0)
    capture = wire.write(wire.data)
    hidden = dissected(script, capture)
    assert hidden[0]["cti.login.password"] == ["***"]
    assert "s3" not in "".join(hidden[1]["cti.login_json.json"])
    assert "ann" in json.loads(hidden[1]["cti.login_json.json"][0]).values()
    shown = dissected(script, capture, "-o", "cti.show_secrets:TRUE")
    assert shown[0]["cti.login.password"] == ['s3"cret']
    assert 's3\\"cret' in shown[1]["cti.login_json.json"][0]


@needs_tshark
def test_garbage_on_the_port_is_left_to_others(script: Path, tmp_path: Path) -> None:
    wire = Wire(tmp_path / "garbage.pcapng")
    source = random.Random(3)
    for size in (1, 3, 8, 20, 200):
        wire.connection.client_sent(source.randbytes(size), 1.0)
    assert dissected(script, wire.write(wire.data)) == []


def test_lua_values() -> None:
    text = lua({"a": ['x"y\n', True, -3], 2: None, 3: {}})
    assert text == '{ ["a"] = { "x\\"y\\010", true, -3 }, [3] = {  } }'


def test_every_message_and_no_other_is_in_the_tables() -> None:
    source = dissector(cti_schema.messages())
    assert source.startswith(MARK)
    engine = source[source.index("-- What a CTI frame is") :]
    for one in cti_schema.messages():
        assert f'["name"] = "{one.spec.name}"' in source
        if one.spec.name != "connect":
            assert one.spec.name not in engine
