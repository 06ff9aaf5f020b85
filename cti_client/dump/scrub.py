"""A capture to one that is safe to share: the same packets, without what must not be passed on.

The input is read three times: to find the texts that must go, to find where they stand in each stream of
bytes, and to write its packets. A packet keeps its place, its time and its headers, so that what happened to
the connection can still be seen. What is in doubt is not passed on:

- only connections on which CTI was heard are kept; other traffic and comments are left out;
- bytes that are no frame become zero, and so do those that repeat others and cannot be compared with them.

Addresses, ports and times stay, and so do names of tests, schedules and files unless they repeat a text that
must go. What a frame loses is said in `redact`.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cti_client.capture import Chunk, Closed, Event, Packet, Place, Segment
from cti_client.capture.links import RST
from cti_client.capture.reassembly import FAR
from cti_client.capture.rewrite import PacketWriter, replace_payload
from cti_client.dump.contents import Step, Way, contents, steps
from cti_client.dump.redact import Words, redact, texts
from cti_schema.errors import InputError

__all__ = ["Scrubbed", "scrub"]

_COMMENT = "Scrubbed by the CTI toolkit; TCP and times are real"

#: Bytes of each stream that are kept, to compare those with that repeat them.
_TAIL = 32 * 1024


@dataclass(slots=True)
class Scrubbed:
    """What was done.

    Attributes:
        frames: frames of the conversations.
        fields: fields that were overwritten because they are declared secret or personal.
        repeated: texts that were overwritten elsewhere because they repeat one of these.
        unclear: bytes that became zero because they are no frame, or could not be compared.
        packets: packets that were written.
        left_out: packets that were not, because they are no part of a conversation.
        notes: what is wrong with the capture, one sentence each.
    """

    frames: int = 0
    fields: int = 0
    repeated: int = 0
    unclear: int = 0
    packets: int = 0
    left_out: int = 0
    notes: list[str] = field(default_factory=list)


class _Patches:
    """Other bytes for parts of one stream."""

    def __init__(self) -> None:
        self._found: list[tuple[int, int, bytes | None]] = []
        self._starts: list[int] = []

    def add(self, start: int, end: int, data: bytes | None) -> None:
        """Put other bytes there; ``None`` is zeros. No two parts overlap."""
        self._found.append((start, end, data))

    def apply(self, start: int, data: bytearray) -> None:
        """Put the other bytes into data that begin at a position of the stream."""
        if len(self._starts) != len(self._found):
            self._found.sort(key=lambda patch: patch[0])
            self._starts = [patch[0] for patch in self._found]
        end = start + len(data)
        for index in range(max(0, bisect_right(self._starts, start) - 1), len(self._found)):
            first, last, new = self._found[index]
            if first >= end:
                break
            low, high = max(first, start), min(last, end)
            if low < high:
                data[low - start : high - start] = (
                    bytes(high - low) if new is None else new[low - first : high - first]
                )


def scrub(source: Path, target: Path) -> Scrubbed:
    """Write a capture that is safe to share.

    Args:
        source: a pcap or pcapng file, gzipped or not.
        target: a pcapng file; what is there is replaced when the new one is whole.

    Raises:
        CaptureError: the source is no capture.
        InputError: there is no CTI in it, or the two files are the same.
        OSError: a file cannot be read or written; then the target is as it was.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise InputError(f"{target}: the original is not overwritten; give another name")
    done = Scrubbed()
    words = Words()
    ports: set[int] = set()
    for found in contents(steps(source, done.notes, ports)):
        for text in texts(found.frame) if found.frame is not None else ():
            words.add(text)
    heard, patches = _patches(source, words, done)
    if not heard:
        seen = f"TCP to the ports {', '.join(map(str, sorted(ports)))}" if ports else "no TCP either"
        raise InputError(f"{source}: no CTI in it; it has {seen}")
    # Beside the target, so that the new file takes its place at once.
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as stream:
            rewriter = _Rewriter(heard, patches, PacketWriter(stream, _COMMENT))
            for step in steps(source):
                rewriter.take(step, done)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return done


