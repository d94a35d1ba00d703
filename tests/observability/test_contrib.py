"""The dashboard and the alert rules use only metrics and labels that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from portico.observability.listing import list_metrics

pytestmark = pytest.mark.one_database
CONTRIB = Path(__file__).parents[2] / "contrib"
DASHBOARD = CONTRIB / "grafana" / "portico.json"
ALERTS = CONTRIB / "prometheus" / "alerts.yml"
SCRAPED = {"instance", "job"}
"""The labels that Prometheus adds itself."""

NAME = re.compile(r"\b(?:portico|process|python)_\w+")
SELECTOR = re.compile(r"\{([^}]*)\}")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
GROUPING = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")
LEGEND = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")


def known_series() -> dict[str, set[str]]:
    """The labels of every name that an expression can use."""
    series: dict[str, set[str]] = {}
    for each in list_metrics():
        labels = {*each.labels, *SCRAPED}
        if each.kind == "histogram":
            series[f"{each.name}_bucket"] = labels | {"le"}
            series[f"{each.name}_sum"] = series[f"{each.name}_count"] = labels
        else:
            series[each.name] = labels
    return series


def unknown_names(expression: str, further: Iterable[str] = ()) -> set[str]:
    """The metrics of an expression that do not exist, and the labels that none of its metrics has.

    `further` are labels that a text beside the expression shows.
    """
    known = known_series()
    bare = re.sub(r"\"[^\"]*\"", "", expression)
    names = set(NAME.findall(bare))
    labels = {name for each in SELECTOR.findall(bare) for name in MATCHER.findall(each)}
    labels |= {name.strip() for each in GROUPING.findall(bare) for name in each.split(",")}
    labels |= set(further)
    found = set().union(SCRAPED, *(known.get(name, set()) for name in names))
    return (names - set(known)) | (labels - found)


def test_dashboard_uses_metrics_that_exist() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    targets = [target for panel in dashboard["panels"] for target in panel["targets"]]

    unknown = {
        target["expr"]: names
        for target in targets
        if (names := unknown_names(target["expr"], LEGEND.findall(target["legendFormat"])))
    }
    assert not unknown
    used = {name for target in targets for name in NAME.findall(target["expr"])}
    shown = {name.removesuffix("_bucket") for name in used}
    own = {each.name for each in list_metrics() if each.name.startswith("portico_")}
    assert own <= shown


def test_alerts_use_metrics_that_exist() -> None:
    rules = [
        rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
    ]

    unknown = {
        rule["alert"]: names
        for rule in rules
        if (
            names := unknown_names(
                rule["expr"],
                [
                    label
                    for text in rule["annotations"].values()
                    for label in re.findall(r"\$labels\.(\w+)", text)
                ],
            )
        )
    }
    assert not unknown
    assert len(rules) > 8
    assert all(rule["labels"]["severity"] in {"warning", "critical"} for rule in rules)


def test_names_that_do_not_exist_are_found() -> None:
    assert unknown_names('rate(portico_request_total{status="500", path="/"}[5m])') == {
        "portico_request_total",
        "status",
        "path",
    }


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Debian's package prometheus has it")
def test_promtool_accepts_the_alerts() -> None:
    checked = subprocess.run(
        ["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
