"""What is known of a fleet, as metrics: computed from its polls when somebody asks, never older than that.

A cycler that does not answer is ``cti_up 0``, and its channels are absent, so that no old value looks like a
new one. Units are base units of the SI, as Prometheus asks for: coulombs and joules, not ampere-hours and
watt-hours. No label has a value that a user of the cycler makes up: only names of the fleet's file, numbers
of channels, and the statuses that the protocol knows.
"""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Final, NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from cti_client.readings import Reading
from cti_client.record.logger import SinkState
from cti_client.record.observe import Poll
from cti_client.step_text import step_text

__all__ = ["Metrics"]

#: Upper edges of the classes of the histogram, in seconds.
_EDGES_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

#: Seconds in an hour: ampere-hours become coulombs, watt-hours become joules.
_HOUR_S: Final = 3600.0


class _Gauge(NamedTuple):
    """A measured value of a channel: ``cti_channel_NAME_UNIT``, from an attribute of `Reading`."""

    name: str
    unit: str
    attribute: str
    what: str
    factor: float = 1.0


_MEASURED: Final = (
    _Gauge("voltage", "volts", "voltage_v", "Voltage"),
    _Gauge("current", "amperes", "current_a", "Current; positive while charging"),
    _Gauge("power", "watts", "power_w", "Power, as the cycler reports it"),
    _Gauge("temperature_t1", "celsius", "temperature_t1_degc", "First auxiliary temperature"),
    _Gauge("charge_capacity", "coulombs", "charge_capacity_ah", "Charge capacity", _HOUR_S),
    _Gauge("discharge_capacity", "coulombs", "discharge_capacity_ah", "Discharge capacity", _HOUR_S),
    _Gauge("charge_energy", "joules", "charge_energy_wh", "Charge energy", _HOUR_S),
    _Gauge("discharge_energy", "joules", "discharge_energy_wh", "Discharge energy", _HOUR_S),
    _Gauge("internal_resistance", "ohms", "internal_resistance_ohm", "Internal resistance"),
    _Gauge("dv_dt", "volts_per_second", "dv_dt_v_per_s", "Change of the voltage with time"),
    _Gauge("acr", "ohms", "acr_ohm", "AC resistance"),
    _Gauge("aci", "ohms", "aci_ohm", "Magnitude of the AC impedance"),
    _Gauge("aci_phase", "radians", "aci_phase_deg", "Phase of the AC impedance", math.pi / 180.0),
    _Gauge("test_time", "seconds", "test_time_s", "Time since the test began"),
    _Gauge("step_time", "seconds", "step_time_s", "Time since the step began"),
)  # fmt: skip

_CYCLER: Final = ("cycler",)
_CHANNEL: Final = ("cycler", "channel")


@dataclass(slots=True)
class _Seen:
    """What was seen of a cycler."""

    poll: Poll | None = None
    at_s: float = 0.0
    answered_ms: int | None = None
    polls: int = 0
    failed: int = 0
    dropped: int = 0
    latency_s: float = 0.0
    classes: list[int] = field(default_factory=lambda: [0] * (len(_EDGES_S) + 1))


