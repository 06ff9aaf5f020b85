"""One line for each message: when, where, which way, its name, and the fields that matter.

Which fields matter is told by their kinds, never by the message: results and indexes first, then other
named values, measured numbers, texts. What is empty, zero or as declared by default is left out.
"""

from __future__ import annotations

from typing import Any, Final

from cti_client.dump.conversation import Answer, Entry, Heard, Link, Missed, Unanswered
from cti_client.dump.findings import KINDS as FINDINGS
from cti_client.dump.paint import Paint, plain
from cti_client.dump.times import Times, clock
from cti_schema import kinds as k
from cti_schema.derive.jsonform import HIDDEN, hide_problems, holds_secret
from cti_schema.derive.tree import quote
from cti_schema.enumerations import Code, ResultCode
from cti_schema.message import Direction, Message, Record, Request, UnknownMessage, same_value
from cti_schema.problems import Problem

__all__ = ["connection_line", "entry_line", "safe", "summary"]

#: Fields in a line, items and fields of each item in a list, characters of a text, problems.
_FIELDS: Final = 6
_ITEMS: Final = 8
_RECORDS: Final = 1
_TEXT: Final = 40
_PROBLEMS: Final = 3

_ARROWS: Final = {Direction.REQUEST: "->", Direction.FEEDBACK: "<-", None: "--"}
_NAME_WIDTH: Final = 26

# How much a field matters; the smallest rank first.
_ALWAYS, _NAMED, _MEASURED, _TEXTS, _NUMBERS, _REST = range(6)


def connection_line(link: Link) -> str:
    """Return the line that introduces a connection."""
    return f"connection {link.number}: client {link.client}, server {link.server}"


def entry_line(
    entry: Entry, *, times: Times | None = None, secrets: bool = False, paint: Paint = plain
) -> str:
    """Return the line of one entry of a conversation.

    Args:
        entry: a message, or bytes that are none.
        times: how the time is written; by default the time of day, UTC.
        secrets: show the values of secret fields.
        paint: colours.
    """
    number = f"{entry.number:>5}" if isinstance(entry, Heard) else " " * 5
    parts = [paint("side", number)]
    if entry.time is not None:
        parts.append(paint("side", clock(entry.time) if times is None else times.text(entry.time)))
    if entry.link is not None:
        parts.append(f"{entry.link.number:>2}")
    way = entry.direction
    arrow = paint(way.value if way else "", _ARROWS[way])
    if not isinstance(entry, Heard):
        text = missed_text(entry) if isinstance(entry, Missed) else unanswered_text(entry)
        text = f"{arrow} " + paint("problem", f"! {text}")
        return "  ".join([*parts, text])
    decoded = entry.decoded
    message = decoded.message
    name = message.spec.name
    if isinstance(message, UnknownMessage):
        name = f"unknown 0x{message.code:08X}"
    fields = [
        (f"{paint('name', field)}=" if field else "") + paint(role, text)
        for field, text, role in summary(message, secrets=secrets)
    ]
    padding = " " * (_NAME_WIDTH - len(name)) if fields else ""
    parts.append(f"{arrow} {paint('head', name)}{padding}")
    problems = entry.problems if secrets else hide_problems(message, entry.problems)
    shown = [paint("problem", f"! {safe(_sentence(one))}") for one in problems[:_PROBLEMS]]
    if len(problems) > _PROBLEMS:
        shown.append(paint("problem", f"! {len(problems) - _PROBLEMS} more problems"))
    if entry.answer is not None:
        odd = entry.answer.kind != "answer"
        shown.append(paint("problem" if odd else "side", answer_text(entry.answer)))
    return "  ".join([*parts, *fields, *shown])


def missed_text(missed: Missed) -> str:
    """Return what bytes that are no message are, in words."""
    if missed.what == "gap":
        return f"gap: {missed.length} bytes are missing in the capture"
    return f"stray: {missed.length} bytes at the end belong to no frame"


def unanswered_text(entry: Unanswered) -> str:
    """Return which request got no answer, in words."""
    name = entry.request.decoded.message.spec.name
    return f"unanswered: {name} of frame {entry.request.number}, {entry.reason}"


def answer_text(answer: Answer) -> str:
    """Return which request a feedback answers, and after how much time."""
    if answer.request is None:
        return f"! {answer.kind}"
    took = "" if answer.response_time is None else f" after {duration(answer.response_time)}"
    text = f"to {answer.request.number}{took}"
    return f"({text})" if answer.kind == "answer" else f"! {answer.kind}, {text}"


def duration(seconds: float) -> str:
    """Return a span of time with three digits and the unit that fits: ``1.25 ms``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if float(f"{seconds / size:.3g}") >= 1.0:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"


def _sentence(problem: Problem) -> str:
    if problem.kind in FINDINGS:
        return FINDINGS[problem.kind]  # the result itself stands in the line
    return f"{problem.path}: {problem.message}" if problem.path else problem.message


def safe(text: str) -> str:
    """Return a text without control characters, so that it cannot act on a terminal."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def summary(message: Message, *, secrets: bool = False) -> list[tuple[str, str, str]]:
    """Return (name, value as text, role) of the fields that matter, in the order of the layout.

    Where more fields say something than are shown, a last one without a name tells how many.
    """
    if isinstance(message, UnknownMessage):
        hidden = not secrets and holds_secret(message)
        return [("body", HIDDEN if hidden else _bytes(message.body), "")] if message.body else []
    return _summary(message, secrets, _FIELDS)


