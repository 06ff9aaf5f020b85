"""The readings of a capture as Arrow are those that following its conversation packet by packet gives."""

from __future__ import annotations

import io
import json
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow")

from cti_client.capture import (  # noqa: E402  # noqa: E402
    CaptureReader,
    CaptureWriter,
    Packet,
    decode_to_arrow,
    read_packets,
    stretches,
    tables,
)
from cti_client.capture.arrow import ReadingBatches, reading_messages  # noqa: E402
from cti_client.dump.conversation import Conversations, Heard  # noqa: E402
from cti_schema import encode  # noqa: E402
from cti_schema.derive.defaults import default  # noqa: E402
from cti_schema.errors import CaptureError  # noqa: E402
from cti_schema.message import Direction, Record  # noqa: E402
from cti_schema.registry import registry  # noqa: E402
from tests.dump.support import AT, CLIENT, SERVER, UNKNOWN  # noqa: E402
from tests.effort import times  # noqa: E402
from tests.schema.support import VECTORS  # noqa: E402


def feedback(name: str, count: int, second: int) -> bytes:
    """Return a feedback with so many channels, whose lists vary."""
    message: Any = registry().by_name(name)
    record = message.spec.field("channels").item.record
    reading = record.spec.field("aux_temperature").item.record
    channels = [
        default(
            record, channel_index=index, voltage_v=second + index / 8,
            current_a=float("nan") if index else 1.5,
            aux_temperature=[reading(value=20.0 + index, dt_value=0.0)] * ((index + second) % 3),
        )
        for index in range(count)
    ]  # fmt: skip
    for channel in channels:
        if record.spec.field("test_name"):
            channel.test_name = f"cell {channel.channel_index} 一"
    return encode(message(channels=channels))


REQUEST = encode(default(registry().by_name("get_channels_info")))


@pytest.fixture(name="file")
def file_fixture(tmp_path: Path) -> Path:
    """A capture of two connections with every kind of feedback that has readings, and others between them."""
    file = tmp_path / "a.pcapng"
    names = [message.spec.name for message in reading_messages()]
    with CaptureWriter(file) as writer:
        one = writer.connection(CLIENT, SERVER, AT)
        two = writer.connection(CLIENT._replace(port=50001), SERVER, AT)
        for second in range(12):
            one.client_sent(REQUEST, AT + second)
            two.client_sent(REQUEST, AT + second)
            one.server_sent(
                feedback("get_channels_info_feedback", 3 + second % 2, second), AT + second + 0.25
            )
            two.server_sent(feedback("get_channels_info_vls_feedback", 4, second), AT + second + 0.5)
            two.server_sent(feedback("get_channels_info_simple_feedback", 2, second), AT + second + 0.5)
        for vector in VECTORS:
            if vector.message in names and len(vector.frame) < 20_000:
                one.server_sent(vector.frame, AT + 20)
        one.server_sent(UNKNOWN, AT + 21)
        two.close(AT + 30)
        one.close(AT + 31)
    return file


