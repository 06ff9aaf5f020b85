"""Which faults there are in a run, and which of them a request meets. What one does is in `fault_kinds`.

A `Fault` is data: a kind, the kind's own values, and when it happens. `Faults` is the set of a spoofer; it
may change while the spoofer runs, from any thread. Each connection asks its own `ConnectionFaults`:

1. `ConnectionFaults.replace` before the request is answered: the feedbacks that stand in the place of the
   device's own, or ``None``;
2. `ConnectionFaults.disturb` with the frames of the answer: what is done instead of sending them, or
   ``None``.

The same seed, the same rules and the same requests in the same order make the same faults.
"""

from __future__ import annotations

import threading
from collections.abc import Container, Iterable, Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from cti_schema.message import Feedback, Message
from spoofer.acts import Act, Send
from spoofer.faulting.concerns import concerns, names_channels
from spoofer.faulting.disturbing import Part, Run
from spoofer.faulting.fault import ANY, Fault
from spoofer.faulting.fault_kinds import ANSWERS, DEVICE, WIRE

if TYPE_CHECKING:
    from spoofer.device import Device

__all__ = ["ConnectionFaults", "Fault", "Faults"]


class _Rule:
    """A fault in a run: how often it might have happened, how often it did, and its dice."""

    __slots__ = ("done", "fault", "met", "random")

    def __init__(self, fault: Fault, seed: str) -> None:
        self.fault = fault
        self.met = 0
        self.done = 0
        self.random = Random(seed)  # noqa: S311 - no secrets: the same seed makes the same faults

    def happens(self, now: float) -> bool:
        """Tell whether the fault happens to a request that it may happen to; `done` is counted afterwards."""
        fault = self.fault
        if fault.count is not None and self.done >= fault.count:
            return False
        if fault.until_s is not None and now >= fault.until_s:
            return False
        self.met += 1
        return self.met > fault.after and self.random.random() < fault.probability

    def counted(self) -> str:
        """Count that the fault has happened, and return its kind."""
        self.done += 1
        return self.fault.kind


class Faults:
    """The faults of a spoofer.

    Args:
        faults: the first ones; on an answer they act in this order.
        seed: of everything that is left to chance.
    """

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._seed = seed
        self._added = 0
        self._rules: tuple[_Rule, ...] = ()
        for fault in faults:
            self.add(fault)

    def add(self, kind: Fault | str, **values: Any) -> Fault:
        """Add a fault, or a kind with its values. The connections that are open meet it too.

        Returns:
            The fault, for `remove`.

        Raises:
            ScenarioError: a key or a value is not allowed.
        """
        added = kind if isinstance(kind, Fault) else Fault(kind, **values)
        with self._lock:
            self._rules = (*self._rules, _Rule(added, f"{self._seed}/{self._added}"))
            self._added += 1
        return added

    def remove(self, fault: Fault) -> None:
        """Take a fault away. What it has done stays: a silent connection is silent for ever.

        Raises:
            ValueError: it is not there.
        """
        with self._lock:
            rules = tuple(rule for rule in self._rules if rule.fault is not fault)
            if len(rules) == len(self._rules):
                raise ValueError(f"{fault!r} is not there")
            self._rules = rules

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._rules = ()

    def happened(self, fault: Fault) -> int:
        """Return how many times a fault has happened; 0 for one that is not there."""
        return sum(rule.done for rule in self._rules if rule.fault is fault)

    def __iter__(self) -> Iterator[Fault]:
        return iter([rule.fault for rule in self._rules])

    def __len__(self) -> int:
        return len(self._rules)

    def for_connection(self, peer: str = "") -> ConnectionFaults:
        """Return the faults as one connection meets them."""
        return ConnectionFaults(self, peer)


def _is_about(fault: Fault, request: Message, channel_count: int) -> bool:
    if fault.channel is None:
        return True
    return names_channels(request) and fault.channel - 1 in concerns(request, channel_count)


