"""Writes the requests as definitions for boofuzz: a Python file that needs nothing of this package.

Everything in it comes from the layouts and from one full message of each request (`spoofer.fuzz.pool`), whose
values are the defaults: counts and lengths follow what they count, and so do the frame's length and checksum.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from cti_schema import kinds as k
from cti_schema.derive.defaults import default
from cti_schema.message import CONTROL, Direction, Message
from cti_schema.messages.login import Login
from cti_schema.registry import registry
from cti_schema.wire.frame import CHECKSUM, HEADER, TOKEN, length_rule
from cti_schema.wire.report import unknown_kind
from spoofer.fuzz.pool import Sample, plain
from spoofer.fuzz.sites import TEXT_OFFSET, Site

_WORDS: Final = {1: "Byte", 2: "Word", 4: "DWord", 8: "QWord"}
#: What the length counts beside the block with command and fields: the checksum, and no token.
_OFFSET: Final = CHECKSUM.size + len(TOKEN) + 4 - length_rule(Direction.REQUEST)

_HEAD: Final = '''"""CTI requests for boofuzz, written by `cti fuzz --export boofuzz`.

    python THIS_FILE HOST PORT             sends mutated requests that only ask, each after a login
    python THIS_FILE HOST PORT --control   also those that change something
"""

import struct
import sys

from boofuzz import (
    Block, Byte, Bytes, Checksum, DWord, Float, QWord, Request, Session, Size, Static, String, Target,
    TCPSocketConnection, Word,
)

#: The login that comes before every request.
USERNAME = ""
PASSWORD = ""


def checksum(data):
    """Return the sum of all bytes, modulo 65536."""
    return struct.pack("<H", sum(data) & 0xFFFF)


def per(size):
    """Return what makes a count of a number of bytes: items have so many each."""
    return lambda length: length // size


def frame(name, code, fields):
    """Return a request: token, length and checksum around the command and its fields."""
    return Request(name, children=(
        Block("frame", children=(
            Static("frame_token", bytes.fromhex("{token}")),
            Size("frame_length", block_name="frame_body", length=4, offset={offset}),
            Block("frame_body", children=(
                DWord("frame_code", code, fuzzable=False),
                DWord("frame_extended_code", 0),
                *fields,
            )),
        )),
        Checksum("frame_checksum", block_name="frame", algorithm=checksum, length=2),
    ))
'''

_FOOT: Final = '''
def session(host, port, control=False, **options):
    """Return a session that logs in and sends one request, for every request.

    Args:
        host: of the server.
        port: of the server.
        control: also the requests that change something.
        options: for `boofuzz.Session`.
    """
    made = Session(target=Target(connection=TCPSocketConnection(host, int(port))), **options)
    first = login()
    made.connect(first)
    for request in QUERIES + (CONTROLS if control else ()):
        if request is not login:
            made.connect(first, request())
    return made


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    session(sys.argv[1], sys.argv[2], control="--control" in sys.argv[3:]).fuzz()
'''


def export() -> str:
    """Return the source of the file."""
    queries: list[str] = []
    controls: list[str] = []
    functions = []
    for message in registry():
        if message.spec.direction is Direction.REQUEST:
            (controls if message.spec.effect is CONTROL else queries).append(message.spec.name)
            functions.append(_function(message))
    head = _HEAD.replace("{token}", TOKEN.hex()).replace("{offset}", str(_OFFSET))
    tables = [
        f"#: The requests that {what}.\n{name} = (\n{''.join(f'    {one},{chr(10)}' for one in names)})\n"
        for name, what, names in (
            ("QUERIES", "only ask", queries),
            ("CONTROLS", "change something", controls),
        )
    ]
    return "\n\n".join([head, *functions, "\n".join(tables), _FOOT.lstrip()])


def sample_of(message: type[Message]) -> Sample:
    """Return the message whose values are the defaults of a request."""
    if message is Login:
        return Sample.of(default(message))
    return plain(message)[1]  # type: ignore[arg-type]


def _function(message: type[Message]) -> str:
    spec = message.spec
    sample = sample_of(message)
    body = _json_body(sample) if spec.form == "json" else _binary_body(sample)
    lines = [
        f"def {spec.name}():",
        f'    """{spec.doc.strip().splitlines()[0]}"""',
        f'    return frame("{spec.name}", 0x{spec.code:08X}, (',
        *(f"        {line}" for line in body),
        "    ))",
    ]
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class _Node:
    """A field, and the fields in it."""

    site: Site
    inner: list[_Node] = field(default_factory=list)


def _tree(sites: list[Site]) -> list[_Node]:
    """Return the fields of a message, those of its records and lists inside them."""
    found: list[_Node] = []
    above: list[_Node] = []
    for site in sites:
        while above and not site.path.startswith((f"{above[-1].site.path}.", f"{above[-1].site.path}[")):
            above.pop()
        node = _Node(site)
        (above[-1].inner if above else found).append(node)
        above.append(node)
    return found


def _name(site: Site) -> str:
    """Return the name of a field: its path in letters, digits and underscores."""
    return re.sub(r"\W+", "_", site.path).strip("_")


def _binary_body(sample: Sample) -> Iterator[str]:
    counted = {site.path: site for site in sample.sites}
    for node in _tree(sample.sites):
        yield from _lines(node, sample, counted)


def _lines(node: _Node, sample: Sample, sites: dict[str, Site]) -> Iterator[str]:
    """Yield the lines of one field."""
    site, kind = node.site, node.site.kind
    raw = sample.frame[site.offset : site.end]
    name = f'"{_name(site)}"'
    if isinstance(kind, (k.Count, k.Scalar)):
        yield _number(site, kind, name, raw, sites)
    elif isinstance(kind, k.Text):
        text = _constant(sample, site) or repr(site.value)
        yield f'String({name}, {text}, size={site.length}, encoding="{kind.encoding}"),'
    elif isinstance(kind, (k.CountedText, k.Data)) and not isinstance(getattr(kind, "length", 0), int):
        yield from _block(name, [f'Bytes("{_name(site)}_bytes", {raw!r}),'])
    elif isinstance(kind, k.Data):
        yield f"Bytes({name}, {raw!r}, size={site.length}),"
    elif isinstance(kind, k.ZText):
        if raw:
            yield f"Bytes({name}, {raw[:-1]!r}),"
            yield f'Static("{_name(site)}_nul", b"\\0"),'
    elif isinstance(kind, k.PrefixedText):
        size = kind.prefix.size()
        yield f'Size("{_name(site)}_length", block_name={name}, length={size}),'
        yield from _block(name, [f'Bytes("{_name(site)}_bytes", {raw[size:-1]!r}),'])
        yield f'Static("{_name(site)}_nul", b"\\0"),'
    elif isinstance(kind, k.Reserved):
        yield f"Static({name}, bytes({site.length})),"
    elif isinstance(kind, (k.Array, k.Nested)):
        yield from _block(name, [line for one in node.inner for line in _lines(one, sample, sites)])
    elif isinstance(kind, (k.Table, k.Document, k.Rest)):
        yield f"Bytes({name}, {raw!r}),"
    else:
        unknown_kind(kind, site.path)


def _block(name: str, lines: list[str]) -> list[str]:
    return [f"Block({name}, children=(", *(f"    {line}" for line in lines), ")),"]


def _number(site: Site, kind: k.Count | k.Scalar, name: str, raw: bytes, sites: dict[str, Site]) -> str:
    if isinstance(kind, k.Scalar) and kind.is_float:
        if site.length == 4:
            limits = "f_min=-1e6, f_max=1e6"
            return f'Float({name}, {site.value!r}, {limits}, encode_as_ieee_754=True, endian="little"),'
        return f"Bytes({name}, {raw!r}, size=8),"
    value = int.from_bytes(raw, "little")
    counted = sites.get(site.counts)
    size = None if counted is None else _unit(counted)
    if counted is not None and size:
        return f'Size({name}, block_name="{_name(counted)}", length={site.length}, math=per({size})),'
    return f"{_WORDS[site.length]}({name}, {value}),"


def _unit(counted: Site) -> int | None:
    """Return the bytes that one thing counted has, where all have the same and there is a block of them."""
    kind = counted.kind
    if isinstance(kind, k.Array):
        return kind.item.size()
    if isinstance(kind, k.CountedText):
        return k.unit_size(kind.encoding)
    return 1 if isinstance(kind, k.Data) else None


def _constant(sample: Sample, site: Site) -> str:
    """Return the name of the constant that a text of the login is."""
    return site.path.upper() if isinstance(sample.message, Login) else ""


def _json_body(sample: Sample) -> Iterator[str]:
    """Yield a text whose values can be mutated; what stands between them is as it is."""
    leaves = [node.site for node in _leaves(_tree(sample.sites[1:]))]
    lines = []
    at = TEXT_OFFSET
    for number, site in enumerate([*leaves, None]):
        end = len(sample.frame) - CHECKSUM.size if site is None else site.offset
        if end > at:
            lines.append(f'Static("text_{number}", {_text(sample, at, end)!r}.encode("utf-16-le")),')
        if site is not None:
            text = _text(sample, site.offset, site.end)
            lines.append(f'String("{_name(site)}", {text!r}, encoding="utf-16-le"),')
            at = site.end
    yield f'Size("json_length", block_name="json", length={TEXT_OFFSET - HEADER.size}, math=per(2)),'
    yield from _block('"json"', lines)


def _leaves(nodes: list[_Node]) -> Iterator[_Node]:
    for node in nodes:
        if node.inner:
            yield from _leaves(node.inner)
        else:
            yield node


def _text(sample: Sample, start: int, end: int) -> str:
    return sample.frame[start:end].decode("utf-16-le")
