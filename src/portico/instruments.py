"""Connects the numbers of a worker to its metrics, and requests to traces and the slow log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from portico.asgi.exchange import Observer
from portico.asgi.request_counts import RequestCounts
from portico.asgi.routing import Route, RouteGroup, route
from portico.asgi.statements import FollowedStatements
from portico.domain.durations import duration_milliseconds
from portico.http.kit.api_call import Api
from portico.observability.slow_requests import log_slow_requests
from portico.services.readiness import Readiness
from portico.settings import Settings
from portico.storage.engine.usage import DatabaseUsage

if TYPE_CHECKING:
    from portico.observability.pipes import WorkerReporter
    from portico.observability.traces import Tracing

ALL_SECONDS = 5.0
"""How long `/metrics` of the main listener waits for the main process."""


@dataclass(frozen=True, kw_only=True)
class Instruments:
    """What reports the metrics and sends the traces of a worker, each if it is wanted."""

    reporter: WorkerReporter | None = None
    tracing: Tracing | None = None

    def observers(self, settings: Settings) -> list[Observer]:
        """Return the functions that want every request when it has ended."""
        observers: list[Observer] = []
        if self.tracing is not None:
            observers.append(self.tracing.observe)
        slow = duration_milliseconds(settings.slow_request)
        if slow:
            observers.append(log_slow_requests(slow / 1000))
        return observers

    def follow(self, app: ASGIApp, usage: DatabaseUsage, settings: Settings) -> ASGIApp:
        """Return an application whose statements are collected, if an observer wants them."""
        if not self.observers(settings):
            return app
        return FollowedStatements(app, usage, one_by_one=self.tracing is not None)

    def routes(self, settings: Settings) -> Sequence[RouteGroup]:
        """Return the route of `/metrics`, if the settings want it on the main listener."""
        if self.reporter is None or not settings.metrics_on_main:
            return ()
        return (RouteGroup(routes=(metrics_route(self.reporter),)),)

    def start(self, counts: RequestCounts, api: Api, readiness: Readiness) -> None:
        """Begin to report the metrics. Call it on the event loop."""
        if self.reporter is None:
            return
        from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
        from prometheus_client.registry import CollectorRegistry

        from portico.observability.metrics import Sources, WorkerCollector

        sources = Sources(
            requests=counts,
            usage=api.runtime.database.usage,
            load=api.runtime.database.load,
            cache=api.cache,
            tokens=api.tokens,
            failed=api.failed_sign_ins,
            tally=api.runtime.tally,
            passwords=api.runtime.password_queue,
            is_ready=readiness.is_ready,
        )
        registry = CollectorRegistry()
        registry.register(WorkerCollector(sources))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        checks: set[asyncio.Task[str]] = set()

        def check() -> None:
            if not checks:
                task = asyncio.get_running_loop().create_task(readiness.reason())
                checks.add(task)
                task.add_done_callback(checks.discard)

        check()
        self.reporter.start(registry, check)

    def close(self) -> None:
        """Report the metrics a last time, and send the pending traces."""
        if self.reporter is not None:
            self.reporter.finish()
        if self.tracing is not None:
            self.tracing.close()


def metrics_route(reporter: WorkerReporter) -> Route:
    """Return the route that answers with the metrics of all workers."""
    from portico.observability.pipes import NoMetrics

    @route("GET", "/metrics")
    async def metrics(request: Request) -> Response:
        """Return the metrics of all workers."""
        try:
            all_metrics = await reporter.ask_for_all(request.headers.get("accept", ""), ALL_SECONDS)
        except NoMetrics as reason:
            return Response(
                f"{reason}\n".encode(),
                status_code=503,
                media_type="text/plain",
            )
        return Response(all_metrics.content, media_type=all_metrics.content_type)

    return metrics