class ConnectionFaults:
    """The faults as one connection meets them.

    Attributes:
        peer: who is at the other end.
        applied: kinds of the faults that the last request has met, in the order in which they acted.
        silent: the connection answers nothing any more.
        held: what waits for the next answer, each with the kind that holds it back.
    """

    __slots__ = ("_before", "_faults", "applied", "held", "peer", "silent")

    def __init__(self, faults: Faults, peer: str = "") -> None:
        self._faults = faults
        self._before: tuple[str, ...] = ()
        self.peer = peer
        self.applied: tuple[str, ...] = ()
        self.silent = False
        self.held: list[tuple[str, list[Part]]] = []

    @property
    def idle(self) -> bool:
        """Whether nothing can happen to the next request: neither method need be called."""
        return not (self._faults._rules or self.silent or self.held)

    def replace(self, request: Message, device: Device, extended_code: int = 0) -> Sequence[Feedback] | None:
        """Return the feedbacks that a fault puts in the place of the device's own; else ``None``.

        The request is not carried out then. What happens to a channel (it becomes unsafe, cannot be
        reached, ends its test) happens here, before the request is answered.

        Args:
            request: the request.
            device: the cycler.
            extended_code: of the request's header.
        """
        self.applied = self._before = ()
        rules = self._faults._rules
        if not rules:
            return None
        found: Sequence[Feedback] | None = None
        done = []
        count = device.channel_count
        with self._faults._lock:
            for rule in _meeting(rules, DEVICE, request, device.now, count):
                channels = _struck(rule, request, count)
                if DEVICE[rule.fault.kind].happen(device, channels, rule.fault.values):
                    done.append(rule.counted())
            for rule in _meeting(rules, ANSWERS, request, device.now, count):
                answer = ANSWERS[rule.fault.kind].answer(request, extended_code, count)
                if answer is not None:
                    found = answer
                    done.append(rule.counted())
        self.applied = self._before = tuple(done)
        return found

    def disturb(
        self,
        request: Message,
        frames: Sequence[bytes],
        *,
        feedbacks: Sequence[Message] = (),
        now: float = 0.0,
        channel_count: int = 0,
    ) -> Sequence[Act] | None:
        """Return what is done instead of sending an answer's frames; ``None`` for sending them as they are.

        Args:
            request: the request.
            frames: its answer, one frame for each feedback.
            feedbacks: what the frames say, where it is known: which of them is about a fault's channel.
            now: simulated seconds.
            channel_count: channels of the cycler, for requests about all of them.
        """
        self.applied, self._before = self._before, ()
        if self.silent:
            self.applied = (*self.applied, "silent")
            return ()
        rules = self._faults._rules
        if not rules and not self.held:
            return None
        about = [getattr(one, "channel_index", None) for one in feedbacks]
        about += [None] * (len(frames) - len(about))
        parts = [Part(Send(frame), channel) for frame, channel in zip(frames, about, strict=False)]
        earlier, self.held = self.held, []
        done = []
        with self._faults._lock:
            for rule in _meeting(rules, WIRE, request, now, channel_count):
                fault = rule.fault
                channel = None if fault.channel is None else fault.channel - 1
                run = Run(fault.values, rule.random, channel, self, bool(earlier))
                was_silent = self.silent
                disturbed = WIRE[fault.kind].disturb(list(parts), run)
                if disturbed != parts or self.silent != was_silent:
                    done.append(rule.counted())
                parts = disturbed
        self.applied = (*self.applied, *done)
        if not done and not earlier:
            return None
        for kind, held in earlier:
            release = WIRE[kind].release
            assert release is not None
            parts = release(held, parts)
        return [part.act for part in parts]


def _meeting(
    rules: Iterable[_Rule], kinds: Container[str], request: Message, now: float, channel_count: int
) -> Iterator[_Rule]:
    """Yield the rules of these kinds that happen to a request."""
    for rule in rules:
        fault = rule.fault
        if fault.kind not in kinds or fault.command not in (ANY, request.spec.name):
            continue
        if fault.channel is not None and not (
            names_channels(request) and fault.channel - 1 in concerns(request, channel_count)
        ):
            continue
        if rule.happens(now):
            yield rule


def _struck(rule: _Rule, request: Message, channel_count: int) -> Sequence[int]:
    """Return the zero-based channels that something happens to: of a request about none, one by chance."""
    if rule.fault.channel is not None:
        return [rule.fault.channel - 1]
    if names_channels(request):
        return concerns(request, channel_count)
    return [rule.random.randrange(channel_count)]
