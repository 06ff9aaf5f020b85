"""Plays a cycler some of whose answers are broken, for clients to be tried on.

The cycler is right; what it answers goes through `Playing`, which stands in the place of a spoofer's faults
and breaks some of the feedbacks, one thing in each. It works wherever faults do: on a socket, and in memory.

Feedbacks are numbered as they are made, beginning with 1. Whether one is broken and how is decided by the
seed and its number alone: a client that asks for the same again gets the same again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from typing import Final

from cti_schema.errors import ConfigurationError, EncodeError, UnknownNameError
from cti_schema.message import Message
from cti_schema.registry import registry
from spoofer.acts import Act, Send, Wait
from spoofer.faulting.fault import Fault
from spoofer.faults import ConnectionFaults, Faults
from spoofer.fuzz.mutations import MUTATIONS, Mutation, mutate

__all__ = ["RATE", "Played", "Playing"]

#: How many of the feedbacks are broken, unless said otherwise.
RATE: Final = 0.2

#: Broken feedbacks that are remembered.
MOST_REMEMBERED: Final = 10_000

#: Between two pieces of a feedback, so that they do not come as one, in seconds.
_PAUSE_S: Final = 0.01

#: Ways to break one feedback that are tried, until one finds something to break in it.
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Played:
    """A feedback that was broken.

    Attributes:
        seed: of the play.
        number: of the feedback: seed and number break it again.
        request: name of the request that it answers.
        feedback: its own name.
        mutation: name of what was done to it.
        detail: the one thing that is wrong, in words.
        field: path of the field that it is about, if it is about one.
        peer: who got it.
    """

    seed: int
    number: int
    request: str
    feedback: str
    mutation: str
    detail: str
    field: str | None
    peer: str

    def __str__(self) -> str:
        return f"{self.number}: {self.request}: {self.feedback}: {self.mutation}: {self.detail}"


class Playing(Faults):
    """The faults of a spoofer that breaks feedbacks.

    Args:
        seed: of the choice.
        rate: how many of the feedbacks are broken, 0 to 1.
        only: names of feedbacks, of the requests that they answer and of mutations, or patterns of them: of
            whichever are named, only those.
        case: break the feedback of this number alone; the rate does not matter then.
        told: is called with each that was broken.
        faults: what goes wrong besides, after that.

    Attributes:
        seed: of the choice.
        counts: how often each mutation was played.
        played: what was broken, the latest last; of too many the oldest are forgotten.
        feedbacks: how many there were, broken or not.

    Raises:
        ConfigurationError: the rate is not from 0 to 1, or the number not above 0.
        UnknownNameError: nothing is called so.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        rate: float = RATE,
        only: Collection[str] = (),
        case: int | None = None,
        told: Callable[[Played], object] | None = None,
        faults: Iterable[Fault] = (),
    ) -> None:
        if case is not None and case < 1:
            raise ConfigurationError(f"case: {case} is none: feedbacks are numbered from 1")
        if not 0.0 <= rate <= 1.0:
            raise ConfigurationError(f"rate: {rate!r} is not from 0 to 1")
        super().__init__(faults, seed)
        self.seed = seed
        self.counts: Counter[str] = Counter()
        self.played: deque[Played] = deque(maxlen=MOST_REMEMBERED)
        self.feedbacks = 0
        self._rate = rate
        self._case = case
        self._told = told
        self._about, self._ways = _selected(only)

    def for_connection(self, peer: str = "") -> ConnectionFaults:
        """Return the faults as one connection meets them."""
        return _Connection(self, peer)

    def breaks(
        self, request: Message, feedback: Message, peer: str = ""
    ) -> tuple[str, Sequence[bytes]] | None:
        """Return how a feedback is broken: the name of the mutation, and the writes in its place.

        Returns:
            ``None`` for one that goes out as it is.
        """
        with self._lock:
            self.feedbacks += 1
            number = self.feedbacks
        if self._case not in (None, number) or not self._is_about(request, feedback):
            return None
        random = Random(f"{self.seed}:{number}")  # noqa: S311 - the same seed breaks the same
        if random.random() >= self._rate and self._case is None:
            return None
        ways = [one for one in self._ways if one.applies_to(type(feedback))]
        for way in random.sample(ways, min(_TRIES, len(ways))):
            try:
                mutated = mutate(feedback, way.name, random)
            except EncodeError:
                return None  # what cannot be sent as it is, is not sent broken either
            if mutated is not None:
                names = request.spec.name, feedback.spec.name
                self._keep(Played(self.seed, number, *names, way.name, mutated.detail, mutated.field, peer))
                return way.name, mutated.segments
        return None

    def _is_about(self, request: Message, feedback: Message) -> bool:
        names = request.spec.name, feedback.spec.name
        return not self._about or any(fnmatchcase(name, one) for name in names for one in self._about)

    def _keep(self, played: Played) -> None:
        with self._lock:
            self.counts[played.mutation] += 1
            self.played.append(played)
        if self._told is not None:
            self._told(played)


def _selected(only: Collection[str]) -> tuple[list[str], list[Mutation]]:
    """Return the patterns that are about messages, and the mutations that are left.

    Raises:
        UnknownNameError: nothing is called so.
    """
    ways = [one for one in MUTATIONS.values() if not one.requests_only]
    messages = [one.spec.name for one in registry()]
    about, how = [], []
    for pattern in only:
        is_message = any(fnmatchcase(name, pattern) for name in messages)
        is_way = any(fnmatchcase(one.name, pattern) for one in ways)
        if not is_message and not is_way:
            raise UnknownNameError("message or mutation", pattern, [*messages, *(one.name for one in ways)])
        about += [pattern] if is_message else []
        how += [pattern] if is_way else []
    if how:
        ways = [one for one in ways if any(fnmatchcase(one.name, pattern) for pattern in how)]
    return about, ways


class _Connection(ConnectionFaults):
    """A connection whose feedbacks may be broken, and that may then meet other faults."""

    __slots__ = ("_playing",)

    def __init__(self, playing: Playing, peer: str) -> None:
        super().__init__(playing, peer)
        self._playing = playing

    @property
    def idle(self) -> bool:
        """Whether nothing can happen to the next request: any feedback may be broken."""
        return False

    def disturb(
        self,
        request: Message,
        frames: Sequence[bytes],
        *,
        feedbacks: Sequence[Message] = (),
        now: float = 0.0,
        channel_count: int = 0,
    ) -> Sequence[Act] | None:
        writes: list[bytes] = []
        said: list[Message] = []
        pauses: set[int] = set()  # writes with a pause before them
        names: list[str] = []
        for frame, feedback in zip(frames, feedbacks, strict=True):
            broken = self._playing.breaks(request, feedback, self.peer)
            pieces: Sequence[bytes] = [frame]
            if broken is not None:
                names.append(broken[0])
                pieces = broken[1]
            pauses.update(range(len(writes) + 1, len(writes) + len(pieces)))
            writes += pieces
            said += [feedback] * len(pieces)
        acts = super().disturb(request, writes, feedbacks=said, now=now, channel_count=channel_count)
        if names:
            self.applied = (*names, *self.applied)
            if acts is None:
                acts = [act for number, data in enumerate(writes) for act in _write(data, number in pauses)]
        return acts


def _write(data: bytes, apart: bool) -> list[Act]:
    return [Wait(_PAUSE_S), Send(data)] if apart else [Send(data)]