def _patches(source: Path, words: Words, done: Scrubbed) -> tuple[set[int], dict[Way, _Patches]]:
    """Return the connections on which CTI was heard, and what is to be overwritten in each stream."""
    heard: set[int] = set()
    unclear: Counter[int] = Counter()
    patches: dict[Way, _Patches] = {}
    for found in contents(steps(source)):
        stream = patches.setdefault(found.way, _Patches())
        if found.frame is None:
            stream.add(found.start, found.end, None)
            unclear[found.way[0]] += found.end - found.start
            continue
        heard.add(found.way[0])
        done.frames += 1
        redacted = redact(found.frame, words)
        done.fields += redacted.fields
        done.repeated += redacted.repeated
        for start, end in redacted.ranges:
            stream.add(found.start + start, found.start + end, bytes(redacted[start:end]))
    done.unclear = sum(unclear[number] for number in heard)
    return heard, patches


class _Rewriter:
    """Writes the packets as they are to be passed on."""

    def __init__(self, heard: set[int], patches: dict[Way, _Patches], writer: PacketWriter) -> None:
        self._heard = heard
        self._patches = patches
        self._writer = writer
        #: The last bytes of each stream, as they came first.
        self._tails: dict[Way, bytes] = {}

    def take(self, step: Step, done: Scrubbed) -> None:
        """Write the packet of a step, if it is to be passed on."""
        packet, segment, place = step.packet, step.segment, step.place
        if packet is not None and segment is not None and place is not None:
            if place.connection.number in self._heard:
                self._write(step, packet, segment, place, done)
            else:
                done.left_out += 1
        elif packet is not None:
            done.left_out += 1
        for event in step.events:
            self._remember(event)

    def _write(self, step: Step, packet: Packet, segment: Segment, place: Place, done: Scrubbed) -> None:
        way = (place.connection.number, segment.source)
        payload = bytearray(segment.payload)
        if way in self._patches and place.start is not None:
            self._patches[way].apply(place.start, payload)
        for start, end in _unseen(step, segment, place, self._tails.get(way, b"")):
            done.unclear += end - start
            payload[start:end] = bytes(end - start)
        changed = replace_payload(packet, segment, bytes(payload))
        self._writer.write(changed, len(packet.data) + segment.missing)
        done.packets += 1

    def _remember(self, event: Event) -> None:
        number = event.connection.number
        if number not in self._heard:
            return
        if isinstance(event, Chunk):
            tail = self._tails.get((number, event.sender), b"")
            self._tails[number, event.sender] = (tail + event.data)[-_TAIL:]
        elif isinstance(event, Closed):
            for end in (event.connection.client, event.connection.server):
                self._tails.pop((number, end), None)
        else:
            self._tails[number, event.sender] = b""


def _unseen(step: Step, segment: Segment, place: Place, tail: bytes) -> Iterator[tuple[int, int]]:
    """Yield which bytes of a payload nobody has looked at: they repeat others, and are not the same.

    What repeats bytes so old that they are not known any more counts as not the same.
    """
    payload, before, start = segment.payload, step.before, place.start
    if not payload:
        return
    far = start is None or place.next is None or abs(start - place.next) > FAR
    if start is None or far or segment.flags & RST:
        yield 0, len(payload)
        return
    if before is None or before.next is None:
        return

    def part(first: int, last: int) -> tuple[int, int]:
        return min(max(first - start, 0), len(payload)), min(max(last - start, 0), len(payload))

    known = before.next - len(tail)
    low, high = part(start, known)
    if low < high:
        yield low, high
    low, high = part(known, before.next)
    if payload[low:high] != tail[start + low - known : start + high - known]:
        yield low, high
    for first, last in before.waiting if step.differs else ():
        low, high = part(first, last)
        if low < high:
            yield low, high
