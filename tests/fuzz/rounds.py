"""A round: one client, a cycler whose answers are broken, and calls by chance, all from one seed.

What must hold is checked as the round goes, and afterwards on what the dump makes of its recording.

In memory, the time is the link's own and a round takes milliseconds. On sockets, the proxy stands between.
"""

from __future__ import annotations

import contextlib
import io
import logging
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from click.testing import CliRunner

from cti_client import Cycler
from cti_client.capture import CaptureReader, Chunk
from cti_client.cli import cti
from cti_client.cli._entries import entries_of
from cti_client.cli._output import Output
from cti_client.cli._views import JsonView, TextView
from cti_client.cli.proxy import _Watcher
from cti_client.dump.conversation import Heard, Missed
from cti_client.dump.times import Times
from cti_client.reconnect import Reconnect
from cti_schema import encode
from cti_schema.errors import CTIError, InputError
from cti_schema.message import CONTROL
from cti_schema.wire.buffer import MAX_FRAME
from spoofer import Device, Journal, VirtualClock, linked, running
from spoofer.fuzz.playing import Played, Playing
from tests.client.peers import AwaitedCycler
from tests.client.test_proxy import proxied
from tests.fuzz.calls import CALLS, REQUESTS, Call, Watched, marked, together

COUNT = 3

#: How long an answer may take, in seconds: of the link's own time, and of the real one.
TIMEOUT_S = 2.0
SOCKET_TIMEOUT_S = 0.15

#: What a loaded machine may add.
LOADED_S = 10.0

#: Exchanges that a session keeps at most: one for each request whose answer may still come.
MOST_OPEN = 200

#: Ways to show a recording; each round takes one.
SHOWN = ("dump", "dump -v", "dump -x", "dump --json", "dump --csv", "dump --problems", "stats")


class Round:
    """One round; the subclasses say how the client reaches the cycler.

    Args:
        seed: of everything in it.
        folder: for the recording; one of a round that fails stays there.
        only: see `Playing`.
        recorded: what is said is recorded, and the recording dumped.
    """

    timeout_s = TIMEOUT_S
    waits: bool
    cycler: Any

    def __init__(self, seed: int, folder: Path, *, only: tuple[str, ...] = (), recorded: bool = True) -> None:
        self.random = Random(seed)
        self.waits = self.random.random() < 0.5
        self.playing = Playing(seed, rate=self.random.choice([0.05, 0.3, 0.6]), only=only, told=self._told)
        self.journal = Journal(most=100_000, most_bytes=2**30)
        self.watched = Watched(COUNT)
        self.trace = folder / f"round_{seed}.pcapng" if recorded else None
        self.options: dict[str, Any] = {
            "timeout_s": self.timeout_s,
            "reconnect": Reconnect(0.05, 0.1) if self.random.random() < 0.5 else False,
            "tap": self.watched.tap,
            "trace": self.trace,
        }
        self.personality = self.random.choice(["pro7", "pro8", "mitsx-4", "mitsx-7"])
        self.frames = self.connections = 0

    def _told(self, played: Played) -> None:
        # From then on the client may believe that there are fewer channels.
        self.watched.misled |= "login" in played.request

    def now(self) -> float:
        """Return the time that deadlines are on."""
        raise NotImplementedError

    def run(self, calls: int) -> Counter[str]:
        """Make so many calls, and return what happened, in numbers.

        Raises:
            AssertionError: something does not hold that must hold.
        """
        with _loop_errors() as errors, self.connected():
            for _ in range(calls):
                self._back()
                if self.waits and self.random.random() < 0.3:
                    self._at_once(self.random.randint(2, 4))
                else:
                    self._call(self._drawn())
                self._bounded()
            self.watched.once(self._delivered())
        assert not errors, errors
        if self.trace is not None:
            self._dumped(self.trace)
            self.trace.unlink()
        tally = Counter({f"ended {name}": count for name, count in self.watched.ended.items()})
        tally.update({f"played {name}": count for name, count in self.playing.counts.items()})
        tally.update(calls=calls, feedbacks=self.playing.feedbacks, frames=self.frames)
        tally.update(control=self.watched.sent.total(), connections=self.connections)
        return tally

    def connected(self) -> contextlib.AbstractContextManager[object]:
        """Connect ``self.cycler``; close it in the end."""
        raise NotImplementedError

    def _drawn(self) -> tuple[Call, int, int]:
        """Return a call by chance, the channel that it is about, and its number."""
        calls = CALLS if self.random.random() < 0.7 else REQUESTS
        return calls[self.random.choice(list(calls))], self.random.randint(1, COUNT), self.watched.number()

    def _call(self, drawn: tuple[Call, int, int]) -> None:
        call, channel, number = drawn
        broken, began, really = self.playing.counts.total(), self.now(), time.monotonic()
        found, sent = self.watched.ends(call, channel, lambda: call.act(self.cycler, channel, number))
        took_s = self.now() - began
        true = self.playing.counts.total() == broken
        self.watched.check(call, channel, found, sent, true=true)
        assert took_s <= self.timeout_s + self.slack_s, (call.name, took_s)
        assert time.monotonic() - really < LOADED_S, call.name

    def _at_once(self, count: int) -> None:
        drawn = [self._drawn() for _ in range(count)]
        inner: Any = self.cycler._inner
        begin = []
        for call, channel, number in drawn:
            self.watched.allowed += call.controls
            begin.append(lambda call=call, channel=channel, number=number: call.act(inner, channel, number))
        broken = self.playing.counts.total()
        results, took_s = self.cycler._runner.run(together(begin, self.now))
        true = self.playing.counts.total() == broken
        for (call, channel, _), found in zip(drawn, results, strict=True):
            self.watched.check(call, channel, found, true=true)
        assert took_s <= self.timeout_s + self.slack_s, took_s

    slack_s = 1e-6

    def _back(self) -> None:
        """Connect and log in where the client is not, as a program would."""
        try:
            if not self.cycler.connected:
                self.cycler.connect()
            if not self.cycler.logged_in:
                self.cycler.login("user", "secret")
        except CTIError as error:
            self.watched.ended[type(error).__name__] += 1

    def _bounded(self) -> None:
        """Check what the client keeps."""
        inner = getattr(self.cycler, "_inner", self.cycler)
        for one in (inner, inner._files):
            session = None if one is None else one._session
            if session is not None:
                assert len(session._open) <= MOST_OPEN
                assert session._buffer.pending <= MAX_FRAME
                assert not session.waiting

    def _delivered(self) -> Counter[bytes]:
        requests = (entry.message for entry in self.journal.entries("request"))
        return Counter(encode(one) for one in requests if one.spec.effect is CONTROL)  # type: ignore[union-attr]

    # --- the recording ----------------------------------------------------------------------------

    def _dumped(self, trace: Path) -> None:
        """Check that the dump shows every byte of the recording, and every feedback that was not broken."""
        # Bytes of each connection: as recorded, and as shown.
        sizes: Counter[int] = Counter()
        came: Counter[int] = Counter()
        streams: dict[int, bytearray] = {}
        for event in CaptureReader(trace):
            if isinstance(event, Chunk):
                sizes[event.connection.number] += len(event.data)
            if isinstance(event, Chunk) and event.sender == event.connection.server:
                streams.setdefault(event.connection.number, bytearray()).extend(event.data)
        self.connections = len(streams)
        heard: Counter[bytes] = Counter()
        try:
            for entry in entries_of(str(trace), None, True, None, 10.0):
                if isinstance(entry, Heard):
                    self.frames += 1
                    assert entry.link is not None
                    frame, problems = entry.decoded.frame, entry.decoded.problems
                    heard[frame] += 1
                    stray = sum(-one.offset for one in problems if one.kind == "stray" and one.offset < 0)
                    came[entry.link.number] += len(frame) + stray
                elif isinstance(entry, Missed) and entry.link is not None:
                    came[entry.link.number] += entry.length
        except InputError:
            assert not self.frames  # there is nothing to be shown
        else:
            assert came == sizes
        for frame, times in self._unbroken().items():
            there = sum(stream.count(frame) for stream in streams.values())
            assert heard[frame] >= min(times, there), frame.hex()
        shown = CliRunner().invoke(cti, [*self.random.choice(SHOWN).split(), str(trace)])
        if "Aborted!" in shown.output:
            raise KeyboardInterrupt  # it came while the command ran, which takes it for its own
        assert shown.exit_code == 0 or isinstance(shown.exception, CTIError), shown.exception

    def _unbroken(self) -> Counter[bytes]:
        broken = {played.number for played in self.playing.played}
        made = [entry.message for entry in self.journal.entries("feedback")]
        return Counter(
            encode(one) for number, one in enumerate(made, 1) if one is not None and number not in broken
        )


