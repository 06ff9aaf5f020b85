"""Decodes a frame in every way that there is, and tells where they do not agree."""

from __future__ import annotations

from typing import Any

from cti_schema import Direction, decode, encode
from cti_schema.compile.lazy import View, view
from cti_schema.errors import CTIError, DecodeError
from cti_schema.message import Record, same_value
from cti_schema.problems import NOTES
from cti_schema.wire.codec import inspect


def outcome(call: Any, *args: Any, **options: Any) -> tuple[Any, str]:
    """Return what a call returns, and an empty text; or ``None`` and the documented error in words.

    An error that is not documented goes on.
    """
    try:
        return call(*args, **options), ""
    except CTIError as error:
        return None, f"{type(error).__name__}: {error}"


def examine(frame: bytes, direction: Direction, everything: bool) -> tuple[str, list[str]]:
    """Decode a frame in every way, and return the outcome and what does not agree.

    Args:
        frame: a frame, or what is left of one.
        direction: which way it goes.
        everything: decode a frame that is refused strictly too, and compare with its view and with the
            interpreted struct.
    """
    wrong: list[str] = []
    found, hopeless = outcome(decode, frame, direction, strict=False)
    serious = [] if found is None else [one for one in found.problems if one.kind not in NOTES]
    if (found is None or serious) and not everything:
        return (serious[0].kind if serious else "no frame"), wrong
    message, refused, kind = None, "", "accepted"
    try:
        message = decode(frame, direction)
    except DecodeError as error:
        refused = f"{type(error).__name__}: {error}"
        kind = error.problem.kind if serious else "no frame"
    if found is None:
        if hopeless != refused or not hopeless.startswith("FrameError"):
            wrong.append(f"lenient says {hopeless}, strict {refused or 'nothing'}")
        return kind, wrong
    if bool(serious) != bool(refused) or not refused.endswith(str(serious[0]) if serious else ""):
        wrong.append(f"strict says {refused or 'nothing'}, lenient {[str(one) for one in serious][:2]}")
    if message is not None:
        if not same(message, found.message):
            wrong.append("strict and lenient decoding return different messages")
        again, unwritten = outcome(encode, message)
        if again != frame:
            wrong.append(f"encoded again it is another frame {unwritten}")
    if not everything:
        return kind, wrong
    seen, unseen = outcome(view, frame, direction)
    if refused or unseen:
        if refused != unseen and not (seen is not None and kind == "text"):
            wrong.append(f"decode says {refused or 'nothing'}, view {unseen or 'nothing'}")
    elif message is not None:
        read, unread = outcome(same, message, seen)
        if not read:
            wrong.append(f"the view has other values {unread}")
    slowly, slow_refused = outcome(inspect, frame, direction, strict=True, spans=True)
    if slow_refused != refused:
        wrong.append(f"compiled says {refused or 'nothing'}, interpreted {slow_refused or 'nothing'}")
    elif message is not None and not same(message, slowly.message):
        wrong.append("compiled and interpreted decoding return different messages")
    slowly, _ = outcome(inspect, frame, direction, strict=False, spans=True)
    if slowly is None or slowly.problems != found.problems:
        wrong.append("compiled and interpreted decoding tell different problems")
    elif not same(found.message, slowly.message):
        wrong.append("compiled and interpreted lenient decoding return different messages")
    return kind, wrong


def same(a: Any, b: Any) -> bool:
    """Tell whether two messages, or a message and a view of one, have the same values."""
    if isinstance(b, View):
        seen = {kind.name: value for kind, value in b.present()}
        mine = {kind.name: value for kind, value in a.present()}
        return mine.keys() == seen.keys() and all(same(mine[name], seen[name]) for name in mine)
    if isinstance(a, list):
        return len(a) == len(b) and all(same(one, other) for one, other in zip(a, b, strict=True))
    if isinstance(a, Record):
        return bool(a == b)
    return same_value(a, b)