def plain(value: Any) -> Any:
    """Return a value as the table has it."""
    if isinstance(value, Record):
        return {kind.name: plain(inner) for kind, inner in value.present()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        # What was not in the frame is null in the table.
        return {name: plain(one) for name, one in value.items() if one is not None}
    return "nan" if isinstance(value, float) and value != value else value


def expected(source: Any) -> Iterator[tuple[Any, ...]]:
    """Yield time, connection, frame, channel and some values of each reading."""
    conversations = Conversations()
    for event in CaptureReader(source):
        for entry in conversations.feed(event):
            if not isinstance(entry, Heard) or entry.direction is not Direction.FEEDBACK:
                continue
            if type(entry.decoded.message) not in reading_messages():
                continue
            assert entry.link is not None
            for record in getattr(entry.decoded.message, "channels", None) or ():
                index = getattr(record, "channel_index", -1)
                if index >= 0:
                    values = [
                        plain(getattr(record, name, None)) for name in ("voltage_v", "current_a", "test_name")
                    ]
                    temperatures = plain(getattr(record, "aux_temperature", None))
                    yield (entry.time, entry.link.number, entry.number, index + 1, *values, temperatures)


NAMES = ["time", "connection", "frame", "channel", "voltage_v", "current_a", "test_name", "aux_temperature"]


def found(table: Any) -> list[tuple[Any, ...]]:
    return [tuple(plain(row[name]) for name in NAMES) for row in table.select(NAMES).to_pylist()]


def test_every_kind_of_feedback(file: Path) -> None:
    table = decode_to_arrow(file)
    assert found(table) == list(expected(file))
    assert table.num_rows > 100
    facts = json.loads(table.schema.metadata[b"cti"])
    assert facts["frames"] > 60
    assert facts["notes"] == []
    assert table.schema.field("voltage_v").metadata[b"unit"] == b"V"
    assert json.loads(table.schema.field("status").metadata[b"values"])["0"] == "idle"
    table.validate(full=True)


def test_bytes_paths_and_gzip(file: Path, tmp_path: Path) -> None:
    import gzip

    packed = tmp_path / "a.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    table = decode_to_arrow(file)
    for source in (file.read_bytes(), str(file), packed):
        again = decode_to_arrow(source)
        assert again.schema.equals(table.schema, check_metadata=True)
        assert plain(again.to_pylist()) == plain(table.to_pylist())


@pytest.fixture(name="small_blocks", params=[700, 5000])
def small_blocks_fixture(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "BLOCK", request.param)
    monkeypatch.setattr(stretches, "_LEAST", 2)


@pytest.mark.usefixtures("small_blocks")
def test_blocks_of_any_size(file: Path) -> None:
    assert found(decode_to_arrow(file)) == list(expected(file))


def pcap(packets: list[Packet]) -> bytes:
    """Return a pcap file of raw IP packets."""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    return header + b"".join(
        struct.pack("<IIII", int(one.timestamp), round(one.timestamp % 1 * 1e6), len(one.data), len(one.data))
        + one.data
        for one in packets
    )


def bent(packets: list[Packet], draw: random.Random) -> list[Packet]:
    """Return packets with some lost, doubled, swapped or damaged."""
    packets = list(packets)
    for _ in range(draw.randrange(1, 5)):
        place = draw.randrange(len(packets) - 2)
        match draw.randrange(5):
            case 0:
                del packets[place]
            case 1:
                packets.insert(place + draw.randrange(3), packets[place])
            case 2:
                packets[place : place + 2] = packets[place : place + 2][::-1]
            case 3:
                del packets[: draw.randrange(20)]
            case 4:
                data = bytearray(packets[place].data)
                data[-1 - draw.randrange(min(len(data), 400))] ^= 1 << draw.randrange(8)
                packets[place] = packets[place]._replace(data=bytes(data))
    return packets


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("seed", range(times(4)))
def test_captures_as_they_are_in_life(file: Path, seed: int) -> None:
    draw = random.Random(seed)
    data = pcap(bent(list(read_packets(file)), draw))
    assert found(decode_to_arrow(data)) == list(expected(io.BytesIO(data)))
    cut = data[: draw.randrange(len(data) // 2, len(data))]
    assert found(decode_to_arrow(cut)) == list(expected(io.BytesIO(cut)))


def test_problems_are_counted_and_nothing_good_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "a.pcapng"
    frames = [feedback("get_channels_info_feedback", 2, second) for second in range(20)]
    broken = bytearray(frames[7])
    broken[30] ^= 1
    with CaptureWriter(file) as writer:
        connection = writer.connection(CLIENT, SERVER, AT)
        for second, frame in enumerate([*frames[:7], bytes(broken), *frames[8:]]):
            connection.server_sent(frame, AT + second)
    table = decode_to_arrow(file)
    assert found(table) == list(expected(file))
    assert table.num_rows == 40
    assert json.loads(table.schema.metadata[b"cti"])["problems"] == {"checksum": 1}


def test_no_capture_and_no_cti(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no capture file"):
        decode_to_arrow(b"nothing of the kind" * 10)
    with pytest.raises(CaptureError):
        decode_to_arrow(b"")
    with pytest.raises(OSError, match="missing"):
        decode_to_arrow(tmp_path / "missing.pcap")
    empty = decode_to_arrow(pcap([]))
    assert empty.num_rows == 0
    assert empty.column_names[:4] == NAMES[:4]


def test_batches_of_a_long_capture(file: Path) -> None:
    batches = list(ReadingBatches(file, rows=10))
    whole = decode_to_arrow(file)
    assert pa.Table.from_batches(batches).num_rows == whole.num_rows
    assert {batch.schema.equals(whole.schema) for batch in batches} == {True}


def test_it_can_be_written_as_parquet(file: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = decode_to_arrow(file)
    parquet.write_table(table, tmp_path / "a.parquet")
    assert found(parquet.read_table(tmp_path / "a.parquet")) == found(table)


def test_importing_the_package_does_not_import_numpy() -> None:
    code = "import sys, cti_client.capture, cti_schema.columns; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
