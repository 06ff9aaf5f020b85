"""What is wrong with what a message says, while its bytes are right: the cycler has answered with an error.

These are told beside the problems of frames (`cti_schema.problems`), in the same form.
"""

from __future__ import annotations

from typing import Any, Final

from cti_client.dump.ways import remembered, results_of
from cti_schema.derive.tree import leaves
from cti_schema.enumerations import ResultCode
from cti_schema.message import CONTROL, Direction, Request
from cti_schema.messages.login import LoginFeedback
from cti_schema.messages.login_json import LoginJsonFeedback
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.problems import Problem
from cti_schema.registry import registry
from cti_schema.wire.codec import Decoded, inspect

__all__ = ["KINDS", "findings"]

#: Every kind, and what it means.
KINDS: Final[dict[str, str]] = {
    "login_refused": "login refused",
    "control_error": "control command answered with an error",
    "query_error": "query answered with an error",
}


def findings(decoded: Decoded) -> list[Problem]:
    """Return what a feedback says went wrong: one for each result that is known to be no success."""
    message = decoded.message
    if isinstance(message, UnknownCommandFeedback):
        return _unknown_command(decoded)
    if decoded.direction is Direction.REQUEST or not any(map(_is_error, results_of(message))):
        return []
    kind = "control_error" if _answers_control(type(message)) else "query_error"
    if isinstance(message, (LoginFeedback, LoginJsonFeedback)):
        kind = "login_refused"
    places = _places(decoded)
    found = []
    for path, _, value in leaves(message):
        if isinstance(value, ResultCode) and _is_error(value):
            text = f"{KINDS[kind]}: {value.meaning or value.label.replace('_', ' ')}"
            found.append(Problem(kind, text, path, places.get(path, 0), found=int(value)))
    return found


def _is_error(result: ResultCode) -> bool:
    return result.known and not result.is_success


def _unknown_command(decoded: Decoded) -> list[Problem]:
    code = getattr(decoded.message, "command", None)
    if code is None:
        return []
    asked = registry().candidates(Direction.REQUEST, code)
    control = any(one.spec.effect is CONTROL for one in asked)
    kind = "control_error" if control else "query_error"
    what = asked[0].spec.name if asked else f"0x{code:08X}"
    text = f"{KINDS[kind]}: the cycler does not know {what}"
    return [Problem(kind, text, "command", _places(decoded).get("command", 0), found=f"0x{code:08X}")]


@remembered
def _answers_control(message: Any) -> bool:
    """Tell whether a feedback answers requests that change something."""
    return any(
        message in one.spec.feedbacks and one.spec.effect is CONTROL
        for one in registry()
        if issubclass(one, Request)
    )


def _places(decoded: Decoded) -> dict[str, int]:
    """Return where each field stands: looked up again for the few frames that have findings."""
    spans = decoded.spans or inspect(decoded.frame, decoded.direction).spans
    return {span.path: span.offset for span in spans}
