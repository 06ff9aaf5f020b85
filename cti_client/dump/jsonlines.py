"""Conversations as JSON Lines: the one JSON shape of each message, with its time and place beside it.

Strict JSON: no NaN, no lone surrogates, one object per line.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cti_client.dump.conversation import Entry, Heard, Missed, Unanswered
from cti_schema.derive.jsonform import decoded_to_json

__all__ = ["dumps", "entry_json"]


def dumps(shape: Any, encoding: str = "utf-8") -> str:
    """Return a value as one line of strict JSON.

    Characters that cannot be printed are escaped, so that they neither act on a terminal nor end the line
    for somebody (U+2028, U+0085), and so are lone surrogates.

    Args:
        shape: the value.
        encoding: of the output; a line with a character that it does not have is all ASCII.
    """
    text = json.dumps(shape, allow_nan=False, ensure_ascii=False)
    if not text.isprintable():
        text = "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(shape, allow_nan=False)
    return text


def entry_json(entry: Entry, *, secrets: bool = False) -> dict[str, Any]:
    """Return an entry of a conversation as JSON.

    A message has the members of the one JSON shape, and ``frame`` (its number, from 1); bytes that are no
    message have ``gap`` or ``stray`` (their number). In a capture both have ``time`` (Unix time in seconds),
    ``connection`` (number, from 1), ``client`` and ``server``. A feedback that answers a request has
    ``response_to`` (the request's number) and ``response_time`` (seconds, to the microsecond); one that is no
    plain answer has ``answer``: ``late``, ``duplicate`` or ``unsolicited``. A request without an answer is
    named once more, by an entry with ``unanswered`` (its number), ``message`` and ``reason``. Among the
    ``problems`` are those of `cti_client.dump.findings`, too.

    Args:
        entry: a message, or bytes that are none.
        secrets: write the values of secret fields; else three asterisks stand there.
    """
    shape: dict[str, Any] = {}
    if isinstance(entry, Missed):
        shape[entry.what] = entry.length
    elif isinstance(entry, Unanswered):
        shape["unanswered"] = entry.request.number
    else:
        shape["frame"] = entry.number
    if entry.time is not None:
        shape["time"] = entry.time
    if entry.link is not None:
        shape["connection"] = entry.link.number
        shape["client"] = str(entry.link.client)
        shape["server"] = str(entry.link.server)
    if isinstance(entry, Missed):
        if entry.direction is not None:
            shape["direction"] = entry.direction.value
        return shape
    if isinstance(entry, Unanswered):
        return shape | {"message": entry.request.decoded.message.spec.name, "reason": entry.reason}
    decoded = replace(entry.decoded, problems=entry.problems)
    return shape | _answer(entry) | decoded_to_json(decoded, secrets=secrets)


def _answer(heard: Heard) -> dict[str, Any]:
    """Return what a feedback is to the requests before it."""
    answer = heard.answer
    if answer is None:
        return {}
    shape: dict[str, Any] = {}
    if answer.request is not None:
        shape["response_to"] = answer.request.number
    if answer.response_time is not None:
        shape["response_time"] = round(answer.response_time, 6)
    if answer.kind != "answer":
        shape["answer"] = answer.kind
    return shape
