"""What the tests of the schema share: vectors, and frames that are bent on purpose.

A vector is a frame with its values. Those in ``tests/vectors`` belong to the project; when the
collection that they were taken from lies beside the checkout, the tests run over all of it too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cti_schema.message import Direction, Record
from cti_schema.wire.frame import build_frame

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "protocol"


@dataclass(frozen=True)
class Vector:
    """A frame with its values.

    Attributes:
        padding: surplus zero bytes at the end of the body.
        kind: ``wellformed``; ``tolerated`` and ``malformed`` ones have something wrong.
        fields: the values; ``None`` also where nobody says what they are.
    """

    id: str
    message: str
    direction: Direction
    kind: str
    frame: bytes
    fields: Any
    padding: int

    @property
    def code(self) -> int:
        return int.from_bytes(self.frame[12:16], "little")

    @property
    def body(self) -> bytes:
        return self.frame[20:-2]

    def bent(self, body: bytes) -> bytes:
        """Return a frame with another body, whose length and checksum are right."""
        return build_frame(self.code, body, self.direction)


def load(folder: Path) -> list[Vector]:
    """Return the vectors of a folder."""
    found = []
    for file in sorted(folder.glob("*.json")):
        for entry in json.loads(file.read_text(encoding="utf-8")):
            fields = entry["fields"]
            padding = fields.pop("_padding", 0) if isinstance(fields, dict) else 0
            found.append(
                Vector(
                    entry["id"],
                    entry["message"],
                    Direction(entry["direction"]),
                    entry.get("kind", "wellformed"),
                    bytes.fromhex(entry["hex"]),
                    fields,
                    padding,
                )
            )
    return found


VECTORS = load(ROOT / "tests" / "vectors")
WELLFORMED = [vector for vector in VECTORS if vector.kind == "wellformed"]
#: Small enough to be cut at every byte.
SMALL = [vector for vector in VECTORS if len(vector.frame) <= 600]

_LARGER = load(SHARED / "vectors")
_OWN = {vector.frame for vector in VECTORS}


def each(vectors: list[Vector]) -> Any:
    """Run a test with each of these vectors."""
    return pytest.mark.parametrize("vector", vectors, ids=[f"{one.message}-{one.id}" for one in vectors])


def each_of_all(keep: Callable[[Vector], bool] = lambda vector: True) -> Any:
    """Run a test with each vector of the project, and with all others if the collection is there."""
    found: list[Any] = [
        pytest.param(one, id=f"{one.message}-{one.id}")
        for one in [*VECTORS, *(one for one in _LARGER if one.frame not in _OWN)]
        if keep(one)
    ]
    if not _LARGER:
        reason = "the larger collection of vectors is not beside this checkout"
        found.append(pytest.param(None, id="collection", marks=pytest.mark.skip(reason=reason)))
    return pytest.mark.parametrize("vector", found)


def comparable(value: Any, *, absent_lists: bool = False) -> Any:
    """Return JSON values so that ``==`` compares them: NaN by its bits, the usual NaN in one way.

    Args:
        value: fields of a message.
        absent_lists: leave out empty lists: a list that is not on the wire may be missing in a vector.
    """
    if isinstance(value, dict):
        return {
            name: comparable(inner, absent_lists=absent_lists)
            for name, inner in value.items()
            if not (absent_lists and inner == [])
        }
    if isinstance(value, list):
        return [comparable(inner, absent_lists=absent_lists) for inner in value]
    if isinstance(value, float):
        return "nan" if value != value else {float("inf"): "inf", float("-inf"): "-inf"}.get(value, value)
    return "nan" if value in ("nan:7fc00000", "nan:7ff8000000000000") else value


def present(message: Record) -> dict[str, Any]:
    """Return the values of a message by name."""
    return {kind.name: value for kind, value in message.present()}
