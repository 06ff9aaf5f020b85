"""Bodies that are a JSON text: a count of UTF-16 code units, then the text in UTF-16LE.

The text is written as the vendor's library writes it: members in the order of the declaration, no
spaces, numbers in .NET's notation. What was read is kept with the message whenever it was written
otherwise, so that it can be written again as it was. Source: rules.md, section 1.
"""

from __future__ import annotations

import json
import math
import re
import struct
from typing import Any, Final

from cti_schema import kinds as k
from cti_schema.errors import EncodeError
from cti_schema.message import same_value
from cti_schema.wire.report import Report, join_path, shown

_COUNT: Final = struct.Struct("<I")
_FLOAT: Final = struct.Struct("<f")

#: Characters that the vendor's library escapes although JSON does not ask for it.
_ESCAPED: Final = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_SPECIAL: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_DEEPEST: Final = 64


class QuotedInt(int):
    """An integer that was written as a text, as the vendor's client accepts it.

    Attributes:
        text: as it was written, of the form `FORM`.
    """

    FORM: Final = re.compile(r"-?[0-9]{1,20}")

    text: str

    def __new__(cls, text: str) -> QuotedInt:
        value = super().__new__(cls, text)
        value.text = text
        return value


def parse_body(members: tuple[k.Member, ...], body: bytes, report: Report | None, start: int = 0) -> Any:
    """Return the fields of a body; what an exact re-encode needs goes to the report.

    Args:
        members: the members that are declared.
        body: the bytes.
        report: where problems go; without one the first is raised.
        start: of the body in its stream, for the places of problems.

    Raises:
        DecodeError: of the report, if it is strict.
    """
    reader = _Reader(report or Report(strict=True), start)
    values = reader.body(members, body)
    if report is not None and (reader.root is not None or not _writes(members, values, body)):
        report.leftovers["json"] = body
        report.root = reader.root
    return values


def _writes(members: tuple[k.Member, ...], values: dict[str, Any], body: bytes) -> bool:
    try:
        return write_body(members, values) == body
    except EncodeError:
        return False


def build_body(members: tuple[k.Member, ...], values: Any, leftover: bytes | None) -> bytes:
    """Return the body with these fields; as it was written before, if that means the same.

    Raises:
        EncodeError: a value does not fit its member.
    """
    if leftover is not None and same_value(read_leniently(members, leftover)[0], values):
        return leftover
    return write_body(members, values)


def read_leniently(members: tuple[k.Member, ...], body: bytes) -> tuple[Any, list[Any]]:
    """Return the fields of a body, or its root where that is no object, and the problems."""
    report = Report(strict=False)
    reader = _Reader(report, 0)
    values = reader.body(members, body)
    return (values if reader.root is None else reader.root[0]), report.problems


