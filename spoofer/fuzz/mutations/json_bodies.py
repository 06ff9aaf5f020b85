"""JSON bodies that do not parse, or are of another shape than declared. The frame is right."""

from __future__ import annotations

from random import Random

from cti_schema import kinds as k
from cti_schema.wire.frame import CHECKSUM
from spoofer.fuzz.case import Expect
from spoofer.fuzz.mutations.mutation import Change, Edit, on_field, pick, replaced
from spoofer.fuzz.pool import Sample
from spoofer.fuzz.sites import TEXT_OFFSET, Site


def _is_value(site: Site) -> bool:
    return isinstance(site.kind, k.JsonType)


def _is_body(site: Site) -> bool:
    return site.path == "json"


def _whole(sample: Sample, text: bytes) -> Edit:
    """Return the edit that puts another text in the place of the whole one."""
    return Edit(TEXT_OFFSET, len(sample.frame) - CHECKSUM.size - TEXT_OFFSET, text)


def _text(sample: Sample) -> bytes:
    return sample.frame[TEXT_OFFSET : -CHECKSUM.size]


@on_field("json_wrong_type", "a JSON value of another type than declared", _is_value)
def json_wrong_type(sample: Sample, site: Site, random: Random) -> Change | None:
    options = ("null", "true", "1", "-1.5", '"text"', '"1"', "[]", "{}", "[[]]")
    text = random.choice([one for one in options if one != site.value])
    detail = f"{text} as {site.kind.type if isinstance(site.kind, k.JsonType) else ''}"
    return replaced(site, text.encode("utf-16-le"), detail, Expect.ANYTHING)


@on_field("json_broken", "a text that is no JSON: one character too many, or one too few", _is_body)
def json_broken(sample: Sample, site: Site, random: Random) -> Change | None:
    text = _text(sample)
    if len(text) < 4 or random.random() < 0.5:
        broken = pick(random, (0x7D, 0x22, 0x2C, 0x5B))
        data = bytes([broken, 0])
        return Change(
            (Edit(TEXT_OFFSET + len(text), 0, data),), f"{chr(broken)!r} behind the text", Expect.REFUSAL
        )
    cut = 2 * (1 + int(random.random() * (len(text) // 2 - 1)))
    return Change((_whole(sample, text[:cut]),), f"the text ends after {cut // 2} characters", Expect.REFUSAL)


@on_field("json_root", "JSON whose root is no object", _is_body)
def json_root(sample: Sample, site: Site, random: Random) -> Change | None:
    text = random.choice(("null", "[]", "[{}]", "1", '"text"', "true", ""))
    return Change(
        (_whole(sample, text.encode("utf-16-le")),), f"the body is {text or 'an empty text'}", Expect.ANYTHING
    )


@on_field("json_unknown_member", "a member that is not declared", lambda site: site.path == "json")
def json_unknown_member(sample: Sample, site: Site, random: Random) -> Change | None:
    text = _text(sample)
    if not text.startswith("{".encode("utf-16-le")):
        return None
    member = '"Unknown":{"A":[1]}' + ("," if len(text) > 4 else "")
    return Change(
        (Edit(TEXT_OFFSET + 2, 0, member.encode("utf-16-le")),), "a member Unknown", Expect.ANYTHING
    )


@on_field("json_encoding", "a text in another encoding, or with a byte order mark", _is_body)
def json_encoding(sample: Sample, site: Site, random: Random) -> Change | None:
    text = _text(sample).decode("utf-16-le", "replace")
    encoding = random.choice(("utf-8", "utf-16-be", "utf-16", "utf-32-le"))
    data = text.encode(encoding, "replace")
    return Change((_whole(sample, data),), f"the text is written in {encoding}", Expect.ANYTHING)


@on_field("json_blanks", "blanks and line ends, which JSON allows", _is_body)
def json_blanks(sample: Sample, site: Site, random: Random) -> Change | None:
    blanks = (" \n\t\r" * pick(random, (1, 1000))).encode("utf-16-le")
    edits = (Edit(TEXT_OFFSET, 0, blanks),)
    return Change(edits, f"{len(blanks) // 2} blanks in front of the text", Expect.ANYTHING)


@on_field(
    "deep_nesting",
    "lists or documents inside each other, very deep",
    lambda site: isinstance(site.kind, k.Document) or (_is_value(site) and site.path != "json"),
)
def deep_nesting(sample: Sample, site: Site, random: Random) -> Change | None:
    depth = pick(random, (65, 1000, 20_000))
    detail = f"{depth} levels"
    if isinstance(site.kind, k.Document):
        data = b"\x05\0\0\0\0"
        for _ in range(min(depth, 1000)):
            data = (len(data) + 8).to_bytes(4, "little") + b"\x03a\0" + data + b"\0"
        return replaced(site, data, detail, Expect.ANYTHING)
    return replaced(site, ("[" * depth + "]" * depth).encode("utf-16-le"), detail, Expect.ANYTHING)
