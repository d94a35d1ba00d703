"""The metrics of Portico: their names, and one worker's values of them.

A worker counts in plain numbers. This collector reads them when they are collected, on a thread,
so it copies what the event loop may change meanwhile. `listing` describes every metric.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from portico.asgi.request_counts import BUCKETS, DISCONNECTED, RequestCounts
from portico.observability.listing import WORKER_METRICS, Described
from portico.services.password_queue import KNOWN_DEVICE_SLOTS, OTHER_SLOTS, PasswordQueue
from portico.services.people.failed_sign_ins import FailedSignIns, SignInChannel, Why
from portico.services.tally import Tally
from portico.storage.engine.usage import DatabaseLoad, DatabaseUsage

SUCCESS = "success"
Values = Sequence[tuple[tuple[str, ...], float]]
"""The values of a metric, each with the values of its labels."""

_NO_LOAD = DatabaseLoad(connections=0, in_use=0, readers_waiting=0, writers_waiting=0)


class CacheCounts(Protocol):
    """The cache of answers, as far as metrics read it."""

    limit: int
    hits: int
    misses: int

    @property
    def size(self) -> int:
        """The bytes in the cache."""


class TokenCounts(Protocol):
    """The access tokens, as far as metrics read them."""

    issued: int


@dataclass
class _NoCache:
    limit: int = 0
    hits: int = 0
    misses: int = 0
    size: int = 0


@dataclass
class _NoTokens:
    issued: int = 0


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The numbers of one worker. The defaults are those of one that has done nothing."""

    requests: RequestCounts
    usage: DatabaseUsage = field(default_factory=DatabaseUsage)
    load: Callable[[], DatabaseLoad] = lambda: _NO_LOAD
    cache: CacheCounts = field(default_factory=_NoCache)
    tokens: TokenCounts = field(default_factory=_NoTokens)
    failed: FailedSignIns = field(default_factory=FailedSignIns)
    tally: Tally = field(default_factory=Tally)
    passwords: PasswordQueue = field(default_factory=lambda: PasswordQueue(at_once=0))
    is_ready: Callable[[], bool] = lambda: False


class WorkerCollector(Collector):
    """Collects the metrics of one worker from its sources."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """Yield every metric of the worker."""
        values = self._values()
        for described in WORKER_METRICS:
            if described.kind == "histogram":
                yield self._durations(described)
            else:
                yield make_metric(described, values[described.name])

    def _values(self) -> Mapping[str, Values]:
        """Return the values of every counter and gauge."""
        sources, load = self._sources, self._sources.load()
        passwords, totals = sources.passwords, sources.usage.totals
        return {
            "portico_requests_total": self._requests(),
            "portico_cache_hits_total": [((), sources.cache.hits)],
            "portico_cache_misses_total": [((), sources.cache.misses)],
            "portico_cache_bytes": [((), sources.cache.size)],
            "portico_cache_limit_bytes": [((), sources.cache.limit)],
            "portico_database_statements_total": [((k,), t.count) for k, t in totals.items()],
            "portico_database_seconds_total": [((k,), t.seconds) for k, t in totals.items()],
            "portico_database_connections": [((), load.connections)],
            "portico_database_connections_in_use": [((), load.in_use)],
            "portico_database_readers_waiting": [((), load.readers_waiting)],
            "portico_database_writers_waiting": [((), load.writers_waiting)],
            "portico_password_queue_waiting": [
                (("known",), passwords.waiting(known=True)),
                (("other",), passwords.waiting(known=False)),
            ],
            "portico_password_queue_limit": [
                (("known",), KNOWN_DEVICE_SLOTS),
                (("other",), OTHER_SLOTS),
            ],
            "portico_password_queue_running": [((), passwords.running)],
            "portico_password_queue_rejected_total": [((), passwords.rejected)],
            "portico_sign_ins_total": self._sign_ins(),
            "portico_portal_openings_total": [((), sources.tally.openings)],
            "portico_workers_ready": [((), int(sources.is_ready()))],
        }

    def _requests(self) -> Values:
        return [
            ((operation, method, "disconnected" if status == DISCONNECTED else str(status)), count)
            for (operation, method), series in tuple(self._sources.requests.series.items())
            for status, count in tuple(series.statuses.items())
        ]

    def _sign_ins(self) -> Values:
        succeeded = {
            SignInChannel.CONSOLE: self._sources.tally.sign_ins["console"],
            SignInChannel.PORTAL: self._sources.tally.sign_ins["portal"],
            SignInChannel.API: self._sources.tokens.issued,
        }
        failed = self._sources.failed.totals
        return [
            *(((channel, SUCCESS), count) for channel, count in succeeded.items()),
            *(((channel, why), failed[channel, why]) for channel in SignInChannel for why in Why),
        ]

    def _durations(self, described: Described) -> Metric:
        metric = Metric(described.name, described.help, described.kind)
        bounds = [*map(str, BUCKETS), "+Inf"]
        for key, series in tuple(self._sources.requests.series.items()):
            labels, seen = dict(zip(described.labels, key, strict=True)), 0
            # The sum first: if a request ends meanwhile, the average is too low, never infinite.
            metric.add_sample(f"{described.name}_sum", labels, series.seconds)
            for bound, count in zip(bounds, tuple(series.buckets), strict=True):
                seen += count
                metric.add_sample(f"{described.name}_bucket", {**labels, "le": bound}, seen)
            metric.add_sample(f"{described.name}_count", labels, seen)
        return metric


def make_metric(described: Described, values: Values) -> Metric:
    """Return a counter or gauge with these values, each with the values of its labels."""
    metric = Metric(described.name.removesuffix("_total"), described.help, described.kind)
    for labels, value in values:
        named = {name: str(each) for name, each in zip(described.labels, labels, strict=True)}
        metric.add_sample(described.name, named, value)
    return metric
