"""Test data: a hypothesis strategy for each message, derived from its declaration.

Needs hypothesis, which is imported with this module. Every value that a strategy draws can be
encoded, and decodes to itself.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any, TypeVar

from hypothesis import strategies as st

from cti_schema import kinds as k
from cti_schema.message import Record
from cti_schema.wire.json_body import number
from cti_schema.wire.report import unknown_kind

R = TypeVar("R", bound=Record)

#: Most items of a list, and most characters of a text of free length.
MOST = 4
_TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_LATIN1 = st.characters(max_codepoint=0xFF, exclude_characters="\0")
_ASCII = st.characters(min_codepoint=1, max_codepoint=0x7F)
_ALPHABETS = {"utf-16-le": _TEXT, "latin-1": _LATIN1, "ascii": _ASCII}


def messages(record: type[R]) -> st.SearchStrategy[R]:
    """Return a strategy for the messages of a class, or for a record."""
    return _record(record).map(lambda values: record(**values))


@st.composite
def _record(draw: st.DrawFn, record: type[Record]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    layout = record.spec.layout
    for kind in layout:
        if not kind.is_value:
            continue
        strategy = _strategy(_chosen(kind, values), f"{record.spec.name}.{kind.name}", values)
        values[kind.name] = draw(strategy)
    for kind in layout:
        # A count that is a field of its own must agree with its list, where the list is on the wire.
        if isinstance(kind, k.Array) and isinstance(kind.count, k.Scalar):
            if kind.when is None or values[kind.when[0].name] in kind.when[1]:
                values[kind.count.name] = len(values[kind.name])
            else:
                values[kind.name] = []
    return values


def _chosen(kind: k.Kind, values: dict[str, Any]) -> k.Kind:
    return kind.choose(values[kind.by.name]) if isinstance(kind, k.Variants) else kind


@singledispatch
def _strategy(kind: k.Kind, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    unknown_kind(kind, path)


@_strategy.register
def _(kind: k.Scalar, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind.is_float:
        return st.floats(width=32 if kind.type == "f32" else 64, allow_nan=True)
    least, greatest = kind.limits()
    any_integer = st.integers(least, greatest)
    if kind.enum is not None:
        made = kind.enum
        known = [one for one in made if least <= one <= greatest]
        return (st.sampled_from(known) | any_integer if known else any_integer).map(made)
    if kind.values:
        return st.sampled_from(list(kind.values)) | any_integer
    return any_integer


@_strategy.register
def _(kind: k.Text, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    def fits(text: str) -> bool:
        return k.text_length(text, kind.encoding) <= kind.units

    full = st.text(_ASCII, min_size=kind.units, max_size=kind.units) if kind.units <= 80 else st.nothing()
    return st.text(_ALPHABETS[kind.encoding], max_size=min(kind.units, 40)).filter(fits) | full


@_strategy.register
def _(kind: k.CountedText, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.text(_ALPHABETS[kind.encoding], max_size=40)


@_strategy.register
def _(kind: k.ZText, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.text(_LATIN1, max_size=40)


@_strategy.register
def _(kind: k.PrefixedText, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.text(_LATIN1, max_size=40)


@_strategy.register
def _(kind: k.Data, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    if isinstance(kind.length, int):
        return st.binary(min_size=kind.length, max_size=kind.length)
    return st.binary(max_size=64)


@_strategy.register
def _(kind: k.Array, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    item = _strategy(_chosen(kind.item, values), path, values)
    if isinstance(kind.count, int):
        return st.lists(item, min_size=kind.count, max_size=kind.count)
    return st.lists(item, max_size=MOST)


@_strategy.register
def _(kind: k.Table, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.lists(_strategy(kind.item, path, values), max_size=min(kind.length, MOST))


@_strategy.register
def _(kind: k.Nested, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    return messages(kind.record)


@_strategy.register
def _(kind: k.Rest, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.binary(max_size=64)


@_strategy.register
def _(kind: k.Document, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    leaf = (
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False)
        | st.just(float("nan"))
        | st.text(_TEXT, max_size=10)
    )
    names = st.text(_TEXT, min_size=1, max_size=8)
    inner = st.recursive(
        leaf,
        lambda one: st.lists(one, max_size=3) | st.dictionaries(names, one, max_size=3),
        max_leaves=6,
    )
    return st.dictionaries(names, inner, max_size=4)


@_strategy.register
def _(kind: k.Member, path: str, values: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind.ignored:
        return st.just(kind.default)
    return _json(kind.of)


def _json(of: k.JsonType) -> st.SearchStrategy[Any]:
    made = _json_value(of)
    return st.none() | made if of.nullable else made


def _json_value(of: k.JsonType) -> st.SearchStrategy[Any]:
    if of.record is not None:
        return messages(of.record)
    if of.item is not None:
        return st.lists(_json(of.item), max_size=MOST)
    if of.type == "text":
        return st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    if of.type == "bool":
        return st.booleans()
    if of.type == "null":
        return st.none()
    if of.type == "any":
        return st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(_TEXT, max_size=8)
    if of.type == "f32":
        # The text has as many digits as four bytes hold: draw what such a text can say.
        return st.floats(width=32, allow_nan=True).map(_shortest)
    if of.type == "f64":
        return st.floats(allow_nan=False) | st.just(float("nan"))
    least, greatest = k.Scalar(of.type).limits()
    any_integer = st.integers(least, greatest)
    if of.enum is not None:
        return (st.sampled_from(list(of.enum)) | any_integer).map(of.enum)
    return any_integer


def _shortest(value: float) -> float:
    if value != value:
        return float("nan")
    return float(number(value, 7).strip('"'))