def _summary(record: Record, secrets: bool, limit: int) -> list[tuple[str, str, str]]:
    keys = _keys(record)
    fields = [(_rank(kind, value, keys), kind, value) for kind, value in record.present()]
    said = [one for one in fields if one[0] is not None]
    if not said:
        # A message of zeros alone says something too: its first values.
        plain_values = [(kind, value) for _, kind, value in fields if not isinstance(value, (list, Record))]
        said = [(_NUMBERS, kind, value) for kind, value in plain_values[:2]]
    best = sorted(said, key=lambda one: one[0] or 0)[:limit]
    kept = {id(one[1]) for one in best}
    shown = [(kind.name, *_text(kind, value, secrets)) for _, kind, value in said if id(kind) in kept]
    more = len(said) - len(best)
    return [*shown, ("", f"... {more} more", "side")] if more else shown


def _keys(record: Record) -> set[str]:
    """Return the fields of a request that its feedbacks are matched by."""
    if not isinstance(record, Request):
        return set()
    return set(record.spec.echo.values())


def _rank(kind: k.Kind, value: Any, keys: set[str]) -> int | None:
    """Return how much a field matters, or ``None`` if it says nothing."""
    if isinstance(kind, k.Member) and kind.ignored:
        return None
    usual = kind.default is not k.MISSING and same_value(value, kind.default)
    if kind.name in keys or _is_index(kind.name):
        # Zero is the first channel; only a default like -1 says that none is meant.
        return None if usual and value in (-1, None, []) else _ALWAYS
    if isinstance(value, ResultCode):
        return _ALWAYS
    if usual and not isinstance(kind, k.Member):
        return None
    if isinstance(value, Code):
        return _NAMED
    if value is None or not value or (isinstance(value, (bytes, bytearray)) and not any(value)):
        return None
    if isinstance(value, Record) or (isinstance(value, list) and isinstance(value[0], Record)):
        return _NAMED
    if isinstance(kind, k.Scalar) and kind.enum is not None:
        return _NAMED
    if isinstance(value, str):
        return _TEXTS
    if isinstance(value, (int, float)):
        return _MEASURED if kind.unit else _NUMBERS
    return _REST


def _is_index(name: str) -> bool:
    return name.rpartition("_")[2] in ("index", "indices")


def _text(kind: k.Kind, value: Any, secrets: bool) -> tuple[str, str]:
    """Return a value as text, and its role."""
    if kind.secret and not secrets:
        return HIDDEN, "hidden"
    if isinstance(value, ResultCode):
        return value.label, "good" if value.is_success else "bad"
    text = _value(kind, value, secrets)
    return (f"{text} {kind.unit}" if kind.unit and isinstance(value, (int, float)) else text), ""


def _value(kind: k.Kind, value: Any, secrets: bool) -> str:
    if isinstance(value, Code):
        return value.label
    if isinstance(value, Record):
        inner = (f"{name}={text}" if name else text for name, text, _ in _summary(value, secrets, _FIELDS))
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(kind, k.Scalar) and kind.enum is not None and isinstance(value, int):
        return _flags(kind.enum, value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, str):
        return quote(value) if len(value) <= _TEXT else f"{quote(value[:_TEXT])}..."
    if isinstance(value, (bytes, bytearray)):
        return _bytes(value)
    if isinstance(value, list):
        return _list(kind, value, secrets)
    if isinstance(value, dict):
        return f"{{{len(value)} members}}"
    return "null" if value is None else safe(str(value))


def _list(kind: k.Kind, value: list[Any], secrets: bool) -> str:
    most = _RECORDS if value and isinstance(value[0], (Record, list, dict)) else _ITEMS
    item = kind.item if isinstance(kind, (k.Array, k.Table)) else kind
    shown = [_value(item, one, secrets) for one in value[:most]]
    if len(value) > most:
        shown.append(f"... {len(value) - most} more")
    return f"[{', '.join(shown)}]"


def _flags(flags: Any, value: int) -> str:
    """Return the names of the bits that are set; the last word alone where all names lead up to it alike."""
    names = {name.lower(): int(bit) for name, bit in flags.__members__.items() if bit}
    lasts = {name.rpartition("_")[2] for name in names}
    alike = {tuple(name.split("_")[-3:-1]) for name in names}
    short = len(lasts) == len(names) and len(alike) == 1
    shown = [name.rpartition("_")[2] if short else name for name, bit in names.items() if value & bit == bit]
    rest = value
    for bit in names.values():
        rest &= ~bit if value & bit == bit else -1
    return "|".join([*shown, *([f"0x{rest:X}"] if rest else [])])


def _bytes(raw: bytes | bytearray) -> str:
    return raw.hex() if len(raw) <= 16 else f"{raw[:8].hex()}... ({len(raw)} bytes)"
