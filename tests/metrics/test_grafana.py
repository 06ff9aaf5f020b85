"""The dashboard, the alert rules and the page name the metrics and labels that are served, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cti_client.record import SinkState
from cti_schema.enums import ChannelStatus
from tests.cli.running import ROOT
from tests.metrics.test_collector import FULL
from tests.record.support import poll

pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")

from cti_client.metrics import Metrics

DASHBOARD = json.loads((ROOT / "docs" / "grafana" / "cti-dashboard.json").read_text(encoding="utf-8"))
ALERTS = (ROOT / "docs" / "grafana" / "cti-alerts.yml").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "prometheus.md").read_text(encoding="utf-8")

METRIC = re.compile(r"\bcti_\w+")
#: A metric with what stands in braces and brackets behind it.
SELECTOR = re.compile(r"\b(cti_\w+)(?:\{([^}]*)\})?(\[[^\]]*\])?")
FUNCTIONS = {"absent", "histogram_quantile", "increase", "rate", "time", "sum", "count", "by", "and"}


@pytest.fixture(scope="module", name="served")
def served_fixture() -> dict[str, tuple[str, set[str]]]:
    """The type and the labels of each name that is served when all is there."""
    metrics = Metrics(["north"], 1.0, 5.0, lambda: [SinkState("a.sqlite", 1, 2, 3, None)])
    metrics.see(poll(0, replace(FULL)))
    return {
        sample.name: (family.type, set(sample.labels))
        for family in metrics.collect()
        for sample in family.samples
    }


def dashboard_expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]


def alerts() -> list[dict[str, Any]]:
    """Return the rules; the file is plain enough for a few lines of code, where PyYAML is not there."""
    rules: list[dict[str, Any]] = []
    for line in ALERTS.splitlines():
        found = re.fullmatch(r"\s+(?:- )?(alert|expr|for|severity|summary): (.*)", line)
        if found is not None:
            if found[1] == "alert":
                rules.append({})
            rules[-1][found[1]] = found[2].strip('"')
    return rules


def expressions() -> list[str]:
    return dashboard_expressions() + [rule["expr"] for rule in alerts()]


def labels_in(selector: str) -> Iterator[tuple[str, str]]:
    for one in filter(None, map(str.strip, (selector or "").split(","))):
        found = re.fullmatch(r'(\w+)\s*(?:=~|!~|=|!=)\s*"([^"]*)"', one)
        assert found is not None, one
        yield found[1], found[2]


def test_expressions_name_metrics_and_labels_that_are_served(served: dict[str, tuple[str, set[str]]]) -> None:
    assert len(expressions()) >= 25
    for expression in expressions():
        found = SELECTOR.findall(expression)
        assert found, expression
        for name, selector, window in found:
            assert name in served, expression
            kind, labels = served[name]
            for label, value in labels_in(selector):
                assert label in labels, expression
                if label == "status":
                    assert set(value.split("|")) <= {status.label for status in ChannelStatus}
            # Counters and histograms are asked for how they grow, gauges for what they are.
            assert bool(window) == (kind in ("counter", "histogram")), expression
        for grouped in re.findall(r"\bby \(([^)]*)\)", expression):
            names = {one.strip() for one in grouped.split(",")}
            assert names <= set.union(*(served[name][1] for name, _, _ in found)), expression
        assert expression.count("(") == expression.count(")")
        words = set(re.findall(r"[a-z_]+", SELECTOR.sub("", re.sub(r"by \([^)]*\)", "", expression))))
        assert words <= FUNCTIONS, expression


def test_legends_and_summaries_name_labels_that_are_served(served: dict[str, tuple[str, set[str]]]) -> None:
    texts = [
        (target["expr"], target["legendFormat"], r"\{\{(\w+)\}\}")
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
    ]
    texts += [(rule["expr"], rule["summary"], r"\$labels\.(\w+)") for rule in alerts()]
    for expression, text, pattern in texts:
        grouped = re.search(r"\bby \(([^)]*)\)", expression)
        if grouped is not None:
            there = {one.strip() for one in grouped[1].split(",")}
        elif expression.startswith("absent("):
            there = set()
        else:
            there = set.intersection(*(served[name][1] for name in METRIC.findall(expression)))
        assert set(re.findall(pattern, text)) <= there, expression


def test_alert_rules_are_whole() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(names)) == ALERTS.count("- alert:")
    for rule in alerts():
        assert {"alert", "expr", "severity", "summary"} <= set(rule)
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))


def test_alert_rules_are_yaml_as_prometheus_reads_it() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    (group,) = yaml.safe_load(ALERTS)["groups"]
    assert set(group) == {"name", "rules"}
    read = [
        {key: value for key, value in rule.items() if key in ("alert", "expr", "for")}
        | rule["labels"] | rule["annotations"]
        for rule in group["rules"]
    ]  # fmt: skip
    assert read == alerts()


def test_the_dashboard_can_be_imported() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    text = json.dumps(DASHBOARD)
    assert set(re.findall(r"\$\{?(\w+)", text)) - {"__rate_interval", "__all"} <= set(variables)
    for panel in panels:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        if panel["type"] != "row":
            sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
            assert {source["uid"] for source in sources} == {"${datasource}"}
            references = [target["refId"] for target in panel["targets"]]
            assert len(references) == len(set(references))
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_variables_of_the_dashboard_are_labels(served: dict[str, tuple[str, set[str]]]) -> None:
    queries = [one for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    assert [one["name"] for one in queries] == ["cycler", "channel"]
    for query in queries:
        found = re.fullmatch(r"label_values\((cti_\w+)(?:\{(.*)\})?, (\w+)\)", query["query"]["query"])
        assert found is not None
        assert found[3] == query["name"]
        assert {found[3], *(label for label, _ in labels_in(found[2]))} <= served[found[1]][1]


def test_the_page_lists_all_metrics_with_their_labels(served: dict[str, tuple[str, set[str]]]) -> None:
    listed = {}
    for name, kind, labels in re.findall(r"^\| `(cti_\w+)` \| (\w+) \| ([^|]*) \|", PAGE, re.MULTILINE):
        listed[name] = (kind, set(re.findall(r"`(\w+)`", labels)))
    histograms = {name: kind for name, (kind, _) in listed.items() if kind == "histogram"}
    expected = dict(listed)
    for name in histograms:
        _, labels = expected.pop(name)
        expected |= {f"{name}_bucket": ("histogram", {*labels, "le"})}
        expected |= {f"{name}_{end}": ("histogram", labels) for end in ("sum", "count")}
    assert expected == served


def test_every_measured_channel_value_is_on_the_dashboard() -> None:
    shown = {name for expression in dashboard_expressions() for name in METRIC.findall(expression)}
    for name in ("voltage_volts", "current_amperes", "temperature_t1_celsius", "power_watts"):
        assert f"cti_channel_{name}" in shown
    assert {"cti_up", "cti_sink_spooled_readings", "cti_sink_dropped_readings_total"} <= shown
