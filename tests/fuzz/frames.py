"""Millions of mutated frames through the decoders and the frame buffer: ``python -m tests.fuzz.frames``.

Each mutated frame is decoded in every way that there is, and the ways must agree. Then it is put into a
stream between good frames, which must all come out. Whatever is raised must be one of the project's own
errors. The work is cut into blocks, each made from the seed and its number; with ``--state`` a run goes on
where the last one ended.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from cti_schema import Direction, FrameBuffer, Message
from cti_schema.wire.frame import TOKEN
from spoofer.fuzz.mutations import Mutation, pairs
from spoofer.fuzz.pool import Sample, drawn, plain
from tests.fuzz.agreeing import examine
from tests.fuzz.tally import Tally, load, report, save

#: Frames of a block: what is lost when the run is ended.
BLOCK = 10_000
#: Mutated frames of one stream.
STREAM = 40
#: Frames of more bytes than this go only now and then: they take their time, and say little more.
LARGE = 4000
#: The same for messages of more fields than this.
MANY = 20
#: How many of them are left out, for one that is not.
SKIPPED = 30
#: How often a frame is decoded in every way, and not only leniently, and strictly if nothing is wrong.
DEEP = 0.05
#: Bytes that a process may grow by, once it has warmed up.
MOST_GROWTH = 48 << 20


# --- a block -------------------------------------------------------------------------------------


@cache
def pools(draw: bool = True) -> list[tuple[Direction, tuple[Sample, ...], Mutation]]:
    """Return every pair of message and mutation, with the messages to begin with."""
    found: list[tuple[Direction, tuple[Sample, ...], Mutation]] = []
    for direction in Direction:
        for message, mutation in pairs(direction):
            if not mutation.requests_only:
                found.append((direction, _pool(message, draw), mutation))  # type: ignore[arg-type]
    return found


@cache
def _pool(message: type[Message], draw: bool) -> tuple[Sample, ...]:
    return (*plain(message), *(drawn(message) if draw else ()))  # type: ignore[arg-type]


def block(seed: int, number: int, size: int = BLOCK, *, draw: bool = True) -> Tally:
    """Run one block.

    Args:
        seed: of the whole run.
        number: of the block; both together make it again.
        size: mutated frames.
        draw: begin with messages that were drawn, too.
    """
    random = Random(f"{seed}:{number}")
    tally = Tally()
    start = time.process_time()
    everything = pools(draw)
    order = list(range(len(everything)))
    position = len(order)
    stream: dict[Direction, list[tuple[bytes, str]]] = {one: [] for one in Direction}
    good: dict[Direction, list[bytes]] = {one: [] for one in Direction}
    while tally.frames < size:
        if position == len(order):
            random.shuffle(order)
            position = 0
        direction, pool, mutation = everything[order[position]]
        position += 1
        sample = pool[int(random.random() * len(pool))]
        if len(sample.sites) > MANY and random.random() * len(sample.sites) > MANY:
            continue
        broken = mutation.breaks(sample, random)
        if broken is None:
            continue
        data = b"".join(piece for piece, _ in broken.pieces)
        if len(data) > LARGE and random.random() * SKIPPED > 1:
            continue
        tally.frames += 1
        tally.by_mutation[mutation.name] += 1
        how = f"{sample.message.spec.name} {mutation.name}: {broken.detail}"
        _examine_all(tally, [piece for piece, _ in broken.pieces], direction, how, random.random() < DEEP)
        stream[direction].append((data, how))
        good[direction].append(sample.frame)
        if len(stream[direction]) == STREAM:
            _stream(tally, stream[direction], good[direction], direction, random)
            stream[direction], good[direction] = [], []
    tally.seconds = time.process_time() - start
    _sizes.append(_memory())
    del _sizes[1:-1]
    tally.growth = max(0, _sizes[-1] - _sizes[0])
    return tally


#: Bytes of this process after its first block, and after its last.
_sizes: list[int] = []


def _memory() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def _examine_all(tally: Tally, pieces: list[bytes], direction: Direction, how: str, deep: bool) -> None:
    done: set[bytes] = set()
    for piece in pieces:
        if piece in done or not piece.startswith(TOKEN[:1]):
            continue
        done.add(piece)
        try:
            kind, wrong = examine(piece, direction, deep)
        except Exception as error:
            kind, wrong = "undocumented", [f"{type(error).__name__}: {error}"]
        tally.outcomes[kind] += 1
        for one in wrong:
            tally.found(one, piece, direction, how)


def _stream(
    tally: Tally, bad: list[tuple[bytes, str]], good: list[bytes], direction: Direction, random: Random
) -> None:
    """Put bad frames between good ones: those that are good must come out, each at its place."""
    pairs = [(data, frame) for (data, _), frame in zip(bad, good, strict=True)]
    way = None if random.random() < 0.25 else direction
    most = random.choice((1 << 30, 65536, 4096, 1460))
    try:
        missing = lost(pairs, way, most)
    except Exception as error:
        whole = b"".join(data + frame for data, frame in pairs)
        tally.found(f"the buffer: {type(error).__name__}: {error}", whole, way, f"a stream, {most} at a time")
        return
    tally.good += len(pairs) - len(missing)
    if missing:
        kept = shrunk(
            list(range(len(pairs))), lambda some: bool(lost([pairs[one] for one in some], way, most))
        )
        how = f"{most} bytes at a time; " + "; ".join(bad[one][1] for one in kept)
        whole = b"".join(pairs[one][0] + pairs[one][1] for one in kept)
        tally.found(f"{len(missing)} good frames did not come out", whole, way, how)


def lost(pairs: list[tuple[bytes, bytes]], direction: Direction | None, most: int) -> list[int]:
    """Return which good frames do not come out of a stream of bad and good ones in turn.

    Args:
        pairs: bad bytes, and the good frame behind them.
        direction: of the buffer; ``None`` for a mixed one.
        most: bytes that are put in at a time.
    """
    whole = b"".join(data + frame for data, frame in pairs)
    buffer = FrameBuffer(direction)
    found = set()
    for start in range(0, len(whole), most):
        found |= {(frame.offset, len(frame)) for frame in buffer.feed(whole[start : start + most])}
    found |= {(frame.offset, len(frame)) for frame in buffer.close()}
    missing, at = [], 0
    for index, (data, frame) in enumerate(pairs):
        at += len(data)
        if (at, len(frame)) not in found:
            missing.append(index)
        at += len(frame)
    return missing


def shrunk(indices: list[int], still: Callable[[list[int]], bool]) -> list[int]:
    """Return fewer indices with which it still happens: none can be left out any more."""
    for one in list(indices):
        without = [other for other in indices if other != one]
        if still(without):
            indices = without
    return indices


# --- the command ---------------------------------------------------------------------------------


def main(words: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.frames", description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000_000, help="mutated frames in all, over all runs")
    parser.add_argument("--state", type=Path, help="file that the report is kept in; goes on from it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--seed", type=int, default=1, help="of the whole run")
    options = parser.parse_args(words)
    total, done = load(options.state, options.seed)
    wanted = -(-options.frames // BLOCK)
    left = [(options.seed, number) for number in range(wanted) if number not in done]
    context = multiprocessing.get_context("spawn")
    try:
        with context.Pool(max(1, min(options.jobs, len(left)))) as workers:
            for number, tally in workers.imap_unordered(_numbered, left):
                total.add(tally)
                done.add(number)
                save(options.state, options.seed, total, done)
                print(_line(total, len(done), wanted), file=sys.stderr)
    except KeyboardInterrupt:
        print("ended early; what was done is kept", file=sys.stderr)
    print(report(total))
    return 1 if total.finding_count or total.growth > MOST_GROWTH else 0


def _numbered(job: tuple[int, int]) -> tuple[int, Tally]:
    return job[1], block(*job)


def _line(total: Tally, done: int, wanted: int) -> str:
    rate = total.frames / total.seconds if total.seconds else 0
    return f"{done}/{wanted} blocks, {total.frames} frames, {rate:.0f}/s, {total.finding_count} findings"


if __name__ == "__main__":
    sys.exit(main())
