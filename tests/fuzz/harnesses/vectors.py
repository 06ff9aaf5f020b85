"""The recorded frames of the project as bytes. Imports nothing of the toolkit, see `running.instrumented`."""

from __future__ import annotations

import json
from pathlib import Path

VECTORS = Path(__file__).parents[2] / "vectors"


def frames(longest: int = 4096) -> list[bytes]:
    """Return the recorded frames up to a length, in the order of their files."""
    found = []
    for file in sorted(VECTORS.glob("*.json")):
        found += [bytes.fromhex(entry["hex"]) for entry in json.loads(file.read_text(encoding="utf-8"))]
    return [frame for frame in found if len(frame) <= longest]
