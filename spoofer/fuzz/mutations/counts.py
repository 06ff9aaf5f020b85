"""Counts and lengths that disagree with what they count, and lists that disagree with their counts."""

from __future__ import annotations

from random import Random
from typing import Final

from cti_schema import kinds as k
from spoofer.fuzz.mutations.mutation import Change, Edit, on_field, pick
from spoofer.fuzz.pool import Sample
from spoofer.fuzz.sites import Site

#: Most items that a list is filled up to, and most bytes of them.
_MOST: Final = 300
_MOST_BYTES: Final = 1 << 16


def _count(site: Site) -> k.Scalar | None:
    """Return the integer that counts at a place, if one does."""
    kind = site.kind
    if isinstance(kind, k.Count):
        return kind.of
    if isinstance(kind, k.Scalar):
        return kind if site.counts else None
    if isinstance(kind, k.PrefixedText):
        return kind.prefix
    return k.Scalar("i32") if isinstance(kind, k.Document) else None


def _counts(site: Site) -> bool:
    return _count(site) is not None


def _recount(sample: Sample, site: Site, value: int) -> Change | None:
    """Return the change that lets a count say something else."""
    of = _count(site)
    assert of is not None
    now = _now(sample, site, of)
    least, greatest = of.limits()
    if value == now or not least <= value <= greatest:
        return None
    return Change((Edit(site.offset, of.size(), of.packer.pack(value)),), f"count {value} where {now} stand")


def _now(sample: Sample, site: Site, of: k.Scalar) -> int:
    return int(of.packer.unpack_from(sample.frame, site.offset)[0])


@on_field("count_one_more", "a count or a length that says one more than there are", _counts)
def count_one_more(sample: Sample, site: Site, random: Random) -> Change | None:
    of = _count(site)
    assert of is not None
    return _recount(sample, site, _now(sample, site, of) + 1)


@on_field("count_one_less", "a count or a length that says one less than there are", _counts)
def count_one_less(sample: Sample, site: Site, random: Random) -> Change | None:
    of = _count(site)
    assert of is not None
    return _recount(sample, site, _now(sample, site, of) - 1)


@on_field("count_zero", "a count or a length that says none although there are some", _counts)
def count_zero(sample: Sample, site: Site, random: Random) -> Change | None:
    return _recount(sample, site, 0)


@on_field("count_huge", "a count or a length far beyond what is there", _counts)
def count_huge(sample: Sample, site: Site, random: Random) -> Change | None:
    of = _count(site)
    assert of is not None
    greatest = of.limits()[1]
    options = [
        one for one in (255, 256, 1000, 0x7FFF, 0xFFFF, 1 << 16, 1 << 24, 0x7FFFFFFF) if one < greatest
    ]
    return _recount(sample, site, pick(random, [*options, greatest]))


@on_field(
    "count_negative",
    "a count or a length below zero",
    lambda site: (of := _count(site)) is not None and of.limits()[0] < 0,
)
def count_negative(sample: Sample, site: Site, random: Random) -> Change | None:
    of = _count(site)
    assert of is not None
    return _recount(sample, site, pick(random, (-1, -2, of.limits()[0])))


def _has_items(site: Site) -> bool:
    kind = site.kind
    if isinstance(kind, (k.Array, k.Table)):
        return bool(site.items)
    return isinstance(kind, (k.CountedText, k.Data)) and site.length > 0


def _last(site: Site) -> Edit:
    """Return where the last item of a list, or the last unit of a text or of data, stands."""
    if site.items:
        return Edit(*site.items[-1], b"")
    size = k.unit_size(site.kind.encoding) if isinstance(site.kind, k.CountedText) else 1
    return Edit(site.end - size, size, b"")


@on_field("list_cut", "the last item of a list or a text is missing; its count is as before", _has_items)
def list_cut(sample: Sample, site: Site, random: Random) -> Change | None:
    return Change((_last(site),), "the last item is missing, the count is as before")


@on_field("list_surplus", "a list, a text or data has one item more than its count says", _has_items)
def list_surplus(sample: Sample, site: Site, random: Random) -> Change | None:
    last = _last(site)
    item = sample.frame[last.offset : last.offset + last.length]
    return Change((Edit(site.end, 0, item),), "one item more than the count says")


def _is_list(site: Site) -> bool:
    kind = site.kind
    if isinstance(kind, k.JsonType):
        return kind.item is not None and bool(site.items)
    return isinstance(kind, k.Array) and not isinstance(kind.count, int) and bool(site.items)


def _resized(sample: Sample, site: Site, count: int) -> Change | None:
    """Return the change that gives a list so many items, its first again and again, and the right count."""
    offset, length = site.items[0]
    item = sample.frame[offset : offset + length]
    if count * length > _MOST_BYTES:
        return None
    detail = f"{count} items where {len(site.items)} stood, counted right"
    if isinstance(site.kind, k.JsonType):
        text = "[".encode("utf-16-le") + ",".encode("utf-16-le").join([item] * count)
        return Change((Edit(site.offset, site.length, text + "]".encode("utf-16-le")),), detail)
    counter = next((one for one in sample.sites if one.counts == site.path), None)
    of = None if counter is None else _count(counter)
    if counter is None or of is None or count > of.limits()[1]:
        return None
    recount = Edit(counter.offset, of.size(), of.packer.pack(count))
    return Change((recount, Edit(site.offset, site.length, item * count)), detail)


@on_field("list_empty", "a list without items, counted right", _is_list)
def list_empty(sample: Sample, site: Site, random: Random) -> Change | None:
    return _resized(sample, site, 0)


@on_field("list_full", "a list of as many items as are allowed, or very many, counted right", _is_list)
def list_full(sample: Sample, site: Site, random: Random) -> Change | None:
    limit = site.kind.limit if isinstance(site.kind, k.Array) else None
    return _resized(sample, site, min(limit or _MOST, max(1, _MOST_BYTES // site.items[0][1])))


@on_field(
    "list_beyond_limit",
    "a list of more items than the protocol allows, counted right",
    lambda site: _is_list(site) and isinstance(site.kind, k.Array) and site.kind.limit is not None,
)
def list_beyond_limit(sample: Sample, site: Site, random: Random) -> Change | None:
    assert isinstance(site.kind, k.Array)
    assert site.kind.limit is not None
    return _resized(sample, site, site.kind.limit + pick(random, (1, 2, 100)))
