"""Words of a command line to the fields of a request. What a field takes is read from its declaration.

``channel_index=4``, ``aux_options=0x700``, ``result=success``, ``channel_indices=[0,1]``, bytes as hex.
The result is the ``fields`` of the toolkit's JSON shape, so that names and types are checked in one place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from cti_schema import kinds as k
from cti_schema.derive.jsonform import json_value
from cti_schema.errors import EncodeError, UnknownNameError
from cti_schema.message import RecordSpec


def fields(spec: RecordSpec, words: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a request: the declared defaults, and over them what the words say.

    Args:
        spec: the request's declaration.
        words: ``name=value`` each.

    Raises:
        EncodeError: a word is not of that form, or a value not of the form of its field.
        UnknownNameError: the request has no such field.
    """
    texts = dict(_split(words))
    kinds = {kind.name: kind for kind in spec.layout if not isinstance(kind, k.Surplus)}
    for name in texts:
        if name not in kinds:
            raise UnknownNameError(f"field of {spec.name}", name, kinds)
    found: dict[str, Any] = {}
    for name, kind in kinds.items():
        if name in texts:
            chosen = kind.choose(_number_of(kind.by, found)) if isinstance(kind, k.Variants) else kind
            found[name] = value(chosen, texts[name], name)
        elif kind.is_value and kind.default is not k.MISSING:
            found[name] = json_value(kind.default)
    return found


def missing(spec: RecordSpec, fields: dict[str, Any]) -> list[k.Kind]:
    """Return the fields that have neither a value nor a declared default.

    Zero would be a channel: nothing is filled in that the declaration does not say.
    """
    return [kind for kind in spec.values if kind.name not in fields and not _may_be_absent(kind)]


def _may_be_absent(kind: k.Kind) -> bool:
    return isinstance(kind, k.Array) and kind.when is not None


def _split(words: Iterable[str]) -> Iterable[tuple[str, str]]:
    seen = set()
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise EncodeError("", f"{word!r} is not of the form field=value")
        if name in seen:
            raise EncodeError(name, "the field is given twice")
        seen.add(name)
        yield name, text


def _number_of(by: k.Scalar, found: dict[str, Any]) -> int:
    """Return the value of a field that chooses a layout, which stands in front of it."""
    chosen = found.get(by.name)
    if isinstance(chosen, str) and by.enum is not None:
        chosen = {name.lower(): int(one) for name, one in by.enum.__members__.items()}.get(chosen.lower())
    if not isinstance(chosen, int):
        raise EncodeError(by.name, "give it too: it tells what the fields behind it are")
    return chosen


def value(kind: k.Kind, text: str, path: str) -> Any:
    """Return the JSON form of one value.

    Raises:
        EncodeError: the text is not of the form that the kind of field needs.
    """
    if isinstance(kind, k.Member):
        return _member(kind.of, text, path)
    if isinstance(kind, k.Scalar):
        return _float(text, path) if kind.is_float else _integer(text, path, names=kind.enum is not None)
    if isinstance(kind, k.Count):
        return _integer(text, path, names=False)
    if isinstance(kind, (k.Array, k.Table, k.Nested, k.Document)):
        return _json(text, path, _example(kind))
    return text  # texts as they are, bytes as hex


def _member(of: k.JsonType, text: str, path: str) -> Any:
    if of.type == "text":
        return text
    if of.type == "bool":
        if text.lower() not in ("true", "false"):
            raise EncodeError(path, f"true or false is needed, not {text!r}")
        return text.lower() == "true"
    if of.type in ("f32", "f64"):
        return _float(text, path)
    if of.type in ("object", "list", "any", "null"):
        return _json(text, path, "[]" if of.type == "list" else "{}" if of.type == "object" else "null")
    return _integer(text, path, names=of.enum is not None)


def _integer(text: str, path: str, *, names: bool) -> int | str:
    try:
        return int(text, 0)
    except ValueError:
        if names and text:
            return text  # a name of the enumeration; checked where all names are
        raise EncodeError(path, f"a whole number like 5 or 0x5 is needed, not {text!r}") from None


def _float(text: str, path: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        if text.startswith("nan:"):
            return text
        raise EncodeError(path, f"a number is needed, not {text!r}") from None
    return number if math.isfinite(number) else str(json_value(number))


def _example(kind: k.Kind) -> str:
    if isinstance(kind, k.Array) and not isinstance(kind.item, k.Scalar):
        return '[{"field": 1}]' if isinstance(kind.item, (k.Nested, k.Variants)) else '["a", "b"]'
    return '{"field": 1}' if isinstance(kind, (k.Nested, k.Document)) else "[0, 1]"


def _json(text: str, path: str, example: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise EncodeError(path, f"JSON like {example} is needed, not {text!r}: {error}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
