"""The picture of a test: voltage and current against time, voltage against capacity. No windows, no state."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cti_client.dump.lines import safe
from cti_client.plotting.curves import Curves, Cycle
from cti_client.plotting.line import Line
from cti_client.plotting.reading import Test
from cti_schema.errors import ConfigurationError

__all__ = ["ENDINGS", "draw", "summary"]

#: What a picture can be.
ENDINGS: Final = (".png", ".svg")

#: Colours that people with any kind of colour vision tell apart (Okabe and Ito).
_VOLTAGE, _CURRENT, _CHARGE, _DISCHARGE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"

#: Units of time: up to how many seconds each is used, its length and its name.
_TIMES: Final = (
    (600.0, 1.0, "s"),
    (10_800.0, 60.0, "min"),
    (400_000.0, 3600.0, "h"),
    (np.inf, 86_400.0, "d"),
)

_MARGINS: Final[Any] = {"left": 0.06, "right": 0.985, "bottom": 0.09, "top": 0.89, "hspace": 0.08}

_STYLE: Final[Any] = {
    "font.size": 9.0,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "lines.linewidth": 0.8,
    "lines.markersize": 2.5,
    "legend.frameon": False,
    "axes.titlesize": 9.0,
    "axes.formatter.limits": (-2, 4),
    "svg.hashsalt": "cti",  # the same test gives the same file
    "svg.image_inline": True,
}


def draw(test: Test, curves: Curves, target: Path) -> None:
    """Write the picture of a test, as PNG or SVG by the ending of the file's name.

    Raises:
        ConfigurationError: nothing can be drawn.
        OSError: the file cannot be written.
    """
    if not curves.count:
        raise ConfigurationError(f"{test}: there are no readings of this test with voltage and current")
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box stands for it
        figure = _figure(test, curves)
        kind = target.suffix[1:].lower()
        figure.savefig(target, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)


def summary(curves: Curves) -> str:
    """Return how many readings there are, and gaps."""
    gaps = {0: "no gap", 1: "1 gap"}.get(curves.gaps, f"{curves.gaps} gaps")
    return f"{curves.count:,} readings, {gaps}"


def _figure(test: Test, curves: Curves) -> Figure:
    with_capacity = any(
        len(half.line.points()[0]) for one in curves.cycles for half in (one.charge, one.discharge)
    )
    # Margins that suit any numbers: to measure the texts would take as long as to draw everything.
    if with_capacity:
        figure = Figure(figsize=(12.0, 5.6))
        grid = figure.add_gridspec(2, 2, width_ratios=(1.6, 1.0), wspace=0.16, **_MARGINS)
    else:
        figure = Figure(figsize=(9.0, 5.6))
        grid = figure.add_gridspec(2, 1, **(_MARGINS | {"left": 0.08}))
    voltage = figure.add_subplot(grid[0, 0])
    current = figure.add_subplot(grid[1, 0], sharex=voltage)
    longest_s = float(np.nanmax(curves.voltage.points()[0]))
    length_s, unit = next((length, name) for most, length, name in _TIMES if longest_s <= most)
    _plot(voltage, curves.voltage, length_s, color=_VOLTAGE)
    _plot(current, curves.current, length_s, color=_CURRENT)
    current.axhline(0.0, color="#888888", linewidth=0.5, zorder=1)
    voltage.set_ylabel("Voltage / V")
    voltage.tick_params(labelbottom=False)
    voltage.set_title(summary(curves), loc="left")
    current.set_ylabel("Current / A")
    current.set_xlabel(f"Test time / {unit}")
    if with_capacity:
        _draw_cycles(figure.add_subplot(grid[:, 1]), curves)
    width_in = voltage.get_position().width * figure.get_figwidth()
    for axes in (voltage, current):
        axes.yaxis.set_label_coords(-0.48 / width_in, 0.5)
    figure.suptitle(_plain(str(test)), fontsize=11.0, fontweight="bold", x=0.01, ha="left")
    return figure


def _draw_cycles(axes: Axes, curves: Curves) -> None:
    cycles = curves.cycles
    for place, cycle in enumerate(cycles):
        # Older cycles are paler.
        alpha = 1.0 if len(cycles) == 1 else 0.3 + 0.7 * place / (len(cycles) - 1)
        for half, color in ((cycle.charge, _CHARGE), (cycle.discharge, _DISCHARGE)):
            _plot(axes, half.line, 1.0, color=color, alpha=alpha)
    for name, color in (("charge", _CHARGE), ("discharge", _DISCHARGE)):
        axes.plot([], [], color=color, linewidth=1.5, label=name)
    axes.legend(loc="best")
    axes.set_xlabel("Capacity in the cycle / Ah")
    axes.set_ylabel("Voltage / V")
    axes.set_title(_which(cycles, curves), loc="left")


def _which(cycles: Sequence[Cycle], curves: Curves) -> str:
    """Return which cycles are shown."""
    numbers = [f"{cycle.number:g}" for cycle in cycles if np.isfinite(cycle.number)]
    if not numbers:
        return ""
    if len(numbers) == 1:
        return f"cycle {numbers[0]}"
    if curves.every > 1:
        return f"{len(numbers)} of {curves.seen_cycles} cycles, from {numbers[0]} (pale) to {numbers[-1]}"
    return f"cycles {numbers[0]} (pale) to {numbers[-1]}"


def _plot(axes: Axes, line: Line, unit: float, **style: Any) -> None:
    x, y = line.points()
    axes.plot(x / unit, y, solid_joinstyle="round", **style)
    # A point between two gaps has no line: it is drawn as a dot.
    gap = np.isnan(np.concatenate(([np.nan], x, [np.nan])))
    alone = gap[:-2] & gap[2:] & ~gap[1:-1]
    if alone.any():
        axes.plot(x[alone] / unit, y[alone], ".", **style)


def _plain(text: str) -> str:
    """Return a text that is drawn as it is; between dollars matplotlib would see a formula."""
    return safe(text).replace("$", r"\$")
