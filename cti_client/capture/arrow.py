"""The channel readings of a capture as Arrow, many frames at once and in bounded memory.

It leads from `stretches` and `frames` to `cti_schema.columns`; what the columns are, `reading_columns` knows.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from cti_client.capture.frames import Array, Cut, Side
from cti_client.capture.links import Endpoint
from cti_client.capture.reading_columns import reading_messages, reading_schema
from cti_client.capture.streams import Chunk, Connection, Gap
from cti_client.capture.stretches import Happened, Stretch, StretchReader
from cti_schema.columns.arrays import Lists, concat
from cti_schema.columns.many import BulkReader
from cti_schema.message import Direction, Message
from cti_schema.registry import registry
from cti_schema.wire.codec import choose

__all__ = ["ReadingBatches", "decode_to_arrow", "reading_messages"]

#: Rows of one batch, at least.
_ROWS: Final = 1 << 16
#: Distinct texts of all fields of a message that are kept at most from batch to batch.
_WORDS: Final = 1 << 16


def decode_to_arrow(path_or_bytes: str | Path | bytes) -> pa.Table:
    """Return the channel readings of a capture: a row for each channel in each feedback.

    The columns are ``time`` (Unix time in seconds, UTC, at which the feedback was complete), ``connection``
    and ``frame`` (both counted from 1, as ``cti dump`` counts them), ``channel`` (counted from 1), and the
    fields of the feedbacks under the schema's names. They are the same for every capture; what a feedback
    does not have is null. An enumeration stands as its integers; the metadata of its column has their names.

    A frame with something wrong gives the values that could be read. How many problems of each kind there
    were, how many frames, and what was wrong with the file is told in the table's metadata, as JSON under
    ``cti``. The same input gives the same table.

    Args:
        path_or_bytes: path of a pcap or pcapng file, gzipped or not, or the bytes of one.

    Raises:
        CaptureError: this is no capture file.
        OSError: the path cannot be read.
    """
    source = io.BytesIO(path_or_bytes) if isinstance(path_or_bytes, (bytes, bytearray)) else path_or_bytes
    batches = ReadingBatches(source)
    table = pa.Table.from_batches(list(batches), batches.schema).unify_dictionaries()
    return table.replace_schema_metadata({"cti": json.dumps(batches.facts())})


class _Part(NamedTuple):
    """The readings in some feedbacks of one connection.

    Attributes:
        message: the class of the feedbacks.
        channels: their readings.
        times: Unix time of each feedback.
        connections: number of the connection of each.
        numbers: number of each among all messages.
    """

    message: type[Message]
    channels: Lists
    times: Array
    connections: Array
    numbers: Array

    @property
    def rows(self) -> int:
        """Readings in all of them."""
        return len(self.channels.items)


class ReadingBatches:
    """The channel readings of a capture, batch by batch; see `decode_to_arrow`.

    Args:
        source: path of a capture file, or a binary stream of one.
        rows: rows of a batch, about.

    Attributes:
        schema: of every batch.
        frames: messages that were found so far, requests too.
        problems: how many problems of each kind the frames with readings have.
        servers: who has sent readings, by the number of the connection.
    """

    def __init__(self, source: BinaryIO | Path | str, rows: int = _ROWS) -> None:
        self.frames = 0
        self.problems: Counter[str] = Counter()
        self.servers: dict[int, Endpoint] = {}
        self.schema, self._names = reading_schema()
        self._stretches = StretchReader(source)
        self._rows = rows
        self._sides: dict[tuple[int, Endpoint], Side] = {}
        self._readers: dict[type[Message], BulkReader] = {}
        self._codes = {message.spec.code for message in reading_messages()}
        self._nulls: dict[tuple[pa.DataType, int], pa.Array] = {}

    def facts(self) -> dict[str, Any]:
        """Return what is known of the capture besides the readings, as far as it was read."""
        return {
            "frames": self.frames,
            "problems": dict(sorted(self.problems.items())),
            "notes": self.notes,
        }

    @property
    def notes(self) -> list[str]:
        """What is wrong with the capture as far as it was read; see `CaptureReader.notes`."""
        return self._stretches.notes

    @property
    def tcp_ports(self) -> set[int]:
        """Server ports of the TCP connections seen so far."""
        return self._stretches.tcp_ports

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches.

        Raises:
            CaptureError: this is no capture file.
            OSError: it cannot be read.
        """
        waiting: list[_Part] = []
        for block in self._stretches:
            waiting += self._block(block)
            full = [message for message, reader in self._readers.items() if reader.distinct > _WORDS]
            if waiting and (full or sum(part.rows for part in waiting) >= self._rows):
                yield self._batch(waiting)
                waiting = []
                for message in full:
                    del self._readers[message]
        if waiting:
            yield self._batch(waiting)

    def _block(self, block: list[Stretch | Happened]) -> list[_Part]:
        cuts: list[tuple[Connection, Endpoint, Cut]] = []
        for what in block:
            connection = what.connection if isinstance(what, Stretch) else what.event.connection
            cuts += [(connection, sender, cut) for sender, found in self._cut(what) for cut in found]
        if not cuts:
            return []
        order = np.argsort(np.concatenate([cut.packets for _, _, cut in cuts]), kind="stable")
        numbers = np.empty(len(order), np.int64)
        numbers[order] = np.arange(self.frames + 1, self.frames + 1 + len(order))
        self.frames += len(order)
        parts = []
        before = 0
        for connection, sender, cut in cuts:
            own = numbers[before : before + len(cut.sizes)]
            before += len(cut.sizes)
            made = self._readings(connection, cut, own)
            if made:
                self.servers.setdefault(connection.number, sender)
            parts += made
        return parts

    def _side(self, connection: Connection, sender: Endpoint) -> Side:
        return self._sides.setdefault((connection.number, sender), Side())

    def _cut(self, what: Stretch | Happened) -> Iterator[tuple[Endpoint, list[Cut]]]:
        """Yield the frames that something brings, with their sender."""
        if isinstance(what, Stretch):
            yield what.sender, self._side(what.connection, what.sender).feed(what)
            return
        event, packet = what.event, what.packet
        if isinstance(event, Chunk):
            side = self._side(event.connection, event.sender)
            yield event.sender, side.chunk(event.data, event.timestamp, packet)
        elif isinstance(event, Gap):
            yield event.sender, self._side(event.connection, event.sender).close(event.timestamp, packet)
        else:
            for sender in (event.connection.client, event.connection.server):
                closed = self._sides.pop((event.connection.number, sender), None)
                if closed is not None:
                    yield sender, closed.close(event.timestamp, packet)

    def _readings(self, connection: Connection, cut: Cut, numbers: Array) -> list[_Part]:
        parts = []
        for code in sorted(self._codes & set(np.unique(cut.codes).tolist())):
            those = np.flatnonzero(cut.codes == code)
            for message, chosen in self._messages(cut, code, those):
                frames = None if cut.frames is None else [cut.frames[place] for place in chosen.tolist()]
                if message not in self._readers:
                    self._readers[message] = BulkReader(message)
                found = self._readers[message].read(
                    cut.data, cut.starts[chosen], cut.sizes[chosen], (), frames, frames is None
                )
                self.problems += found.problems
                rows = chosen[found.frame]
                channels: Any = found.values.fields["channels"]
                connections = np.full(len(rows), connection.number, np.int32)
                parts.append(_Part(message, channels, cut.times[rows], connections, numbers[rows]))
        return parts

    def _messages(self, cut: Cut, code: int, those: Array) -> list[tuple[type[Message], Array]]:
        """Return the messages of frames of one code."""
        candidates = registry().candidates(Direction.FEEDBACK, code)
        if len(candidates) == 1:
            return [(candidates[0], those)]
        chosen = [
            choose(Direction.FEEDBACK, code, cut.data[start + 20 : start + size - 2])
            for start, size in zip(cut.starts[those].tolist(), cut.sizes[those].tolist(), strict=True)
        ]
        wanted = [one for one in reading_messages() if one in chosen]
        return [(one, those[[other is one for other in chosen]]) for one in wanted]

    def _batch(self, parts: list[_Part]) -> pa.RecordBatch:
        """Return the readings of some feedbacks, in the order of their frames."""
        made = [
            self._message_batch([part for part in parts if part.message is message])
            for message in reading_messages()
            if any(part.message is message for part in parts)
        ]
        batch = _one(made)
        frames = batch.column("frame").to_numpy()
        if (frames[1:] >= frames[:-1]).all():
            return batch
        return batch.take(pa.array(np.argsort(frames, kind="stable")))

    def _message_batch(self, parts: list[_Part]) -> pa.RecordBatch:
        from cti_schema.columns.arrow import array

        message = parts[0].message
        channels: Lists = concat([part.channels for part in parts])
        frame = channels.rows
        items: Any = channels.items
        index: Any = items.fields["channel_index"]
        # A record that was cut short may not say which channel it is about.
        named = index.values >= 0 if index.valid is None else (index.values >= 0) & index.valid
        if not named.all():
            rows = np.flatnonzero(named)
            frame, items = frame[rows], items.take(rows)
            index = items.fields["channel_index"]
        count = len(frame)
        arrays = {
            "time": pa.array(np.concatenate([part.times for part in parts])[frame]),
            "connection": pa.array(np.concatenate([part.connections for part in parts])[frame]),
            "frame": pa.array(np.concatenate([part.numbers for part in parts])[frame]),
            "channel": pa.array(index.values.astype(np.int64) + 1),
        }
        for name, column in items.fields.items():
            called = self._names[message.spec.name, name]
            made = array(column)
            wanted = self.schema.field(called).type
            arrays[called] = made if made.type == wanted else made.cast(wanted)
        ordered = [
            arrays[one.name] if one.name in arrays else self._null(one.type, count) for one in self.schema
        ]
        return pa.record_batch(ordered, schema=self.schema)

    def _null(self, kind: pa.DataType, count: int) -> pa.Array:
        # All empty columns of a type are one array.
        made = self._nulls.get((kind, count))
        if made is None:
            if len(self._nulls) > 256:
                self._nulls.clear()
            made = self._nulls[kind, count] = pa.nulls(count, kind)
        return made


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    return table.to_batches()[0] if table.num_rows else batches[0]
