"""What a run of mutated frames has found: counted, kept in a file, and told."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cti_schema import Direction

#: Findings that are written down.
MOST_FINDINGS = 200


@dataclass
class Tally:
    """What a run has found so far; of a block, or of all.

    Attributes:
        frames: mutated frames.
        by_mutation: frames by mutation.
        outcomes: how often decoding ended in ``accepted``, or in which error and which kind of problem.
        good: good frames that stood between them, all of which came out.
        findings: what should not be: as many as `MOST_FINDINGS`.
        finding_count: all of them.
        seconds: of the processors, in all processes.
        growth: most bytes that a process was larger after a block than after its first.
    """

    frames: int = 0
    by_mutation: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    good: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)
    finding_count: int = 0
    seconds: float = 0.0
    growth: int = 0

    def add(self, other: Tally) -> None:
        """Add what a block found."""
        self.frames += other.frames
        self.by_mutation.update(other.by_mutation)
        self.outcomes.update(other.outcomes)
        self.good += other.good
        self.findings = (self.findings + other.findings)[:MOST_FINDINGS]
        self.finding_count += other.finding_count
        self.seconds += other.seconds
        self.growth = max(self.growth, other.growth)

    def found(self, what: str, frame: bytes, direction: Direction | None, how: str) -> None:
        """Write down what should not be."""
        self.finding_count += 1
        if len(self.findings) < MOST_FINDINGS:
            way = None if direction is None else direction.value
            self.findings.append({"what": what, "how": how, "direction": way, "frame": frame[:65536].hex()})


def load(state: Path | None, seed: int) -> tuple[Tally, set[int]]:
    if state is None or not state.exists():
        return Tally(), set()
    kept = json.loads(state.read_text(encoding="utf-8"))
    if kept["seed"] != seed:
        raise SystemExit(f"{state} is of the seed {kept['seed']}")
    values = kept["tally"]
    for name in ("by_mutation", "outcomes"):
        values[name] = Counter(values[name])
    return Tally(**values), set(kept["blocks"])


def save(state: Path | None, seed: int, total: Tally, done: set[int]) -> None:
    if state is None:
        return
    new = state.with_suffix(state.suffix + ".new")
    kept = {"seed": seed, "blocks": sorted(done), "tally": vars(total)}
    new.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    new.replace(state)


def report(total: Tally) -> str:
    """Return the report in words."""
    rate = total.frames / total.seconds if total.seconds else 0.0
    lines = [
        f"{total.frames} mutated frames, {rate:.0f} a second and process",
        f"{total.good} good frames between them, all of which came out" if not total.finding_count else "",
        f"most that a process grew after its first block: {total.growth / 2**20:.1f} MiB",
        f"{total.finding_count} findings",
        "",
    ]
    lines += [f"  {count:>10}  {name}" for name, count in sorted(total.by_mutation.items())]
    lines += ["", "strict decoding:"]
    lines += [f"  {count:>10}  {name}" for name, count in total.outcomes.most_common()]
    for one in total.findings[:20]:
        lines += ["", f"{one['how']}", f"  {one['what']}", f"  {one['frame'][:200]}"]
    return "\n".join(lines)
