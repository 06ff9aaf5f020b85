"""The one JSON shape of a message, from a message and back.

::

    {"message": "start_schedule", "direction": "request", "code": "0xBB320004",
     "fields": {"test_name": "a", "channel_count": 1, "channel_indices": [3]},
     "leftovers": {"test_name": "00410042"},
     "problems": [{"kind": "checksum", "path": "", "offset": 170, ...}]}

Enumerations are numbers (on the way back their names are taken too), bytes are hex, NaN is ``"nan"``
or ``"nan:`` and its bits, infinities are ``"inf"`` and ``"-inf"``. The result is strict JSON.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cti_schema import kinds as k
from cti_schema.errors import EncodeError, UnknownNameError
from cti_schema.message import Direction, Message, RecordSpec, UnknownMessage, same_value
from cti_schema.problems import KINDS, Problem
from cti_schema.registry import registry
from cti_schema.wire.codec import Decoded, encode_plain, plain
from cti_schema.wire.frame import build_frame
from cti_schema.wire.json_body import QuotedInt, read_leniently
from cti_schema.wire.report import join_path, shown
from cti_schema.wire.values import NaN

#: The members of the shape.
MEMBERS = ("message", "direction", "code", "fields", "leftovers", "problems")

#: What stands in the place of a secret that is not to be shown.
HIDDEN = "***"


def to_json(message: Message, problems: Sequence[Problem] = (), *, secrets: bool = True) -> dict[str, Any]:
    """Return the JSON shape of a message.

    Args:
        message: the message.
        problems: what was wrong with its frame.
        secrets: write the values of secret fields; else three asterisks stand there.
    """
    hidden = not secrets and holds_secret(message)
    if isinstance(message, UnknownMessage):
        code, direction = message.code, message.direction
        values: Any = {"body": HIDDEN if hidden else message.body}
        leftovers = {name: kept[0] for name, kept in message._kept.items()}
    else:
        code, direction = message.spec.code, message.spec.direction
        values, leftovers = plain(message)
        if hidden:
            leftovers = {path: raw for path, raw in leftovers.items() if not _is_secret(message.spec, path)}
            values = _hide(message.spec, values)
            problems = hide_problems(message, problems)
        values = _documents(message.spec, values)
    shape: dict[str, Any] = {
        "message": message.spec.name,
        "direction": direction.value,
        "code": f"0x{code:08X}",
        "fields": json_value(values),
    }
    if leftovers:
        shape["leftovers"] = {path: raw.hex() for path, raw in leftovers.items()}
    if problems:
        shape["problems"] = [problem.as_json() for problem in problems]
    return shape


def decoded_to_json(decoded: Decoded, *, secrets: bool = True) -> dict[str, Any]:
    """Return the JSON shape of a decoded frame, with its problems."""
    return to_json(decoded.message, decoded.problems, secrets=secrets)


def holds_secret(message: Message) -> bool:
    """Tell whether a message may hold a secret: a field of it is one, or its code has one the other way."""
    specs: list[RecordSpec] = [message.spec]
    if isinstance(message, UnknownMessage):
        specs = [one.spec for way in Direction for one in registry().candidates(way, message.code)]
    return any(kind.secret for spec in specs for kind in spec.layout)


def hide_problems(message: Message, problems: Sequence[Problem]) -> list[Problem]:
    """Return problems without what they say about the values of secret fields."""
    secret = {kind.name for kind in message.spec.layout if kind.secret}
    return [
        Problem(one.kind, KINDS[one.kind], one.path, one.offset) if one.path in secret else one
        for one in problems
    ]


def _is_secret(spec: RecordSpec, path: str) -> bool:
    """Tell whether a leftover may show a secret: its own, or bytes in which the fields are not told apart."""
    kind = spec.field(path)
    return path in ("json", "truncated", "surplus") or (kind is not None and kind.secret)


def _hide(spec: RecordSpec, values: Any) -> Any:
    """Return the values of a message that has secrets; what is not declared may be one, misspelt."""
    if not isinstance(values, dict):
        return values if values is None else HIDDEN
    shown = {kind.name for kind in spec.layout if not kind.secret}
    return {name: value if name in shown else HIDDEN for name, value in values.items()}


#: Numbers of a BSON document that JSON has no number for are written as in MongoDB's Extended JSON.
_DOUBLE = "$numberDouble"
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _documents(spec: RecordSpec, values: Any) -> Any:
    names = [kind.name for kind in spec.layout if isinstance(kind, k.Document) and kind.name in values]
    return {**values, **{name: _document(values[name]) for name in names}} if names else values


def _document(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _document(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_document(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {_DOUBLE: "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    return value


def _from_document(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {_DOUBLE} and value[_DOUBLE] in _SPECIAL:
            return _SPECIAL[value[_DOUBLE]]
        return {name: _from_document(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_from_document(inner) for inner in value]
    return value


def json_value(value: Any) -> Any:
    """Return a plain value as strict JSON has it."""
    kind = value.__class__
    if kind is int or kind is str or (kind is float and value - value == 0.0):
        return value  # nearly all of them
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, QuotedInt):
        return value.text
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if isinstance(value, NaN):
            return repr(value)
        if math.isnan(value):
            return "nan"
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return float(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, Mapping):
        return {name: json_value(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(inner) for inner in value]
    return value


def encode_json(shape: Mapping[str, Any], *, surplus: bool = False) -> bytes:
    """Build the frame that a JSON shape describes.

    Args:
        shape: ``message`` and ``fields`` are needed; ``direction`` and ``code`` only of an unknown
            message, else they are checked; ``problems`` are ignored: the frame is written right.
        surplus: write the surplus zero bytes that the vendor's library is known to write.

    Raises:
        UnknownNameError: no such message or field.
        EncodeError: a value does not fit its field, or the shape is not of the form.
    """
    if not isinstance(shape, Mapping):
        raise EncodeError("", f"a JSON object is needed, not {type(shape).__name__}")
    for member in shape:
        if member not in MEMBERS:
            raise UnknownNameError("member of a message", str(member), MEMBERS)
    name = shape.get("message")
    if not isinstance(name, str):
        raise EncodeError("message", "the name of the message is missing")
    leftovers = _leftovers(shape.get("leftovers", {}))
    if name == UnknownMessage.spec.name:
        return _encode_unknown(shape, leftovers)
    message = registry().by_name(name)
    spec = message.spec
    for key, expected in (("direction", spec.direction.value), ("code", f"0x{spec.code:08X}")):
        if str(shape.get(key, expected)).lower() != expected.lower():
            raise EncodeError(key, f"{name} has the {key} {expected}, not {shape[key]}")
    if "fields" not in shape:
        raise EncodeError("fields", "the fields are missing")
    fields = from_json_fields(spec, shape["fields"], leftovers)
    if "json" in leftovers:
        # Members that are not declared have no type: a text and a number may look the same here.
        as_read, _ = read_leniently(spec.members, leftovers["json"])
        if same_value(json_value(as_read), shape["fields"]):
            fields = as_read
    return encode_plain(message, fields, leftovers, surplus=surplus)


def _encode_unknown(shape: Mapping[str, Any], leftovers: dict[str, bytes]) -> bytes:
    try:
        code = int(str(shape["code"]), 16)
        direction = Direction(shape["direction"])
        fields = shape["fields"]
    except (KeyError, ValueError):
        raise EncodeError("", "an unknown message needs its code, direction and fields") from None
    if not isinstance(fields, Mapping) or set(fields) != {"body"} or not 0 <= code < 2**32:
        raise EncodeError("fields", "an unknown message has one field, body")
    extended = int.from_bytes(leftovers.get("extended_code", b""), "little")
    return build_frame(code, _bytes(fields["body"], "body"), direction, extended)


def _leftovers(shape: Any) -> dict[str, bytes]:
    if not isinstance(shape, Mapping):
        raise EncodeError("leftovers", "an object of hex texts is needed")
    return {str(path): _bytes(raw, f"leftovers.{path}") for path, raw in shape.items()}


def _bytes(value: Any, path: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except (TypeError, ValueError):
        raise EncodeError(path, f"a hex text is needed, not {shown(value)}") from None


def from_json_fields(spec: RecordSpec, fields: Any, leftovers: Mapping[str, bytes] | None = None) -> Any:
    """Return plain values from the ``fields`` of a JSON shape.

    Raises:
        UnknownNameError: the message has no such field.
        EncodeError: a value is not of the form that its field has in JSON.
    """
    if spec.form == "json":
        return _members(spec, fields, "json" in (leftovers or {}))
    if not isinstance(fields, Mapping):
        raise EncodeError("fields", f"an object is needed, not {type(fields).__name__}")
    return _fields(spec, fields, [])


def _fields(spec: RecordSpec, fields: Mapping[str, Any], steps: list[str | int]) -> dict[str, Any]:
    kinds = {kind.name: kind for kind in spec.layout if not isinstance(kind, k.Surplus)}
    values: dict[str, Any] = {}
    for name, value in fields.items():
        kind = kinds.get(name)
        if kind is None:
            raise UnknownNameError(
                "field", join_path([*steps, name]), [join_path([*steps, one]) for one in kinds]
            )
        chosen = _chosen(kind, fields)
        values[name] = _field(chosen, value, [*steps, name], fields)
    return values


def _chosen(kind: k.Kind, fields: Mapping[str, Any]) -> k.Kind:
    """Return the layout that a variant has beside these fields."""
    if isinstance(kind, k.Variants):
        return kind.choose(_number(kind.by, fields.get(kind.by.name), [kind.by.name]))
    return kind


def _field(kind: k.Kind, value: Any, steps: list[str | int], fields: Mapping[str, Any]) -> Any:
    if isinstance(kind, (k.Array, k.Table)):
        if not isinstance(value, (list, tuple)):
            raise EncodeError(join_path(steps), f"a list is needed, not {shown(value)}")
        item = _chosen(kind.item, fields)
        return [_field(item, one, [*steps, index], fields) for index, one in enumerate(value)]
    if isinstance(kind, k.Nested):
        if not isinstance(value, Mapping):
            raise EncodeError(join_path(steps), f"an object is needed, not {shown(value)}")
        return _fields(kind.record.spec, value, steps)
    if isinstance(kind, k.Scalar):
        return _number(kind, value, steps)
    if isinstance(kind, (k.Data, k.Reserved, k.Rest)):
        return _bytes(value, join_path(steps))
    if isinstance(kind, k.Document):
        return _from_document(value)
    return value


def _number(kind: k.Scalar, value: Any, steps: list[str | int]) -> Any:
    if kind.is_float and isinstance(value, str):
        return _float(value, kind.packer.size, steps)
    if isinstance(value, str) and kind.enum is not None:
        return _enum(kind.enum, value, steps)
    return value


def _float(text: str, size: int, steps: list[str | int]) -> float:
    if text in ("nan", "inf", "-inf"):
        return float(text)
    name, _, bits = text.partition(":")
    try:
        if name == "nan" and len(bits) == 2 * size:
            pattern = int(bits, 16)
            # Only the bits of a NaN are one; others would be another number.
            exponent, fraction = (0xFF << 23, 2**23 - 1) if size == 4 else (0x7FF << 52, 2**52 - 1)
            if pattern & exponent == exponent and pattern & fraction:
                return NaN(pattern, size)
    except ValueError:
        pass
    raise EncodeError(join_path(steps), f'a number, "nan", "inf" or "-inf" is needed, not {shown(text)}')


def _enum(values: Any, text: str, steps: list[str | int]) -> int:
    names = {name.lower(): int(member) for name, member in values.__members__.items()}
    if text.lower() not in names:
        raise UnknownNameError(f"value of {join_path(steps)}", text, names)
    return names[text.lower()]


def _members(spec: RecordSpec, fields: Any, as_written: bool, steps: list[str | int] | None = None) -> Any:
    """Return the plain values of a JSON body; what is kept as it was written may have other members."""
    steps = steps or []
    if not isinstance(fields, Mapping):
        if fields is None or as_written:
            return fields
        raise EncodeError(join_path(steps) or "fields", f"an object is needed, not {shown(fields)}")
    values: dict[str, Any] = {}
    for name, value in fields.items():
        kind = spec.field(name)
        if isinstance(kind, k.Member):
            values[name] = _member(kind.of, value, as_written, [*steps, name])
        elif as_written:
            values[name] = value
        else:
            known = [join_path([*steps, one.name]) for one in spec.layout]
            raise UnknownNameError("field", join_path([*steps, name]), known)
    return values


def _member(of: k.JsonType, value: Any, as_written: bool, steps: list[str | int]) -> Any:
    if of.record is not None and isinstance(value, Mapping):
        return _members(of.record.spec, value, as_written, steps)
    if of.item is not None and isinstance(value, (list, tuple)):
        return [_member(of.item, one, as_written, [*steps, index]) for index, one in enumerate(value)]
    if isinstance(value, str):
        if of.type in ("f32", "f64") and value in ("nan", "inf", "-inf"):
            return float(value)
        if of.type[0] in "iu" and of.type[1:].isdigit():
            if QuotedInt.FORM.fullmatch(value):
                return QuotedInt(value)
            if of.enum is not None and not as_written:
                return _enum(of.enum, value, steps)
    return value


def from_json(shape: Mapping[str, Any]) -> Message:
    """Return the message that a JSON shape describes.

    Raises:
        UnknownNameError: no such message or field.
        EncodeError: a value does not fit its field.
    """
    from cti_schema.wire.codec import inspect

    frame = encode_json(shape)
    return inspect(frame, shape.get("direction"), spans=False).message
