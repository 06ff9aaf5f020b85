"""Filters like ``start_schedule and channel == 3``: a text to a function that tells whether a message passes.

A name may have several values in one message (a list of channels). A comparison holds if it holds for one of
them; ``!=`` holds if there is a value and none is equal. A name that a message has not makes every comparison
false, and ``not`` makes that true.
"""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from cti_client.dump.conversation import Heard
from cti_client.dump.filter_names import Name, is_message, known_names, resolve, result_labels
from cti_schema.enumerations import Code
from cti_schema.errors import InputError

__all__ = ["Filter", "FilterError", "parse"]

#: Tells whether a message passes.
Filter = Callable[[Heard], bool]

#: Tells whether one value passes.
_Test = Callable[[Any], bool]

_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip


class FilterError(InputError):
    """A filter that cannot be understood.

    Attributes:
        text: the filter.
        column: where it stops making sense, from 0.
        reason: why, in one sentence.
    """

    def __init__(self, text: str, column: int, reason: str) -> None:
        self.text = text
        self.column = column
        self.reason = reason
        super().__init__(f"wrong filter: {reason}\n  {text}\n  {' ' * column}^")


def parse(text: str) -> Filter:
    """Return the filter that a text describes.

    Raises:
        FilterError: the text is no filter, or names something that there is not.
    """
    flat = text.replace("\n", " ").replace("\t", " ")
    try:
        tree = _grammar().parse(flat)
        found: Filter = _Maker(flat).transform(tree)
    except VisitError as error:
        if isinstance(error.orig_exc, FilterError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput as error:
        raise _syntax(flat, error) from None
    except RecursionError:
        raise FilterError(flat[:60], 0, "it is nested too deeply") from None
    return found


@cache
def _grammar() -> Lark:
    source = files("cti_client.dump").joinpath("filters.lark").read_text(encoding="utf-8")
    return Lark(source, parser="lalr", maybe_placeholders=False)


_WORDS: Final = {
    "NAME": "a name", "NUMBER": "a number", "STRING": "a text in quotes", "COMPARISON": "==",
    "_AND": "and", "_OR": "or", "_NOT": "not", "_IN": "in", "_CONTAINS": "contains",
    "LPAR": "(", "RPAR": ")", "LBRACE": "{", "RBRACE": "}", "COMMA": ",", "_TO": "..", "$END": "the end",
}  # fmt: skip


def _syntax(text: str, error: UnexpectedInput) -> FilterError:
    if isinstance(error, UnexpectedCharacters):
        expected, column = error.allowed or set(), error.column - 1
        found = repr(text[column : column + 1])
    elif isinstance(error, UnexpectedToken):
        expected, column = error.accepts or error.expected, error.column - 1
        found = "the end" if error.token.type == "$END" else repr(str(error.token))
        column = len(text) if error.token.type == "$END" else column
    else:
        expected = set(error.expected) if isinstance(error, UnexpectedEOF) else set()
        column, found = len(text), "the end"
    wanted = sorted(_WORDS.get(name, name) for name in expected)
    reason = f"{found} is not expected here"
    if wanted:
        reason += f"; possible: {', '.join(wanted)}"
    return FilterError(text, column, reason)


@v_args(inline=True)
class _Maker(Transformer[Token, Any]):
    """Makes functions of what was parsed, from the inside outwards."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def either(self, *filters: Filter) -> Filter:
        return lambda heard: any(one(heard) for one in filters)

    def both(self, *filters: Filter) -> Filter:
        return lambda heard: all(one(heard) for one in filters)

    def negation(self, inner: Filter) -> Filter:
        return lambda heard: not inner(heard)

    def name(self, token: Token) -> Token:
        return token

    def value(self, token: Token) -> Token:
        return token

    def presence(self, token: Token) -> Filter:
        if is_message(token):
            wanted = str(token)
            return lambda heard: heard.decoded.message.spec.name == wanted
        values = self._name(token).values
        return lambda heard: any(True for _ in values(heard))

    def comparison(self, token: Token, sign: Token, value: Token) -> Filter:
        name = self._name(token)
        if sign in ("==", "!="):
            same = self._equal(name, token, value)
            if sign == "==":
                return lambda heard: any(same(one) for one in name.values(heard))

            def none_is_equal(heard: Heard) -> bool:
                found = list(name.values(heard))
                return bool(found) and not any(same(one) for one in found)

            return none_is_equal
        if name.kind in ("text", "bytes"):
            reason = f"{token} is {'a text' if name.kind == 'text' else 'bytes'}; use ==, != or contains"
            raise self._wrong(sign, reason)
        limit, compare = self._number(value), _ORDER[str(sign)]
        return lambda heard: any(_is_number(one) and compare(one, limit) for one in name.values(heard))

    def contains(self, token: Token, value: Token) -> Filter:
        name = self._name(token)
        part = _unquoted(value).lower()
        raw = _hex(part)

        def inside(one: Any) -> bool:
            if isinstance(one, (bytes, bytearray)):
                return raw is not None and raw in one
            return part in (one.label if isinstance(one, Code) else str(one)).lower()

        if name.kind == "bytes" and raw is None:
            raise self._wrong(value, f"{token} is bytes: write the part as hex digits")
        return lambda heard: any(inside(one) for one in name.values(heard))

    def membership(self, token: Token, *choices: Any) -> Filter:
        name = self._name(token)
        tests = [
            one if callable(one) and not isinstance(one, Token) else self._equal(name, token, one)
            for one in choices
        ]
        return lambda heard: any(test(one) for one in name.values(heard) for test in tests)

    def span(self, low: Token, high: Token) -> _Test:
        least, most = self._number(low), self._number(high)
        return lambda one: _is_number(one) and least <= one <= most

    def _wrong(self, token: Token, reason: str) -> FilterError:
        return FilterError(self._text, (token.column or 1) - 1, reason)

    def _name(self, token: Token) -> Name:
        name = resolve(str(token))
        if name is not None:
            return name
        if is_message(token):
            raise self._wrong(token, f"{token} is a message: it stands alone, or before the name of a field")
        near = _nearest(str(token), known_names())
        raise self._wrong(token, f"there is no message or field called {token}{near}")

    def _number(self, token: Token) -> float:
        if token.type == "NUMBER":
            return _number(token)
        try:
            return float(_unquoted(token))
        except ValueError:
            raise self._wrong(token, f"a number is needed, not {token}") from None

    def _equal(self, name: Name, token: Token, value: Token) -> _Test:
        """Return the test for being equal to a value."""
        if value.type == "NUMBER":
            number, text = _number(value), str(value)
            if name.kind == "bytes":
                return self._equal_bytes(token, value)
            return lambda one: one == number if _is_number(one) else str(one) == text
        word = _unquoted(value)
        if name.kind == "bytes":
            return self._equal_bytes(token, value)
        if value.type == "NAME" and word.lower() in ("nan", "inf", "true", "false"):
            return _word(word.lower())
        if name.kind in ("code", "result"):
            labels = result_labels() if name.kind == "result" else name.labels
            if word.lower() not in labels and not word.lower().startswith("unknown"):
                raise self._wrong(value, f"{token} is never {word}{_nearest(word.lower(), labels)}")
        elif name.kind == "number":
            raise self._wrong(value, f"{token} is a number, {value} is none")
        wanted = word.lower() if name.kind in ("code", "result") else word
        return lambda one: (one.label if isinstance(one, Code) else str(one)) == wanted

    def _equal_bytes(self, token: Token, value: Token) -> _Test:
        raw = _hex(_unquoted(value))
        if raw is None:
            raise self._wrong(value, f"{token} is bytes: write them as hex digits")
        return lambda one: one == raw


def _word(word: str) -> _Test:
    if word == "nan":
        return lambda one: isinstance(one, float) and math.isnan(one)
    if word == "inf":
        return lambda one: isinstance(one, float) and math.isinf(one)
    return lambda one: isinstance(one, (bool, int)) and bool(one) is (word == "true")


def _is_number(one: Any) -> bool:
    return isinstance(one, (int, float))


def _number(token: Token) -> float:
    text = str(token).lower()
    return int(text, 16) if "0x" in text else int(text) if text.lstrip("+-").isdigit() else float(text)


def _unquoted(token: Token) -> str:
    text = str(token)
    if token.type != "STRING":
        return text
    inner, plain = iter(text[1:-1]), ""
    for character in inner:
        plain += next(inner, "") if character == "\\" else character
    return plain


def _hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text.removeprefix("0x").replace(":", " "))
    except ValueError:
        return None


def _nearest(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""
