"""Values drawn from hypothesis strategies: the same for the same seed, whatever else the process has done.

Hypothesis on its own also draws constants that it finds in the modules that happen to be loaded; a case
could then not be made again elsewhere. So its strategies are given numbers by a source of their own, which
likes the ends of a range. Another version of hypothesis may draw others. Needs the extra ``fuzz``, which
brings hypothesis.
"""

from __future__ import annotations

import math
import struct
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cti_schema.errors import ConfigurationError

try:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider
except ImportError:
    raise ConfigurationError(
        "fuzzing needs hypothesis: install the extra `fuzz`, for example `pip install 'cti-toolkit[fuzz]'`"
    ) from None

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

#: How often an end of a range, or its middle, is drawn.
_AT_AN_END: Final = 0.25
#: Floats that are worth trying, where they are allowed.
_FLOATS: Final = (
    0.0, -0.0, 1.0, -1.0, 1.5, math.inf, -math.inf, math.nan, 3.4028234663852886e38, 1.401298464324817e-45,
)  # fmt: skip
_LONGEST: Final = 20

_random = Random(0)  # noqa: S311  # repeatable on purpose


class Provider(PrimitiveProvider):
    """Draws from the generator that `draw` has seeded."""

    lifetime = "test_function"

    def draw_boolean(self, p: float = 0.5) -> bool:
        return _random.random() < p

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: dict[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        least = -(2**64) if min_value is None else min_value
        greatest = 2**64 if max_value is None else max_value
        if weights is None and _random.random() < _AT_AN_END:
            return _random.choice([least, greatest, min(max(0, least), greatest)])
        return _random.randint(least, greatest)

    def draw_float(
        self,
        *,
        min_value: float = -math.inf,
        max_value: float = math.inf,
        allow_nan: bool = True,
        smallest_nonzero_magnitude: float = 0.0,
    ) -> float:
        value: float
        if _random.random() < _AT_AN_END:
            value = _random.choice(_FLOATS)
        elif _random.random() < 0.5:
            value = _random.randint(-1000, 1000) / 8
        else:
            value = struct.unpack("<d", _random.randbytes(8))[0]
        fits = allow_nan if math.isnan(value) else min_value <= value <= max_value
        if not fits or 0 < abs(value) < smallest_nonzero_magnitude:
            return min(max(0.0, min_value), max_value)
        return value

    def draw_string(self, intervals: Any, *, min_size: int = 0, max_size: int = 10**10) -> str:
        return "".join(chr(intervals[_index(len(intervals))]) for _ in range(_length(min_size, max_size)))

    def draw_bytes(self, min_size: int = 0, max_size: int = 10**10) -> bytes:
        return _random.randbytes(_length(min_size, max_size))


def _length(least: int, greatest: int) -> int:
    return _random.randint(least, max(least, min(greatest, _LONGEST)))


def _index(count: int) -> int:
    """Return the index of a character: plain ones, which stand in front, as often as any other."""
    return _random.randrange(min(count, 256) if _random.random() < 0.5 else count)


AVAILABLE_PROVIDERS["cti_fuzz"] = f"{__name__}.{Provider.__name__}"  # older versions take no class


def draw(strategy: SearchStrategy[T], count: int, seed: str) -> list[T]:
    """Return values of a strategy: the same ones for the same seed.

    Args:
        strategy: where they come from.
        count: how many; fewer where the strategy has no more.
        seed: chooses them.
    """
    found: list[T] = []

    @settings(
        max_examples=count,
        backend="cti_fuzz",
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def take(value: T) -> None:
        found.append(value)

    _random.seed(seed)
    take()
    return found
