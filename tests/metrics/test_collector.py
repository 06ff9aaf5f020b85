"""Polls in, metrics out: values, units and labels, and what becomes of a cycler that is away."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pytest

from cti_client.record import Poll, SinkState
from cti_schema.derive.defaults import default
from cti_schema.enums import ChannelStatus
from tests.record.support import IDLE, poll, reading

prometheus_client = pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")

from prometheus_client import CollectorRegistry, generate_latest  # noqa: E402
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics  # noqa: E402
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families as plain  # noqa: E402

from cti_client.metrics import Metrics  # noqa: E402


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def registered(metrics: Metrics) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(metrics)
    return registry


def values(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of a name by the values of their labels, in the labels' order."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in registered(metrics).collect()
        for sample in family.samples
        if sample.name == name
    }


def seen(polls: Iterable[Poll], *cyclers: str, clock: Clock | None = None) -> Metrics:
    metrics = Metrics(cyclers or ("north",), 1.0, 5.0, steady=clock or Clock())
    for one in polls:
        metrics.see(one)
    return metrics


def warm(value: float) -> Any:
    raw: Any = IDLE.raw
    kind = type(raw).spec.field("aux_temperature").item.record
    return default(type(raw), aux_temperature=[kind(value=value, dt_value=0.0)])


FULL = reading(
    3, "[7] 2: CC, Current(A)", voltage_v=3.75, current_a=-1.5, power_w=-5.625, charge_capacity_ah=0.5,
    discharge_capacity_ah=2.0, charge_energy_wh=0.25, discharge_energy_wh=1.0, internal_resistance_ohm=0.125,
    dv_dt_v_per_s=0.5, acr_ohm=0.25, aci_ohm=0.75, aci_phase_deg=-90.0, test_time_s=100.0, step_time_s=10.0,
    raw=warm(31.5), comm_failure=True,
)  # fmt: skip


def test_a_channel_in_base_units() -> None:
    metrics = seen([poll(0, FULL)])
    found = {
        sample.name: sample.value
        for family in registered(metrics).collect()
        for sample in family.samples
        if sample.labels.get("channel") == "3"
    }
    assert found == {
        "cti_channel_status": 1.0,
        "cti_channel_comm_failure": 1.0,
        "cti_channel_voltage_volts": 3.75,
        "cti_channel_current_amperes": -1.5,
        "cti_channel_power_watts": -5.625,
        "cti_channel_temperature_t1_celsius": 31.5,
        "cti_channel_charge_capacity_coulombs": 1800.0,
        "cti_channel_discharge_capacity_coulombs": 7200.0,
        "cti_channel_charge_energy_joules": 900.0,
        "cti_channel_discharge_energy_joules": 3600.0,
        "cti_channel_internal_resistance_ohms": 0.125,
        "cti_channel_dv_dt_volts_per_second": 0.5,
        "cti_channel_acr_ohms": 0.25,
        "cti_channel_aci_ohms": 0.75,
        "cti_channel_aci_phase_radians": -math.pi / 2,
        "cti_channel_test_time_seconds": 100.0,
        "cti_channel_step_time_seconds": 10.0,
        "cti_channel_cycle_index": 7.0,
        "cti_channel_step_index": 2.0,
    }


def test_what_the_cycler_does_not_tell_is_absent() -> None:
    metrics = seen([poll(0, reading(1, voltage_v=math.nan, raw=default(type(IDLE.raw))))])
    assert values(metrics, "cti_channel_voltage_volts") == {}
    assert values(metrics, "cti_channel_temperature_t1_celsius") == {}
    assert values(metrics, "cti_channel_cycle_index") == {}
    assert values(metrics, "cti_channel_status") == {("1", "north", "idle"): 1.0}


def test_only_the_present_status_is_there_and_an_unknown_one_has_one_name() -> None:
    metrics = seen([poll(0, reading(1)), poll(1, reading(1, status=ChannelStatus.CHARGE))])
    assert values(metrics, "cti_channel_status") == {("1", "north", "charge"): 1.0}
    strange = [reading(number, status=ChannelStatus(100 + number)) for number in range(1, 50)]
    found = values(seen([poll(0, *strange)]), "cti_channel_status")
    assert {status for _, _, status in found} == {"unknown"}
    assert len(found) == 49


def test_a_cycler_that_is_away_is_down_and_its_channels_are_absent() -> None:
    metrics = seen([], "north", "south")
    assert values(metrics, "cti_up") == {("north",): 0.0, ("south",): 0.0}
    assert values(metrics, "cti_last_sample_timestamp_seconds") == {}

    metrics.see(poll(0, FULL))
    assert values(metrics, "cti_up") == {("north",): 1.0, ("south",): 0.0}
    answered = values(metrics, "cti_last_sample_timestamp_seconds")
    assert answered == {("north",): 1_774_339_200.25}

    metrics.see(poll(1, error="connection lost"))
    assert values(metrics, "cti_up") == {("north",): 0.0, ("south",): 0.0}
    assert values(metrics, "cti_channel_voltage_volts") == {}
    assert values(metrics, "cti_channel_status") == {}
    assert values(metrics, "cti_last_sample_timestamp_seconds") == answered
    assert values(metrics, "cti_polls_total") == {("north",): 2.0, ("south",): 0.0}
    assert values(metrics, "cti_failed_polls_total") == {("north",): 1.0, ("south",): 0.0}

    metrics.see(poll(2, FULL))
    assert values(metrics, "cti_up")[("north",)] == 1.0
    assert values(metrics, "cti_channel_voltage_volts") == {("3", "north"): 3.75}


def test_old_readings_are_not_shown_even_if_nothing_came_behind_them() -> None:
    clock = Clock()
    metrics = seen([poll(0, FULL)], clock=clock)
    clock.now += 8.0  # three periods and the time that an answer may take
    assert values(metrics, "cti_up") == {("north",): 1.0}
    clock.now += 0.1
    assert values(metrics, "cti_up") == {("north",): 0.0}
    assert values(metrics, "cti_channel_voltage_volts") == {}


def test_a_channel_that_is_gone_is_absent() -> None:
    metrics = seen([poll(0, reading(1), reading(2)), poll(1, reading(1))])
    assert set(values(metrics, "cti_channel_status")) == {("1", "north", "idle")}


def test_latencies_are_counted_in_classes() -> None:
    polls = [poll(second, FULL, latency_s=latency) for second, latency in enumerate((0.005, 0.006, 0.3, 20))]
    metrics = seen([*polls, poll(9, error="away", latency_s=5.0)])
    buckets = values(metrics, "cti_request_latency_seconds_bucket")
    counts = {edge: count for (_, edge), count in buckets.items()}
    assert counts == {
        "0.005": 1, "0.01": 2, "0.025": 2, "0.05": 2, "0.1": 2, "0.25": 2, "0.5": 3, "1.0": 3, "2.5": 3,
        "5.0": 3, "10.0": 3, "+Inf": 4,
    }  # fmt: skip
    assert values(metrics, "cti_request_latency_seconds_count") == {("north",): 4.0}
    assert values(metrics, "cti_request_latency_seconds_sum") == {("north",): pytest.approx(20.311)}


def test_polls_that_were_not_made_are_counted_but_not_those_that_a_clock_jumped_over() -> None:
    clock = Clock()
    metrics = seen([poll(0, FULL)], clock=clock)
    for second, elapsed_s in ((1, 1.0), (5, 4.0), (6, 1.0)):
        clock.now += elapsed_s
        metrics.see(poll(second, FULL))
    assert values(metrics, "cti_dropped_polls_total") == {("north",): 3.0}
    clock.now += 0.9
    metrics.see(poll(3600, FULL))  # the clock was set forward
    clock.now += 0.9
    metrics.see(poll(100, FULL))  # and back
    assert values(metrics, "cti_dropped_polls_total") == {("north",): 3.0}


def test_sinks() -> None:
    states = [SinkState("a.sqlite", 70, 0, 0, None), SinkState("postgresql://db/x", 5, 40, 25, "gone")]
    metrics = Metrics(["north"], 1.0, 5.0, lambda: states)
    assert values(metrics, "cti_sink_up") == {("a.sqlite",): 1.0, ("postgresql://db/x",): 0.0}
    assert values(metrics, "cti_sink_written_readings_total") == {
        ("a.sqlite",): 70.0,
        ("postgresql://db/x",): 5.0,
    }
    assert values(metrics, "cti_sink_spooled_readings")[("postgresql://db/x",)] == 40.0
    assert values(metrics, "cti_sink_dropped_readings_total")[("postgresql://db/x",)] == 25.0
    assert values(seen([]), "cti_sink_up") == {}


def test_the_exposition_is_understood_in_both_forms() -> None:
    metrics = Metrics(['no"r\\th\n'], 1.0, 5.0, lambda: [SinkState("a", 1, 2, 3, None)], steady=Clock())
    metrics.see(poll(0, FULL, cycler='no"r\\th\n'))
    text = generate_latest(registered(metrics)).decode()
    modern = generate_openmetrics(registered(metrics)).decode()
    assert modern.endswith("# EOF\n")
    of_plain = [(s.name, s.labels, s.value) for family in plain(text) for s in family.samples]
    of_modern = [(s.name, s.labels, s.value) for family in openmetrics(modern) for s in family.samples]
    assert of_plain == of_modern
    assert ("cti_up", {"cycler": 'no"r\\th\n'}, 1.0) in of_plain
    units = {family.name: family.unit for family in openmetrics(modern) if family.unit}
    assert units["cti_channel_charge_capacity_coulombs"] == "coulombs"
    assert all(name.endswith(f"_{unit}") for name, unit in units.items())
    assert len(of_plain) == len({(name, *sorted(labels.items())) for name, labels, _ in of_plain})


def test_labels_have_bounded_values() -> None:
    named = [
        reading(1, "[1] 1: CC, Current(A)", test_name=f"t{number}", barcode=f"b{number}", schedule_name="s")
        for number in range(20)
    ]
    metrics = seen([])
    series = set()
    for second, one in enumerate(named):
        metrics.see(poll(second, one))
        series |= {
            (sample.name, *sorted(sample.labels.items()))
            for family in registered(metrics).collect()
            for sample in family.samples
        }
    again = seen([poll(0, named[0])])
    assert series == {
        (sample.name, *sorted(sample.labels.items()))
        for family in registered(again).collect()
        for sample in family.samples
    }
    assert {name for _, *labels in series for name, _ in labels} == {"cycler", "channel", "status", "le"}
