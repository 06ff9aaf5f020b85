"""Every way to break a message, and the cases of a campaign: every message with every mutation.

A case is made from the campaign's seed and its own number: the number tells message and mutation, both
together seed the choice of everything else. A mutation breaks one thing and says which; it acts on what the
declaration says of a message, and knows none by its name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from random import Random
from typing import Final

from cti_schema import Direction, Message, messages
from cti_schema.errors import UnknownNameError
from cti_schema.message import CONTROL
from spoofer.fuzz.case import Case, Expect, Step
from spoofer.fuzz.mutations import (
    bodies as bodies,  # each is imported for what it registers
)
from spoofer.fuzz.mutations import counts as counts
from spoofer.fuzz.mutations import frames as frames
from spoofer.fuzz.mutations import json_bodies as json_bodies
from spoofer.fuzz.mutations import numbers as numbers
from spoofer.fuzz.mutations import sessions as sessions
from spoofer.fuzz.mutations import streams as streams
from spoofer.fuzz.mutations import texts as texts
from spoofer.fuzz.mutations.mutation import MUTATIONS, Broken, Mutated, Mutation, judge, judged
from spoofer.fuzz.pool import Sample, drawn, plain, reads

__all__ = ["MUTATIONS", "Mutated", "Mutation", "case", "cases", "mutate", "pairs"]

#: How often a message of the pool is one that is not drawn: only such ones name channels that exist.
_PLAIN: Final = 0.5
#: How often the valid message goes in front of the broken one.
_IN_FRONT: Final = 0.3
#: How often a mutation is tried on other messages of the pool when one has nothing that can be broken so.
_TRIES: Final = 20


def mutate(message: Message, mutation: str, random: Random) -> Mutated | None:
    """Return the bytes that stand in a valid message's place; ``None`` if nothing in it can be broken so.

    Args:
        message: a request or a feedback.
        mutation: the name.
        random: chooses the field and the value.

    Raises:
        UnknownNameError: there is no such mutation.
        EncodeError: the message is not valid.
    """
    broken = _mutation(mutation).breaks(Sample.of(message), random)
    return None if broken is None else judged(broken, message.spec.direction)


def _mutation(name: str) -> Mutation:
    try:
        return MUTATIONS[name]
    except KeyError:
        raise UnknownNameError("mutation", name, MUTATIONS) from None


@cache
def pairs(direction: Direction) -> tuple[tuple[type[Message], Mutation], ...]:
    """Return every message of a direction with every mutation that applies to it."""
    return tuple(
        (message, mutation)
        for message in messages()
        if message.spec.direction is direction
        for mutation in MUTATIONS.values()
        if mutation.applies_to(message)
    )


def cases(
    seed: int,
    direction: Direction,
    *,
    only: Collection[str] = (),
    control: bool = False,
    start: int = 0,
) -> Iterator[Case]:
    """Yield cases without end: every pair of message and mutation once, in a mixed order, then all again.

    Args:
        seed: of the campaign.
        direction: requests for a server, feedbacks for a client.
        only: names of messages and of mutations, or patterns of them: of whichever are named, only those.
        control: whether requests that change something are among them.
        start: least number of a case.

    Raises:
        UnknownNameError: no message and no mutation is called so.
        ConfigurationError: hypothesis is not installed.
    """
    every = pairs(direction)
    wanted = selected(direction, only, control)
    rounds = start // len(every)
    while wanted:
        for place, index in enumerate(_order(seed, direction, rounds)):
            number = rounds * len(every) + place
            if index in wanted and number >= start:
                yield case(seed, direction, number)
        rounds += 1


def selected(direction: Direction, only: Collection[str], control: bool) -> set[int]:
    """Return the indices of the pairs that a campaign is about.

    Raises:
        UnknownNameError: no message and no mutation is called so.
    """
    every = pairs(direction)
    names = {message.spec.name for message, _ in every}
    about = [one for one in only if any(fnmatchcase(name, one) for name in names)]
    how = [one for one in only if any(fnmatchcase(name, one) for name in MUTATIONS)]
    for one in only:
        if one not in about and one not in how:
            raise UnknownNameError(f"{direction} or mutation", one, [*names, *MUTATIONS])
    return {
        index
        for index, (message, mutation) in enumerate(every)
        if (control or message.spec.effect is not CONTROL)
        and (not about or any(fnmatchcase(message.spec.name, one) for one in about))
        and (not how or any(fnmatchcase(mutation.name, one) for one in how))
    }


@lru_cache(maxsize=8)
def _order(seed: int, direction: Direction, rounds: int) -> list[int]:
    order = list(range(len(pairs(direction))))
    Random(f"{seed}:{direction.value}:{rounds}").shuffle(order)  # noqa: S311  # repeatable on purpose
    return order


def case(seed: int, direction: Direction, number: int) -> Case:
    """Return one case of a campaign.

    Raises:
        ConfigurationError: hypothesis is not installed.
    """
    every = pairs(direction)
    rounds, place = divmod(number, len(every))
    message, mutation = every[_order(seed, direction, rounds)[place]]
    random = Random(f"{seed}:{direction.value}:{number}")  # noqa: S311
    sample, broken = _broken(message, mutation, random)
    mutated = judged(broken, direction)
    return Case(
        seed,
        number,
        message.spec.name,
        mutation.name,
        mutated.detail,
        mutated.field,
        broken.login,
        tuple(_steps(sample, broken, mutated, random)),
    )


def _broken(message: type[Message], mutation: Mutation, random: Random) -> tuple[Sample, Broken]:
    """Return a message of the pool that has something to be broken so, and what a mutation makes of it."""
    for _ in range(_TRIES):
        sample = random.choice(_pool(message, random))
        broken = mutation.breaks(sample, random)
        if broken is not None:
            return sample, broken
    for sample in plain(message):  # type: ignore[arg-type]
        broken = mutation.breaks(sample, random)
        if broken is not None:
            return sample, broken
    raise AssertionError(f"{mutation.name} applies to {message.spec.name}, and does nothing")


def _pool(message: type[Message], random: Random) -> tuple[Sample, ...]:
    made = plain if random.random() < _PLAIN else drawn
    return made(message)  # type: ignore[arg-type]  # mypy takes a class for unhashable


def _steps(sample: Sample, broken: Broken, mutated: Mutated, random: Random) -> Iterator[Step]:
    """Yield what is sent: what is broken, behind it a read, and at times the valid message in front."""
    direction = sample.message.spec.direction
    if direction is Direction.FEEDBACK or not broken.read:
        yield Step(mutated.parts, mutated.segments, broken.read)
        return
    companion = random.choice([one for one in reads() if type(one.message) is not type(sample.message)])
    behind = judge(companion.frame, direction, Expect.ANYTHING if broken.hides else Expect.ANSWER)
    if broken.turns:
        yield from (Step((part,), (part.data,)) for part in (*mutated.parts, behind))
        return
    if len(mutated.parts) == 1 and not broken.segments and random.random() < _IN_FRONT:
        # What a server keeps of it must not become part of what follows.
        yield Step((judge(sample.frame, direction, None),), (sample.frame,))
    parts = (*mutated.parts, behind)
    if broken.segments:
        yield Step(parts, (*broken.segments, behind.data))
    elif random.random() < 0.5:
        yield Step(parts, (b"".join(part.data for part in parts),))
    else:
        yield Step(parts, tuple(part.data for part in parts))
