"""Makes a case smaller as long as it shows the same: fewer steps, fewer parts, fewer sends, fewer bytes.

What is wrong with a part stays wrong in the same way, and what is right stays right: a change after which the
decoder says something else about a part is not tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from cti_schema.errors import CTIError, FrameError
from cti_schema.message import Direction, Message
from cti_schema.wire.codec import decode
from cti_schema.wire.frame import CHECKSUM, HEADER, LEAST_FRAME, checksum, checksum_fits, frame_size
from spoofer.fuzz.case import Case, Expect, Part, Step

#: At most so many tries, and so many seconds.
TRIES: Final = 120
SECONDS: Final = 8.0

#: A body is changed in so many pieces at most; a large one in fewer, since each try has to look at all of it.
_PIECES: Final = 128
_LARGE: Final = 1 << 18

_BODY: Final = HEADER.size
_LENGTH: Final = 8


def size_of(case: Case) -> int:
    """Return how many bytes a case sends."""
    return sum(len(part.data) for step in case.steps for part in step.parts)


def minimise(
    case: Case, fails: Callable[[Case], bool], *, tries: int = TRIES, seconds: float = SECONDS
) -> Case:
    """Return the smallest case found that still fails.

    Args:
        case: one that fails.
        fails: tells whether a case fails in the same way.
        tries: at most so many are tried.
        seconds: for at most so long.
    """
    until = time.monotonic() + seconds
    vain: set[int] = set()
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(case):
            if time.monotonic() > until:
                return case
            known = hash((smaller.login, tuple(step.segments for step in smaller.steps)))
            if known in vain:
                continue
            vain.add(known)
            tries -= 1
            if tries < 0:
                return case
            if fails(smaller):
                case, progress = smaller, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Yield smaller cases, those that save most first."""
    for at in range(len(case.steps)):
        if len(case.steps) > 1:
            yield replace(case, steps=case.steps[:at] + case.steps[at + 1 :])
    for at, step in enumerate(case.steps):
        for smaller in _smaller_steps(step):
            yield replace(case, steps=(*case.steps[:at], smaller, *case.steps[at + 1 :]))


def _smaller_steps(step: Step) -> Iterator[Step]:
    count = len(step.parts)
    width = count // 2
    while width:
        for at in range(0, count, width):
            kept = step.parts[:at] + step.parts[at + width :]
            if kept:
                yield _cut_like(step, kept)
        width //= 2
    if len(step.segments) > 1:
        yield replace(step, segments=(b"".join(step.segments),))
        if len(step.segments) > 2:
            half = len(step.segments) // 2
            yield replace(step, segments=(b"".join(step.segments[:half]), *step.segments[half:]))
            yield replace(step, segments=(*step.segments[:half], b"".join(step.segments[half:])))
    for at, part in enumerate(step.parts):
        for smaller in smaller_parts(part):
            yield _cut_like(step, (*step.parts[:at], smaller, *step.parts[at + 1 :]))


def _cut_like(step: Step, parts: tuple[Part, ...]) -> Step:
    """Return the step with other parts, cut at the same offsets as far as there are bytes."""
    data = b"".join(part.data for part in parts)
    segments, at = [], 0
    for segment in step.segments[:-1]:
        if at + len(segment) < len(data):
            segments.append(data[at : at + len(segment)])
            at += len(segment)
    return replace(step, parts=parts, segments=(*segments, data[at:]))


def smaller_parts(part: Part) -> Iterator[Part]:
    """Yield parts with fewer bytes in the body, or more zeros, about which the decoder says the same."""
    data = part.data
    before = _said(data)
    if before is None or len(data) <= LEAST_FRAME:
        if part.expect is not Expect.ANSWER and part.request is None and len(data) > 1:
            yield replace(part, data=data[: len(data) // 2])
            yield replace(part, data=data[len(data) // 2 :])
        return
    body = data[_BODY:-2]
    width = len(body)
    pieces = max(4, min(_PIECES, _LARGE // max(1, width)))
    while width > len(body) // pieces:
        for at in range(0, len(body), width):
            piece = body[at : at + width]
            choices = [body[:at] + body[at + width :]]
            if any(piece):
                choices.append(body[:at] + bytes(len(piece)) + body[at + width :])
            for changed in choices:
                smaller = _with_body(data, changed)
                said = _said(smaller)
                if said is not None and said[0] == before[0]:
                    request = None if part.request is None else said[1]
                    if part.request is None or request is not None:
                        yield replace(part, data=smaller, request=request)
        width //= 2


def _with_body(data: bytes, body: bytes) -> bytes:
    """Return a frame with another body; length and checksum are as right or as wrong as they were."""
    _, length, _, _ = HEADER.unpack_from(data)
    right = frame_size(length, Direction.REQUEST) - len(data)
    changed = len(body) - (len(data) - LEAST_FRAME)
    head = data[:_LENGTH] + ((length + changed) % 2**32 if right == 0 else length).to_bytes(4, "little")
    frame = head + data[_LENGTH + 4 : _BODY] + body
    if checksum_fits(data, len(data)):
        wrong = 0
    else:
        wrong = int(CHECKSUM.unpack(data[-2:])[0]) - checksum(data[:-2])
    sealed: bytes = frame + CHECKSUM.pack((checksum(frame) + wrong) % 2**16)
    return sealed


def _said(data: bytes) -> tuple[frozenset[tuple[str, str]], Message | None] | None:
    """Return what the decoder says is wrong with a frame, and its message; ``None`` if it is none."""
    try:
        decoded = decode(data, Direction.REQUEST, strict=False)
    except FrameError:
        return None
    except CTIError:
        return None
    return frozenset((one.kind, one.path) for one in decoded.problems), decoded.message
