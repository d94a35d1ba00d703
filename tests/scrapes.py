"""Reading `/metrics` of a served Portico: all of its numbers at one moment."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

Series = tuple[str, frozenset[tuple[str, str]]]


class Scrape:
    """The metrics that one request to an address got."""

    def __init__(self, url: str) -> None:
        answer = httpx.get(url, timeout=30)
        assert answer.status_code == 200, answer.text
        self.metrics: list[Metric] = list(text_string_to_metric_families(answer.text))
        self.values: Mapping[Series, float] = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for metric in self.metrics
            for sample in metric.samples
        }

    def total(self, name: str, **labels: str) -> float:
        """The sum of the series of a name that have these labels."""
        return sum(
            value
            for (series, own), value in self.values.items()
            if series == name and own >= labels.items()
        )

    def counters(self) -> dict[Series, float]:
        """Every number that must never fall."""
        kinds = {sample.name: metric.type for metric in self.metrics for sample in metric.samples}
        return {
            series: value
            for series, value in self.values.items()
            if kinds[series[0]] in {"counter", "histogram"}
        }

    def assert_not_below(self, earlier: Scrape) -> None:
        """No counter has fallen or is gone."""
        now = self.counters()
        fallen = {
            series: (value, now.get(series))
            for series, value in earlier.counters().items()
            if now.get(series, -1) < value
        }
        assert not fallen