@contextlib.contextmanager
def _loop_errors() -> Iterator[list[str]]:
    """Give what event loops say of tasks whose errors nobody took: a call does not tell of those."""
    errors: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: errors.append(handler.format(record))  # type: ignore[method-assign]
    logger = logging.getLogger("asyncio")
    logger.addHandler(handler)
    try:
        yield errors
    finally:
        logger.removeHandler(handler)


class InMemory(Round):
    """A round in memory."""

    def __init__(self, seed: int, folder: Path, **options: Any) -> None:
        super().__init__(seed, folder, **options)
        self.clock = VirtualClock()

    def now(self) -> float:
        return self.clock.now

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        device = marked(Device(channels=COUNT, clock=self.clock, personality=self.personality))
        home = linked(device, faults=self.playing, journal=self.journal, clock=self.clock)
        make: Any = AwaitedCycler if self.waits else Cycler
        with make("memory", 9031, connector=home.aio if self.waits else home, **self.options) as self.cycler:
            yield


class OnSockets(Round):
    """A round on sockets, through the proxy, which shows what is said."""

    timeout_s = SOCKET_TIMEOUT_S
    slack_s = LOADED_S

    def now(self) -> float:
        return time.monotonic()

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        device = marked(Device(channels=COUNT, personality=self.personality))
        wrong: list[BaseException] = []
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            out = Output()
        view: Any = JsonView(out, False, unanswered=True)
        if self.random.random() < 0.5:
            view = TextView(out, Times("epoch"), False, verbose=True, as_hex=False)
        make: Any = AwaitedCycler if self.waits else Cycler
        with running(device, faults=self.playing, journal=self.journal) as there:
            watcher = _Watcher(view, None, (there.host, there.port), True)

            def tap(*what: Any) -> None:
                try:
                    watcher(*what)
                except BaseException as error:
                    wrong.append(error)
                    raise

            with (
                proxied((there.host, there.port), tap=tap) as proxy,
                make(proxy.host, proxy.port, **self.options) as self.cycler,
            ):
                yield
        assert not wrong, wrong
        assert not self.frames or shown.getvalue()