class _Reader:
    """Reads one body; values of the wrong type stay what they are, with a problem."""

    def __init__(self, report: Report, start: int) -> None:
        self.report = report
        self.start = start
        self.steps: list[str | int] = []
        #: The JSON value, in a tuple, where it is no object.
        self.root: tuple[Any] | None = None

    def problem(self, kind: str, message: str, position: int = 4, **known: Any) -> None:
        self.report.problem(
            kind, message, self.start + position, path=join_path(self.steps) or "json", **known
        )

    def body(self, members: tuple[k.Member, ...], body: bytes) -> dict[str, Any]:
        text = self.text(body)
        if text is None:
            self.root = (None,)
            return {}
        try:
            value = json.loads(text, object_pairs_hook=_pairs)
        except (ValueError, RecursionError) as error:
            where = getattr(error, "pos", 0)
            self.problem("json", f"the text is no JSON: {error}", 4 + 2 * where)
            self.root = (None,)
            return {}
        if value is None:
            self.root = (None,)
            return {}
        if not isinstance(value, dict):
            self.problem("json", f"an object is needed, not {type(value).__name__}")
            self.root = (value,)
            return {}
        return self.object(members, value)

    def text(self, body: bytes) -> str | None:
        """Return the text, or ``None`` where there is none."""
        if len(body) < 4:
            self.problem("truncated", f"the count of the text needs 4 bytes, {len(body)} are there", 0)
            return None
        (units,) = _COUNT.unpack_from(body)
        raw = body[4 : 4 + 2 * units]
        if len(raw) < 2 * units:
            self.problem(
                "count", f"the text has {units} units by its count, {len(raw) // 2} are there", 0, found=units
            )
            raw = raw[: len(raw) & ~1]
        elif len(body) > 4 + 2 * units:
            surplus = len(body) - 4 - 2 * units
            self.problem("surplus", f"{surplus} bytes stand behind the text", 4 + 2 * units, found=surplus)
        if not units:
            self.problem("json", "the text is empty", 0)
            return None
        try:
            text = raw.decode("utf-16-le")
        except UnicodeDecodeError as error:
            self.problem("text", "the text is no UTF-16", 4 + error.start)
            text = raw.decode("utf-16-le", "replace")
        if "\0" in text:
            end = text.index("\0")
            self.problem("text", "a NUL character ends the text before its count does", 4 + 2 * end)
            text = text[:end]
        if text.startswith("\ufeff"):
            self.problem("text", "a byte order mark stands in front of the text")
            text = text[1:]
        return text

    def object(self, members: tuple[k.Member, ...], value: dict[str, Any]) -> dict[str, Any]:
        by_name = {member.wire_name: member for member in members}
        attributes = {member.name for member in members}
        found: dict[str, Any] = {}
        if len(self.steps) > _DEEPEST:
            self.problem("json", "objects are nested too deep")
            return found
        for name, inner in value.items():
            member = by_name.get(name)
            self.steps.append(member.name if member else name)
            if member is None:
                self.problem("json", f"no member {name!r} is declared")
                if name not in attributes:
                    found[name] = inner
            else:
                span = self.report.show(join_path(self.steps), len(self.steps) - 1, member)
                found[member.name] = self.value(member.of, inner)
                if member.ignored and inner != member.default:
                    self.problem(
                        "value", f"{_short(inner)} is ignored: the header tells it", found=_short(inner)
                    )
                if span is not None:
                    span.value = found[member.name]
            self.steps.pop()
        return found

    def value(self, of: k.JsonType, value: Any) -> Any:
        if value is None:
            if not of.nullable and of.type not in ("null", "any"):
                self.problem("value", f"a {of.type} is needed, not null")
            return None
        if of.type == "any":
            return value
        if of.type == "object" and isinstance(value, dict):
            assert of.record is not None
            return self.object(of.record.spec.members, value)
        if of.type == "list" and isinstance(value, list):
            assert of.item is not None
            items = []
            for index, item in enumerate(value):
                self.steps.append(index)
                items.append(self.value(of.item, item))
                self.steps.pop()
            return items
        if of.type == "text" and isinstance(value, str):
            return value
        if of.type == "bool" and isinstance(value, bool):
            return value
        if of.type in ("f32", "f64"):
            return self.float(of, value)
        if of.type[0] in "iu" and of.type[1:].isdigit():
            return self.integer(of, value)
        self.problem("value", f"a {of.type} is needed, not {_short(value)}", found=_short(value))
        return value

    def float(self, of: k.JsonType, value: Any) -> Any:
        if isinstance(value, str) and value in _SPECIAL:
            return _SPECIAL[value]
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                self.problem("value", f"a number is needed, not {_short(value)}", found=_short(value))
                return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.problem("value", f"a number is needed, not {_short(value)}", found=_short(value))
            return value
        try:
            value = float(value)
            if of.type == "f32":
                single(value)
        except OverflowError:
            self.problem("value", f"{_short(value)} is beyond the range of {of.type}")
        return value

    def integer(self, of: k.JsonType, value: Any) -> Any:
        if isinstance(value, str) and QuotedInt.FORM.fullmatch(value):
            value = QuotedInt(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.problem("value", f"an integer is needed, not {_short(value)}", found=_short(value))
            return value
        least, greatest = k.Scalar(of.type).limits()
        if not least <= value <= greatest:
            self.problem("value", f"{_short(value)} is outside {least} to {greatest}", found=_short(value))
            return value
        if of.enum is None or isinstance(value, QuotedInt):
            return value
        member = of.enum(value)
        if not getattr(member, "known", True):
            self.problem("enum", f"{value} is no value of {of.enum.__name__}", found=value)
        return member


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(pairs)


def _short(value: Any) -> str:
    return shown(value, 40)


def single(value: float) -> float:
    """Return the float of four bytes that is nearest.

    Raises:
        OverflowError: the value is beyond what four bytes hold.
    """
    result: float = _FLOAT.unpack(_FLOAT.pack(value))[0]
    return result


def write_body(members: tuple[k.Member, ...], values: Any) -> bytes:
    """Return the body with these fields; ``None`` makes the text ``null``.

    Raises:
        EncodeError: a value does not fit its member.
    """
    text = "null" if values is None else _object(members, values, [])
    try:
        data = text.encode("utf-16-le")
    except UnicodeEncodeError as error:
        raise EncodeError("", f"the character {text[error.start]!a} cannot be written as UTF-16") from None
    return _COUNT.pack(len(data) // 2) + data


def _object(members: tuple[k.Member, ...], values: Any, steps: list[str | int]) -> str:
    if not isinstance(values, dict):
        raise EncodeError(join_path(steps), f"an object is needed, not {_short(values)}")
    names = {member.name for member in members}
    for name in values:
        if name not in names:
            raise EncodeError(join_path([*steps, name]), "no such member is declared")
    parts = []
    for member in members:
        if member.name in values:
            inner = [*steps, member.name]
            parts.append(f"{_text(member.wire_name)}:{_write(member.of, values[member.name], inner)}")
    return "{" + ",".join(parts) + "}"


def _write(of: k.JsonType, value: Any, steps: list[str | int]) -> str:
    if value is None:
        if of.nullable or of.type in ("null", "any"):
            return "null"
    elif of.type == "any":
        return _any(value, steps)
    elif of.type == "object" and of.record is not None:
        return _object(of.record.spec.members, value, steps)
    elif of.type == "list" and isinstance(value, (list, tuple)) and of.item is not None:
        item = of.item
        return "[" + ",".join(_write(item, one, [*steps, index]) for index, one in enumerate(value)) + "]"
    elif of.type == "text" and isinstance(value, str):
        return _text(value)
    elif of.type == "bool" and isinstance(value, bool):
        return "true" if value else "false"
    elif of.type in ("f32", "f64") and isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(_in_range(of, value, steps), 7 if of.type == "f32" else 15)
    elif of.type[0] in "iu" and isinstance(value, int) and not isinstance(value, bool):
        least, greatest = k.Scalar(of.type).limits()
        if not least <= value <= greatest:
            reason = f"{_short(value)} is outside {least} to {greatest} ({of.type})"
            raise EncodeError(join_path(steps), reason)
        return _text(value.text) if isinstance(value, QuotedInt) else str(int(value))
    raise EncodeError(join_path(steps), f"a {of.type} is needed, not {_short(value)}")


def _in_range(of: k.JsonType, value: float, steps: list[str | int]) -> float:
    try:
        return single(float(value)) if of.type == "f32" else float(value)
    except OverflowError:
        raise EncodeError(join_path(steps), f"{value} is beyond the range of {of.type}") from None


def _any(value: Any, steps: list[str | int]) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise EncodeError(join_path(steps), f"this is no JSON value: {error}") from None


def _text(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return text


def number(value: float, digits: int) -> str:
    """Return a float as .NET writes it: the shortest of 7 or 9 (15 or 17) digits that reads back.

    Args:
        value: the float.
        digits: 7 for a float of four bytes, 15 for one of eight.
    """
    for text, special in _SPECIAL.items():
        if value == special or (value != value and special != special):
            return f'"{text}"'
    read_back = single if digits == 7 else float
    if read_back(float(f"{value:.{digits - 1}e}")) != value:
        digits += 2
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    sign = "-" if mantissa[0] == "-" else ""
    figures = mantissa.lstrip("-").replace(".", "").rstrip("0") or "0"
    if -5 <= power < digits:
        whole = figures[: power + 1].ljust(power + 1, "0") if power >= 0 else "0"
        part = figures[power + 1 :] if power >= 0 else "0" * (-power - 1) + figures
        return f"{sign}{whole}.{part or '0'}"
    part = f".{figures[1:]}" if len(figures) > 1 else ""
    return f"{sign}{figures[0]}{part}E{'-' if power < 0 else '+'}{abs(power):02d}"
