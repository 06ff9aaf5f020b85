"""What differs between two captures in meaning: messages that one has alone, and fields with other values.

Conversations are compared in the order in which they begin, their messages in the order of each. What is not
meant does not count: how TCP cut and repeated the bytes, times, addresses, reserved and surplus bytes, the
way a JSON text or a NaN is written. What is wrong with a frame does count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from cti_client.dump.align import Spoken, Talk, aligned
from cti_schema import kinds as k
from cti_schema.derive.jsonform import decoded_to_json
from cti_schema.registry import registry
from cti_schema.wire.codec import Decoded

__all__ = ["ABSENT", "Difference", "FieldDiffers", "OnlyIn", "differences", "label"]


class _Absent:
    """The value of a field that one message does not have."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class OnlyIn:
    """A message, or a whole conversation, that one capture has alone.

    Attributes:
        side: 0 for the first capture, 1 for the second.
        talk: the conversation.
        message: the message; ``None`` if it is the whole conversation.
    """

    side: int
    talk: Talk
    message: Spoken | None = None


@dataclass(frozen=True, slots=True)
class FieldDiffers:
    """A field with two values, in the shape of JSON.

    Attributes:
        talks: the two conversations.
        messages: the two messages.
        path: the field, like ``channels[0].voltage_v``; ``problems`` for what is wrong with the frames.
        values: the two values; `ABSENT` where there is none.
    """

    talks: tuple[Talk, Talk]
    messages: tuple[Spoken, Spoken]
    path: str
    values: tuple[Any, Any]


Difference = OnlyIn | FieldDiffers


def differences(
    first: Iterable[Talk], second: Iterable[Talk], *, secrets: bool = False
) -> Iterator[Difference]:
    """Yield what differs, conversation by conversation.

    Args:
        first: the conversations of one capture.
        second: those of the other.
        secrets: tell the values of secret fields; else only that they differ.
    """
    for one, other in zip_longest(first, second):
        if one is None or other is None:
            yield OnlyIn(int(one is None), one or other)
            continue
        for left, right in aligned(one.spoken, other.spoken):
            if left is None or right is None:
                yield OnlyIn(int(left is None), other if left is None else one, left or right)
            elif left.frame != right.frame:
                for path, values in _compared(left.decoded(), right.decoded(), secrets):
                    if not isinstance(_kind(left, path), k.Reserved):
                        yield FieldDiffers((one, other), (left, right), path, values)


def _compared(first: Decoded, second: Decoded, secrets: bool) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the paths of the fields that differ, each with its two values."""
    shapes = [decoded_to_json(one, secrets=True) for one in (first, second)]
    shown = shapes if secrets else [decoded_to_json(one, secrets=False) for one in (first, second)]
    yield from _differing("", *(shape["fields"] for shape in shapes), *(shape["fields"] for shape in shown))
    problems = [
        [{"kind": problem["kind"], "path": problem["path"]} for problem in shape.get("problems", [])]
        for shape in shapes
    ]
    if problems[0] != problems[1]:
        yield "problems", (problems[0], problems[1])


def _differing(
    path: str, first: Any, second: Any, shown: Any, shown_other: Any
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield where two values differ; what is shown of them may hide a secret."""
    if isinstance(first, dict) and isinstance(second, dict):
        for name in (*first, *(name for name in second if name not in first)):
            yield from _differing(
                f"{path}.{name}" if path else name,
                *(value.get(name, ABSENT) for value in (first, second)),
                *(value.get(name, ABSENT) if isinstance(value, dict) else value
                  for value in (shown, shown_other)),
            )  # fmt: skip
    elif isinstance(first, list) and isinstance(second, list):
        for index in range(max(len(first), len(second))):
            yield from _differing(
                f"{path}[{index}]",
                *(value[index] if index < len(value) else ABSENT for value in (first, second)),
                *((value[index] if index < len(value) else ABSENT) if isinstance(value, list) else value
                  for value in (shown, shown_other)),
            )  # fmt: skip
    elif not _same(first, second):
        yield path, (shown, shown_other)


_NAN: Final = re.compile("nan(:[0-9a-f]+)?")


def _same(first: Any, second: Any) -> bool:
    """Return whether two values mean the same, however they are written."""
    if first is ABSENT or second is ABSENT:
        return first is second
    if isinstance(first, str) and isinstance(second, str):
        return first == second or bool(_NAN.fullmatch(first) and _NAN.fullmatch(second))
    if isinstance(first, str) != isinstance(second, str):
        # An integer in quotes, which clients take for the number.
        number, text = (second, first) if isinstance(first, str) else (first, second)
        return isinstance(number, int) and not isinstance(number, bool) and text == str(number)
    return bool(first == second) and isinstance(first, bool) == isinstance(second, bool)


def label(message: Spoken, path: str, value: Any) -> str:
    """Return what an enumeration calls the value of a field; empty where there is none, or no name."""
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    kind = _kind(message, path)
    of: Any = kind.of if isinstance(kind, k.Member) else kind.item if isinstance(kind, k.Array) else kind
    while isinstance(of, k.JsonType) and of.item is not None:
        of = of.item
    values = getattr(of, "enum", None)
    if values is None or not hasattr(values, "label"):
        return ""
    found = values(value)
    return str(found.label) if found.known else ""


def _kind(message: Spoken, path: str) -> k.Kind | None:
    """Return the declared field of a path; ``None`` where there is none."""
    if message.name.startswith("unknown "):
        return None
    layout = registry().by_name(message.name).spec.layout
    kind: k.Kind | None = None
    for step in re.findall(r"[^.\[\]]+", path):
        if not step.isdigit():
            kind = next((one for one in layout if one.name == step), None)
            layout = _inner(kind)
    return kind


def _inner(kind: k.Kind | None) -> tuple[k.Kind, ...]:
    """Return the fields of the record that a field is, or that its items are."""
    if isinstance(kind, k.Array):
        return _inner(kind.item)
    if isinstance(kind, k.Variants):
        return tuple(inner for one in kind.alternatives() for inner in _inner(one))
    if isinstance(kind, k.Nested):
        return kind.record.spec.layout
    of = kind.of if isinstance(kind, k.Member) else None
    while of is not None and of.item is not None:
        of = of.item
    return of.record.spec.layout if of is not None and of.record is not None else ()
