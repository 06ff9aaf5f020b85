"""Bodies that end early or late, fields that are missing or there twice. The frame around them is right."""

from __future__ import annotations

from random import Random

from cti_schema import kinds as k
from cti_schema.wire.frame import CHECKSUM
from cti_schema.wire.report import BODY_OFFSET
from spoofer.fuzz.case import Expect
from spoofer.fuzz.mutations.mutation import (
    Broken,
    Change,
    Edit,
    changed,
    on_field,
    on_frame,
    pick,
    replaced,
    some_bytes,
)
from spoofer.fuzz.pool import Sample
from spoofer.fuzz.sites import Site


def _has_bytes(site: Site) -> bool:
    return site.length > 0 and site.path != "json"


@on_field("body_cut", "the body ends where a field begins; length and checksum are right", _has_bytes)
def body_cut(sample: Sample, site: Site, random: Random) -> Change | None:
    return _cut_at(sample, site.offset, "the body ends before it")


@on_field(
    "body_cut_inside",
    "the body ends inside a field; length and checksum are right",
    lambda site: _has_bytes(site) and site.length > 1,
)
def body_cut_inside(sample: Sample, site: Site, random: Random) -> Change | None:
    inside = 1 + int(random.random() * (site.length - 1))
    return _cut_at(sample, site.offset + inside, f"the body ends {inside} bytes into it")


def _cut_at(sample: Sample, offset: int, detail: str) -> Change:
    return Change((Edit(offset, len(sample.frame) - CHECKSUM.size - offset, b""),), detail)


@on_frame("body_surplus", "zero bytes behind the last field, as the vendor's library sends them, or others")
def body_surplus(sample: Sample, random: Random) -> Broken:
    surplus = sample.message.spec.surplus
    counts = [1, 2, 4, 84, 148, 1000]
    if surplus is not None:
        counts += [surplus.usual, *surplus.others] * 3
    count = pick(random, [one for one in counts if one])
    return _longer(sample, bytes(count), f"{count} zero bytes stand behind the last field")


@on_frame("body_garbage", "bytes that are not zero behind the last field")
def body_garbage(sample: Sample, random: Random) -> Broken:
    data = some_bytes(random, pick(random, (1, 2, 3, 12, 22, 200))) or b"\1"
    return _longer(sample, b"\1" + data[1:], f"{len(data)} bytes of garbage stand behind the last field")


def _longer(sample: Sample, data: bytes, detail: str) -> Broken:
    end = len(sample.frame) - CHECKSUM.size
    edit = Edit(end, 0, data)
    if sample.message.spec.form == "json":
        # The count of the text stays what it was: the bytes stand behind the text.
        count = sample.frame[BODY_OFFSET : BODY_OFFSET + 4]
        edit = Edit(BODY_OFFSET, end - BODY_OFFSET, count + sample.frame[BODY_OFFSET + 4 : end] + data)
    return Broken(((changed(sample, [edit]), None),), detail)


def _whole_field(site: Site) -> bool:
    if isinstance(site.kind, k.JsonType):
        return "." in site.path or "[" not in site.path
    return _has_bytes(site)


@on_field("field_left_out", "a field is missing; those behind it move up", _whole_field)
def field_left_out(sample: Sample, site: Site, random: Random) -> Change | None:
    if isinstance(site.kind, k.JsonType):
        edit = _member(sample, site)
        return None if edit is None else Change((edit,), "the member is missing", Expect.ANYTHING)
    return replaced(site, b"", f"its {site.length} bytes are missing")


@on_field("field_twice", "a field stands there twice; those behind it move down", _whole_field)
def field_twice(sample: Sample, site: Site, random: Random) -> Change | None:
    data = sample.frame[site.offset : site.end]
    if isinstance(site.kind, k.JsonType):
        edit = _member(sample, site)
        if edit is None:
            return None
        member = sample.frame[edit.offset : edit.offset + edit.length].strip(b",\0")
        member = member.join([b",\0", b"\0" if member[-1:] != b"\0" else b""])
        return Change((Edit(site.end, 0, member),), "the member is there twice", Expect.ANYTHING)
    return Change((Edit(site.end, 0, data),), f"its {site.length} bytes stand there twice")


def _member(sample: Sample, site: Site) -> Edit | None:
    """Return where a member stands in a JSON text: its name, its value, and the comma that it brings."""
    comma, brace, quote = (one.encode("utf-16-le") for one in ',{"')
    frame = sample.frame
    start = site.offset - 4  # the colon, and the quote behind the name
    while frame[start - 2 : start] != quote:
        start -= 2
    start -= 2
    if frame[start - 2 : start] == comma:
        return Edit(start - 2, site.end - start + 2, b"")
    if frame[start - 2 : start] == brace and frame[site.end : site.end + 2] == comma:
        return Edit(start, site.end - start + 2, b"")
    return Edit(start, site.end - start, b"") if frame[start - 2 : start] == brace else None


@on_field(
    "reserved_not_zero",
    "reserved bytes that are not zero",
    lambda site: isinstance(site.kind, k.Reserved),
)
def reserved_not_zero(sample: Sample, site: Site, random: Random) -> Change | None:
    data = bytearray(site.length)
    if random.random() < 0.5:
        data = bytearray(b"\xff" * site.length)
    else:
        data[int(random.random() * site.length)] = 1
    return replaced(site, bytes(data), "not all zero")
