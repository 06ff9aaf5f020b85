"""Valid requests at the wrong time: before the login, twice, out of order, with answers that nobody reads."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any, Final

from cti_schema.message import CONTROL, Request
from cti_schema.registry import registry
from spoofer.fuzz.case import Expect
from spoofer.fuzz.mutations.mutation import Broken, on_frame
from spoofer.fuzz.pool import Sample, plain

#: Requests whose answers are left unread.
_UNREAD: Final = 50


@on_frame("before_login", "a valid request on a connection without a login", requests_only=True)
def before_login(sample: Sample, random: Random) -> Broken:
    # No source says what a cycler does then: the vendor's client enforces no order (framing.md, section 3).
    return Broken(((sample.frame, Expect.ANYTHING),), "no login comes before it", login=False)


@on_frame("twice", "the same valid request twice, in one piece", requests_only=True)
def twice(sample: Sample, random: Random) -> Broken:
    return Broken(((sample.frame, None),) * 2, "twice in one piece", segments=(sample.frame * 2,))


@on_frame("twice_in_turn", "the same valid request twice, the second after the answer", requests_only=True)
def twice_in_turn(sample: Sample, random: Random) -> Broken:
    return Broken(((sample.frame, None),) * 2, "twice, one after the other", turns=True)


@on_frame("out_of_order", "valid requests in an order that nobody sends", requests_only=True)
def out_of_order(sample: Sample, random: Random) -> Broken:
    others = _requests(sample.message.spec.effect is CONTROL)
    chosen = [plain(random.choice(others)) for _ in range(3)]  # type: ignore[arg-type]
    frames = [sample.frame, *(random.choice(pool).frame for pool in chosen)]
    random.shuffle(frames)
    at = frames.index(sample.frame) + 1
    return Broken(tuple((frame, None) for frame in frames), f"number {at} of four unrelated requests")


@cache
def _requests(control: bool) -> tuple[type[Request[Any]], ...]:
    return tuple(
        one for one in registry() if issubclass(one, Request) and (control or one.spec.effect is not CONTROL)
    )


@on_frame("unread", "many valid requests whose answers nobody reads", requests_only=True)
def unread(sample: Sample, random: Random) -> Broken:
    pieces = ((sample.frame, Expect.ANYTHING),) * _UNREAD
    return Broken(pieces, f"{_UNREAD} times, and no answer is read", read=False)
