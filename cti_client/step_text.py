"""The text in which a cycler shows cycle and step: ``[cycle] step: label, type``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["StepText", "step_text"]

_SHAPE: Final = re.compile(r"\[(\d+)\]\s*(\d+)\s*:\s*(.*?)(?:,\s*([^,]*))?$")


@dataclass(frozen=True, slots=True)
class StepText:
    """What stands in such a text.

    Attributes:
        cycle: number of the cycle, as the cycler counts.
        step: number of the step, as the cycler counts.
        label: name of the step.
        kind: what the step does; ``None`` where the text does not say.
    """

    cycle: int
    step: int
    label: str
    kind: str | None


def step_text(text: str) -> StepText | None:
    """Return the parts of a text, or ``None`` where it has another shape."""
    found = _SHAPE.match(text)
    return None if found is None else StepText(int(found[1]), int(found[2]), found[3], found[4])
