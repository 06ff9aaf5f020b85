"""Conditions like ``temperature_t1_degc > 45 for 10 s``: a text to something that can be asked.

``for`` is about all that stands before it, up to its parenthesis. An absent value makes a comparison, and
what is made of it, neither true nor false, and no rule fires on that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from cti_client.record.tables import Kind
from cti_client.watch.fields import Field, field_of
from cti_client.watch.nodes import (
    ORDER,
    Both,
    Comparison,
    Either,
    Event,
    Lasting,
    Measured,
    Negation,
    Node,
    Plain,
    Rate,
    Silence,
    parts,
)
from cti_schema.errors import ConfigurationError, UnknownNameError

__all__ = ["TEST_ENDED", "Condition", "parse"]

_MS: Final = {"s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}

#: The window of a rate where none is written, in milliseconds.
_WINDOW_MS: Final = 60_000

#: Longest time that a condition may name, in milliseconds.
_MOST_MS: Final = 366 * _MS["d"]

TEST_ENDED: Final = "test ended"
_EVENTS: Final = ("test started", TEST_ENDED, "status changed")

_TRUTH: Final = {"true": 1, "false": 0}


@dataclass(frozen=True, eq=False, slots=True)
class Condition:
    """What a text means.

    Attributes:
        text: as it was written.
        node: tells whether it holds.
        measured: what it compares, each once.
        momentary: it can hold at single moments only: it names an event.
        silence_ms: how long a cycler must not have answered; ``None`` where it is not about that.
    """

    text: str
    node: Node
    measured: tuple[Measured, ...]
    momentary: bool
    silence_ms: int | None

    def names_event(self, event: str) -> bool:
        """Tell whether an event stands in it."""
        return any(isinstance(part, Event) and part.name == event for part in parts(self.node))

    def loosened(self, by: float) -> Node | None:
        """Return the comparison that is the opposite of this one and farther away by so much.

        Returns:
            ``None`` where this is more than the comparison of a value with a number.
        """
        node = self.node.node if isinstance(self.node, Lasting) else self.node
        if not isinstance(node, Comparison) or node.sign not in ORDER or isinstance(node.limit, str):
            return None
        above = node.sign in (">", ">=")
        return replace(node, sign="<" if above else ">", limit=node.limit - by if above else node.limit + by)


def parse(text: str) -> Condition:
    """Return the condition that a text describes.

    Raises:
        ConfigurationError: it is none, or names a field, a value or an event that there is not.
    """
    flat = " ".join(text.split())
    try:
        node: Node = _Maker().transform(_grammar().parse(flat))
        if not isinstance(node, Silence) and any(isinstance(part, Silence) for part in parts(node)):
            raise ConfigurationError("'no reading' stands alone: then there is no value to compare")
        momentary = _momentary(node)
    except VisitError as error:
        if isinstance(error.orig_exc, ConfigurationError):
            raise ConfigurationError(f"{flat!r}: {error.orig_exc}") from None
        raise
    except ConfigurationError as error:
        raise ConfigurationError(f"{flat!r}: {error}") from None
    except UnexpectedInput as error:
        raise ConfigurationError(f"{flat!r}: {_syntax(flat, error)}") from None
    except RecursionError:
        raise ConfigurationError(f"{flat[:60]!r}...: it is nested too deeply") from None
    measured = {
        part.measured.name: part.measured for part in parts(node) if isinstance(part, Comparison)
    }  # fmt: skip
    silence_ms = node.ms if isinstance(node, Silence) else None
    return Condition(flat, node, tuple(measured.values()), momentary, silence_ms)


def _momentary(node: Node) -> bool:
    """Tell whether a condition can hold at single moments only.

    Raises:
        ConfigurationError: an event stands where it makes no sense.
    """
    if isinstance(node, Event):
        return True
    if isinstance(node, Both | Either):
        found = [_momentary(one) for one in node.nodes]
        if isinstance(node, Both):
            return any(found)
        if any(found) and not all(found):
            raise ConfigurationError(
                "an event (test ended) and what lasts are not joined by or: write two rules"
            )
        return all(found)
    if isinstance(node, Negation | Lasting) and _momentary(node.node):
        what = "not" if isinstance(node, Negation) else "for"
        raise ConfigurationError(f"{what!r} makes no sense with an event, which happens at one moment")
    return False


@cache
def _grammar() -> Lark:
    source = files("cti_client.watch").joinpath("conditions.lark").read_text(encoding="utf-8")
    return Lark(source, parser="lalr", maybe_placeholders=False)


_WORDS: Final = {
    "NAME": "a field", "NUMBER": "a number", "STRING": "a text in quotes", "COMPARISON": "== != < <= > >=",
    "_AND": "and", "_OR": "or", "_NOT": "not", "_FOR": "for", "_PER": "per", "UNIT": "s, min, h or d",
    "EVENT": "", "_SILENCE": "no reading", "_RATE": "rate(", "LPAR": "(", "RPAR": ")", "COMMA": ",",
    "$END": "the end",
}  # fmt: skip


def _syntax(text: str, error: UnexpectedInput) -> str:
    expected: set[str] = set()
    found = "the end"
    before = text[: getattr(error, "column", 1) - 1]
    if isinstance(error, UnexpectedCharacters):
        expected, found = error.allowed or set(), repr(text[error.column - 1 :].split(" ")[0])
    elif isinstance(error, UnexpectedToken):
        expected = error.accepts or error.expected
        if error.token.type != "$END":
            found = repr(str(error.token))
        if error.token.type in ("_AND", "_OR") and "$END" in expected:
            return f"{found} stands behind 'for': put parentheses around what is before it, up to its time"
    elif isinstance(error, UnexpectedEOF):
        expected = set(error.expected)
    if "UNIT" not in expected and re.match(r"'[^\W\d]", found) and re.search(r"[\d.]\s*$", before):
        return f"{found} is not expected here: a number stands alone, its unit is in the name of the field"
    wanted = sorted(word for name in expected if (word := _WORDS.get(name, name)))
    return f"{found} is not expected here" + (f"; possible: {', '.join(wanted)}" if wanted else "")


@v_args(inline=True)
class _Maker(Transformer[Token, Any]):
    """Makes nodes of what was parsed, from the inside outwards."""

    def either(self, *nodes: Node) -> Node:
        return Either(nodes)

    def both(self, *nodes: Node) -> Node:
        return Both(nodes)

    def negation(self, node: Node) -> Node:
        return Negation(node)

    def lasting(self, node: Node, ms: int) -> Node:
        return Lasting(node, ms)

    def silence(self, ms: int) -> Node:
        return Silence(ms)

    def duration(self, number: Token, unit: Token) -> int:
        ms = float(number) * _MS[unit]
        if not 0 < ms <= _MOST_MS:
            raise ConfigurationError(f"{number} {unit} is no time: it must be above 0, and at most a year")
        return max(1, round(ms))

    def value(self, token: Token) -> Token:
        return token

    def event(self, name: Token, happened: Token) -> Node:
        event = f"{name} {happened}".lower()
        if event not in _EVENTS:
            raise ConfigurationError(
                f"{UnknownNameError('event', event, _EVENTS)} (known: {', '.join(_EVENTS)})"
            )
        return Event(event)

    def comparison(self, name: Token, sign: Token, value: Token) -> Node:
        field = field_of(str(name))
        return Comparison(Plain(field), str(sign), _limit(field, str(sign), value))

    def rate(self, name: Token, *rest: Any) -> Node:
        window_ms = rest[0] if isinstance(rest[0], int) else _WINDOW_MS
        sign, number, unit = rest[-3:]
        field = field_of(str(name))
        if field.kind is Kind.TEXT:
            raise ConfigurationError(f"{field.name} is a text, which has no rate")
        return Comparison(Rate(field, window_ms, _MS[unit], str(unit)), str(sign), float(number))


def _limit(field: Field, sign: str, value: Token) -> float | str:
    """Return what a field is compared with."""
    word = str(value)[1:-1] if value.type == "STRING" else str(value)
    if field.kind is not Kind.TEXT:
        if value.type == "NUMBER":
            return float(word)
        if field.name == "comm_failure" and word.lower() in _TRUTH:
            return _TRUTH[word.lower()]
        raise ConfigurationError(f"{field.name} is a number, {value} is none")
    if sign in ORDER:
        raise ConfigurationError(f"{field.name} is a text: use == or !=, not {sign}")
    if field.labels:
        word = word.lower()
        if word not in field.labels:
            error = UnknownNameError(field.name, word, field.labels)
            raise ConfigurationError(f"{error} (known: {', '.join(field.labels)})")
        return word
    if value.type != "STRING":
        raise ConfigurationError(f'{field.name} is a text: write it in quotes, "{word}"')
    return word
