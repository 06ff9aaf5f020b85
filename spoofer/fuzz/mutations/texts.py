"""Texts without an end, with bytes that are no text, and texts that are valid and strange."""

from __future__ import annotations

from random import Random
from typing import Final

from cti_schema import kinds as k
from cti_schema.wire.json_body import write_body
from spoofer.fuzz.case import Expect
from spoofer.fuzz.mutations.mutation import Change, Edit, on_field, pick, replaced
from spoofer.fuzz.pool import Sample
from spoofer.fuzz.sites import Site

#: Surrogates that stand alone: a high one, a low one, both in the wrong order.
_LONE: Final = (b"\x00\xd8", b"\x00\xdc", b"\x34\xdd\x34\xd8", b"\xff\xdb", b"\xff\xdf")

#: Texts that are valid, and known to trouble programs.
_STRANGE: Final = (
    " ", ".", "..", "../../../a", "..\\..\\a", "C:\\a", "//server/a", "CON", "%s%n%x", "{0}", "a\nb\r\n",
    "'; --", "<b>&amp;</b>", '"\\', "-1", "NaN", "null", "\x01\x7f\x1b[2J", "\xff\xfe", "\ufeffa",
    "\uffff", "\u202ea", "e\u0301", "\U0001f50b" * 3, "\u0130\u00df",
)  # fmt: skip


def _is_json(site: Site) -> bool:
    return isinstance(site.kind, k.JsonType) and site.kind.type == "text" and str(site.value)[:1] == '"'


def _encoding(site: Site) -> str:
    """Return the encoding of the text at a place; empty if none is there."""
    if isinstance(site.kind, (k.Text, k.CountedText, k.ZText, k.PrefixedText)):
        return site.kind.encoding
    return ""


def _ends_with_nul(site: Site) -> bool:
    return isinstance(site.kind, (k.ZText, k.PrefixedText)) and site.length > 0


@on_field(
    "text_without_nul",
    "a text that fills its field, or whose NUL is missing",
    lambda site: (isinstance(site.kind, k.Text)) or _ends_with_nul(site),
)
def text_without_nul(sample: Sample, site: Site, random: Random) -> Change | None:
    if isinstance(site.kind, k.Text):
        text = "".join(random.choices("abcXYZ019", k=site.kind.units))
        return replaced(site, text.encode(site.kind.encoding), f"{site.kind.units} characters and no NUL")
    end = site.end - 1
    if isinstance(site.kind, k.PrefixedText):
        return Change((Edit(end, 1, b"a"),), "a letter in the place of the NUL")
    return Change((Edit(end, 1, b""),), "no NUL behind it")


@on_field(
    "text_lone_surrogate",
    "UTF-16 with half of a pair",
    lambda site: _is_json(site) or (_encoding(site) == "utf-16-le" and site.length > 0),
)
def text_lone_surrogate(sample: Sample, site: Site, random: Random) -> Change | None:
    lone = random.choice(_LONE)
    if isinstance(site.kind, k.JsonType):
        inside = Edit(site.offset + 2, 0, lone)
        if random.random() < 0.5:
            inside = Edit(site.offset + 2, 0, "\\ud800".encode("utf-16-le"))
        return Change((inside,), f"half of a surrogate pair: {inside.data.hex()}", Expect.ANYTHING)
    raw = sample.frame[site.offset : site.end]
    at = 2 * pick(random, (0, 1, len(raw) // 4)) if len(raw) > 8 else 0
    data = "ab".encode("utf-16-le")[:at] + lone
    data = (data + raw[len(data) :])[: len(raw)]
    if isinstance(site.kind, k.Text) and random.random() < 0.5:
        data = raw[:-2] + lone[:2]  # the last unit of the field
        if len(sample.frame[site.offset : site.end].rstrip(b"\0")) < len(raw) - 2:
            data = "a".encode("utf-16-le") * (len(raw) // 2 - 1) + lone[:2]
    return replaced(site, data, f"half of a surrogate pair: {lone.hex()}")


@on_field(
    "text_odd_byte",
    "UTF-16 that begins or ends in the middle of a character",
    lambda site: _is_json(site) or (_encoding(site) == "utf-16-le" and site.length > 0),
)
def text_odd_byte(sample: Sample, site: Site, random: Random) -> Change | None:
    raw = sample.frame[site.offset : site.end]
    if isinstance(site.kind, k.Text):
        return replaced(site, (b"\0A\0B\0" + raw)[: len(raw)], "its characters begin at an odd byte")
    return Change((Edit(site.end, 0, b"A"),), "one byte more than a whole number of characters")


@on_field(
    "text_not_ascii",
    "bytes from 0x80 on in an ASCII text",
    lambda site: _encoding(site) == "ascii" and site.length > 0,
)
def text_not_ascii(sample: Sample, site: Site, random: Random) -> Change | None:
    raw = sample.frame[site.offset : site.end]
    bad = bytes([pick(random, (0x80, 0xC3, 0xE4, 0xFF))])
    return replaced(site, bad + raw[1:], f"the byte {bad.hex()}")


@on_field(
    "text_behind_nul",
    "bytes behind the NUL of a fixed field",
    lambda site: isinstance(site.kind, k.Text) and site.kind.units > 2,
)
def text_behind_nul(sample: Sample, site: Site, random: Random) -> Change | None:
    assert isinstance(site.kind, k.Text)
    text = "a\0".encode(site.kind.encoding)
    rest = site.length - len(text)
    left = random.randbytes(min(rest, 40)).ljust(rest, b"\0")
    return replaced(site, text + left, "other bytes stand behind its NUL")


def _limit(site: Site) -> int | None:
    return site.kind.limit if isinstance(site.kind, (k.ZText, k.PrefixedText)) else None


@on_field(
    "text_too_long",
    "a text of more bytes than a client accepts, its length right",
    lambda site: _limit(site) is not None and site.length > 0,
)
def text_too_long(sample: Sample, site: Site, random: Random) -> Change | None:
    limit = _limit(site)
    assert limit is not None
    length = limit + pick(random, (1, 2, 100))
    head = b""
    if isinstance(site.kind, k.PrefixedText):
        if length > site.kind.prefix.limits()[1]:
            return None
        head = site.kind.prefix.packer.pack(length)
    return replaced(site, head + b"a" * length + b"\0", f"{length} bytes where {limit} are allowed")


@on_field(
    "text_strange",
    "a valid text that troubles programs: paths, formats, control and wide characters",
    lambda site: _is_json(site) or isinstance(site.kind, k.Text),
)
def text_strange(sample: Sample, site: Site, random: Random) -> Change | None:
    text = random.choice(_STRANGE)
    if isinstance(site.kind, k.JsonType):
        member = k.Member("x", k.JsonType("text"))
        member.name = "x"
        # The text of `{"x":"..."}`, without what stands around the value.
        data = write_body((member,), {"x": text})[4 + 2 * len('{"x":') : -2]
        return replaced(site, data, repr(text))
    assert isinstance(site.kind, k.Text)
    encoding = site.kind.encoding
    if encoding != "utf-16-le":
        text = "".join(one for one in text if one <= ("\x7f" if encoding == "ascii" else "\xff")) or "\x7f"
    data = text.encode(encoding)[: site.length]
    return replaced(site, data.ljust(site.length, b"\0"), ascii(text))