class Metrics(Collector):
    """Metrics of a fleet; register it with a registry of prometheus_client.

    Args:
        cyclers: their names.
        period_s: time from one poll of a cycler to the next.
        timeout_s: how long an answer may take. Readings that are older than that and three periods are not
            shown, even when no failed poll followed them.
        sinks: tells how the sinks are doing, where readings are logged too.
        steady: a clock that only runs.
    """

    def __init__(
        self,
        cyclers: Iterable[str],
        period_s: float,
        timeout_s: float,
        sinks: Callable[[], Sequence[SinkState]] | None = None,
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seen = {name: _Seen() for name in cyclers}
        self._period_s = period_s
        self._stale_s = 3.0 * period_s + timeout_s
        self._sinks = sinks
        self._steady = steady
        self._lock = threading.Lock()  # polls come from one thread, questions from others

    def see(self, poll: Poll) -> None:
        """Take what came of a poll."""
        now_s = self._steady()
        with self._lock:
            seen = self._seen[poll.cycler]
            if seen.poll is not None:
                # A clock that was set forward jumps over slots in no time: no poll is missing then.
                missing = round((poll.slot - seen.poll.slot) / 1000.0 / self._period_s) - 1
                seen.dropped += max(0, min(missing, int((now_s - seen.at_s) / self._period_s)))
            seen.poll, seen.at_s = poll, now_s
            seen.polls += 1
            if poll.error is not None:
                seen.failed += 1
            else:
                seen.answered_ms = poll.time
                seen.latency_s += poll.latency_s
                seen.classes[bisect_left(_EDGES_S, poll.latency_s)] += 1

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        with self._lock:  # held for a moment only: polls do not wait for who asks
            cyclers = {name: replace(seen, classes=[*seen.classes]) for name, seen in self._seen.items()}
        yield from self._of_cyclers(cyclers)
        yield from self._of_channels(cyclers.values())
        if self._sinks is not None:
            yield from _of_sinks(self._sinks())

    def _there(self, seen: _Seen) -> bool:
        return (
            seen.poll is not None and seen.poll.error is None and self._steady() - seen.at_s <= self._stale_s
        )

    def _of_cyclers(self, cyclers: dict[str, _Seen]) -> Iterator[Metric]:
        up = GaugeMetricFamily("cti_up", "Whether the cycler answered the last poll", labels=_CYCLER)
        polls = CounterMetricFamily("cti_polls", "Polls", labels=_CYCLER)
        failed = CounterMetricFamily("cti_failed_polls", "Polls without an answer", labels=_CYCLER)
        dropped = CounterMetricFamily(
            "cti_dropped_polls", "Polls that were not made, because the one before took too long",
            labels=_CYCLER,
        )  # fmt: skip
        last = GaugeMetricFamily(
            "cti_last_sample_timestamp_seconds", "When the cycler last answered, in Unix time",
            labels=_CYCLER, unit="seconds",
        )  # fmt: skip
        latency = HistogramMetricFamily(
            "cti_request_latency_seconds", "Time from request to answer", labels=_CYCLER, unit="seconds"
        )
        edges = [*map(repr, _EDGES_S), "+Inf"]
        for name, seen in cyclers.items():
            up.add_metric([name], float(self._there(seen)))
            polls.add_metric([name], seen.polls)
            failed.add_metric([name], seen.failed)
            dropped.add_metric([name], seen.dropped)
            if seen.answered_ms is not None:
                last.add_metric([name], seen.answered_ms / 1000.0)
            counts = accumulate(seen.classes)
            latency.add_metric([name], list(zip(edges, counts, strict=True)), seen.latency_s)
        return iter((up, polls, failed, dropped, last, latency))

    def _of_channels(self, cyclers: Iterable[_Seen]) -> Iterator[Metric]:
        there = [seen.poll for seen in cyclers if seen.poll is not None and self._there(seen)]
        status = GaugeMetricFamily(
            "cti_channel_status", "1 with the status that the channel has", labels=[*_CHANNEL, "status"]
        )
        failure = GaugeMetricFamily(
            "cti_channel_comm_failure", "Whether the cycler cannot reach the channel's controller",
            labels=_CHANNEL,
        )  # fmt: skip
        cycle = GaugeMetricFamily("cti_channel_cycle_index", "Cycle, as the cycler counts", labels=_CHANNEL)
        step = GaugeMetricFamily("cti_channel_step_index", "Step, as the cycler counts", labels=_CHANNEL)
        for who, reading in _each(there):
            status.add_metric([*who, reading.status.label if reading.status.known else "unknown"], 1.0)
            failure.add_metric(who, float(reading.comm_failure))
            text = step_text(reading.step_and_cycle)
            if text is not None:
                cycle.add_metric(who, text.cycle)
                step.add_metric(who, text.step)
        yield from (status, failure, cycle, step)
        for name, unit, attribute, what, factor in _MEASURED:
            gauge = GaugeMetricFamily(f"cti_channel_{name}_{unit}", what, labels=_CHANNEL, unit=unit)
            for who, reading in _each(there):
                value = getattr(reading, attribute)
                if not math.isnan(value):
                    gauge.add_metric(who, factor * value)
            yield gauge


def _each(polls: Iterable[Poll]) -> Iterator[tuple[list[str], Reading]]:
    """Yield the readings with the values of their labels."""
    for poll in polls:
        for reading in poll.readings:
            yield [poll.cycler, str(reading.channel)], reading


def _of_sinks(sinks: Iterable[SinkState]) -> Iterator[Metric]:
    up = GaugeMetricFamily("cti_sink_up", "Whether the last attempt to write worked", labels=["sink"])
    written = CounterMetricFamily(
        "cti_sink_written_readings", "Readings that were written", labels=["sink"]
    )  # fmt: skip
    spooled = GaugeMetricFamily(
        "cti_sink_spooled_readings", "Readings that wait in the spool", labels=["sink"]
    )
    dropped = CounterMetricFamily(
        "cti_sink_dropped_readings", "Readings that were thrown away because the spool was full",
        labels=["sink"],
    )  # fmt: skip
    for sink in sinks:
        up.add_metric([sink.name], float(sink.error is None))
        written.add_metric([sink.name], sink.written)
        spooled.add_metric([sink.name], sink.waiting)
        dropped.add_metric([sink.name], sink.lost)
    return iter((up, written, spooled, dropped))
