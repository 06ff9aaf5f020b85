"""Try the clients, the dump and the proxy on broken answers for as long as wanted; a run of its own::

    python -m tests.fuzz.clients --minutes 10 --state clients.json

Rounds are numbered, and the number is the round's seed. The state file makes the run go on where it ended,
with one report for all of it; a round that failed is kept with what it failed with, and made again by
`--round N`.
Most rounds are in memory; every tenth is on sockets, through the proxy. Every fourth is recorded and dumped.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from tests.fuzz.rounds import InMemory, OnSockets, Round

CALLS = 20

#: A round that takes longer hangs: where it stands is written, and the process ends.
HANGS_S = 120.0

#: Rounds until everything is imported and every cache is full.
WARM = 500

#: How much more memory the process may have after that.
GROWTH_MIB = 64.0

#: Failures that are kept.
MOST = 50


def make(number: int, folder: Path) -> Round:
    """Return a round by its number."""
    if number % 10 == 9:
        return OnSockets(number, folder)
    return InMemory(number, folder, recorded=number % 4 == 0)


def fresh(first: int) -> dict[str, Any]:
    """Return the state before the first round."""
    return {"next": first, "running": None, "seconds": 0.0, "tally": {}, "growth_mib": 0.0, "failures": []}


def load(path: Path, first: int) -> dict[str, Any]:
    """Return the state that was kept. A round that was not brought to an end is a failure."""
    if not path.exists():
        return fresh(first)
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if state["running"] is not None:
        state["failures"].append({"round": state["running"], "what": "it was not brought to an end"})
        state["next"], state["running"] = state["running"] + 1, None
    return state


def keep(path: Path, state: dict[str, Any]) -> None:
    """Keep the state, so that it is whole whenever the process ends."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(state, indent=1), encoding="utf-8")
    beside.replace(path)


def campaign(path: Path, minutes: float, first: int = 0, most: int | None = None) -> dict[str, Any]:
    """Make rounds for so many minutes, or so many rounds, and return the state; Ctrl-C ends it, too."""
    state = load(path, first)
    tally = Counter(state["tally"])
    process, began, here = psutil.Process(), time.monotonic(), 0
    before, warm_mib = state["seconds"], 0.0
    folder = Path(tempfile.mkdtemp(prefix="fuzz-clients-"))
    try:
        while time.monotonic() - began < minutes * 60 and here != most:
            number = state["next"]
            keep(path, state | {"running": number})
            faulthandler.dump_traceback_later(HANGS_S, exit=True)
            try:
                tally += make(number, folder).run(CALLS)
            except Exception as error:
                at = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{Path(at.filename).name}:{at.lineno}"
                what = f"{type(error).__name__}: {str(error)[:300]} ({where})"
                print(f"round {number}: {what}", flush=True)
                state["failures"] = [*state["failures"], {"round": number, "what": what}][:MOST]
                tally["failed"] += 1
            here += 1
            tally["rounds"] += 1
            state |= {"next": number + 1, "seconds": before + time.monotonic() - began, "tally": tally}
            if here % 100 == 0:
                mib = process.memory_info().rss / 2**20
                warm_mib = mib if here <= WARM else warm_mib
                state["growth_mib"] = max(state["growth_mib"], mib - warm_mib)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    finally:
        faulthandler.cancel_dump_traceback_later()
        keep(path, state | {"running": None})
    return state


def report(state: dict[str, Any]) -> str:
    """Return what all runs of a state came to."""
    tally = Counter(state["tally"])
    lines = [
        f"{state['seconds'] / 60:.1f} minutes, {tally['rounds']} rounds, {tally['calls']} calls,"
        f" {tally['control']} of them sent something that changes the cycler",
        f"{tally['feedbacks']} feedbacks, {_sum(tally, 'played ')} of them broken in"
        f" {sum(1 for name in tally if name.startswith('played '))} ways",
        f"{tally['frames']} frames of recordings dumped, {tally['connections']} connections",
        "calls ended: " + ", ".join(
            f"{name.removeprefix('ended ')} {count}"
            for name, count in tally.most_common()
            if name.startswith("ended ")
        ),
        f"memory: {state['growth_mib']:.1f} MiB more than after the first {WARM} rounds"
        + (", which is too much" if state["growth_mib"] > GROWTH_MIB else ""),
        f"failures: {tally['failed'] or 'none'}",
    ]  # fmt: skip
    return "\n".join([*lines, *(f"  round {one['round']}: {one['what']}" for one in state["failures"])])


def _sum(tally: Counter[str], prefix: str) -> int:
    return sum(count for name, count in tally.items() if name.startswith(prefix))


def main() -> int:
    """Run the command, and return its exit code: 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--state", type=Path, default=Path("fuzz-clients.json"))
    parser.add_argument("--first", type=int, default=0, help="number of the first round of a new state")
    parser.add_argument("--round", type=int, help="make this round alone; its recording stays")
    given = parser.parse_args()
    if given.round is not None:
        one = make(given.round, Path(tempfile.mkdtemp(prefix="fuzz-clients-")))
        try:
            print(one.run(CALLS))
        finally:
            print(*one.playing.played, one.trace, sep="\n")
        return 0
    state = campaign(given.state, given.minutes, given.first)
    print(report(state))
    return 1 if state["failures"] or state["growth_mib"] > GROWTH_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
