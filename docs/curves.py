"""Curves of a test, computed: voltage and current against time, as an SVG that fits light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: Size of the drawing, and of the area with the curves in it: left, top, right, bottom.
WIDTH, HEIGHT = 760, 330
AREA = (60, 20, 700, 280)

#: Class in `_static/custom.css` of each curve.
VOLTAGE, CURRENT = "voltage", "current"


def curves(minutes: Sequence[float], voltage_v: Sequence[float], current_a: Sequence[float]) -> str:
    """Return the drawing: voltage on the left scale, current on the right one."""
    left, top, right, bottom = AREA
    across = scale(0.0, max(minutes))
    parts = [
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Voltage and current of a charge against time">',
        f'<rect class="area" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"/>',
    ]
    for value in across:
        x = left + (right - left) * value / across[-1]
        parts.append(f'<path class="grid" d="M{x:.1f} {top} V{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}">{value:g}</text>')
    parts.append(f'<text x="{(left + right) / 2}" y="{bottom + 40}">time / min</text>')
    for name, unit, values, side, anchor in (
        (VOLTAGE, "voltage / V", voltage_v, left - 8, "end"),
        (CURRENT, "current / A", current_a, right + 8, "start"),
    ):
        steps = scale(min(values), max(values))
        least, most = steps[0], steps[-1]
        for value in steps:
            y = bottom - (bottom - top) * (value - least) / (most - least)
            parts.append(
                f'<text class="{name}" x="{side}" y="{y + 4:.1f}" text-anchor="{anchor}">{value:g}</text>'
            )
        points = " ".join(
            f"{left + (right - left) * minute / across[-1]:.1f},"
            f"{bottom - (bottom - top) * (value - least) / (most - least):.1f}"
            for minute, value in zip(minutes, values, strict=True)
        )
        parts.append(f'<polyline class="{name}" points="{points}"/>')
        x = left if name == VOLTAGE else right
        parts.append(f'<text class="{name}" x="{x}" y="{top - 7}">{unit}</text>')
    return "\n".join([*parts, "</svg>"])


def scale(least: float, most: float) -> list[float]:
    """Return round numbers, equally far apart, from the least or below it to the most or above it."""
    span = max(most - least, 1e-9)
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= 6)
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return [round(number * step, 9) for number in range(first, last + 1)]
