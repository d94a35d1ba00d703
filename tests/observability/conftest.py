"""One served Portico with two workers, metrics, traces and a log of slow requests."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.harness import Caller, Server, create_tenant, free_port, served, upgrade
from tests.scrapes import Scrape


class Receiver(ThreadingHTTPServer):
    """A collector of traces that speaks OTLP over HTTP, and keeps what it gets."""

    daemon_threads = True

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        super().__init__(("127.0.0.1", 0), _Receive)

    @property
    def spans(self) -> list[Any]:
        """The spans so far."""
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class _Receive(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass(frozen=True)
class Watched:
    """The server, the address of its metrics, and what receives its traces."""

    server: Server
    metrics: str
    receiver: Receiver
    admin: Caller

    def scrape(self) -> Scrape:
        """The metrics now."""
        return Scrape(self.metrics)


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A server that is watched in every way."""
    folder = tmp_path_factory.mktemp("watched")
    url, port, receiver = f"sqlite:///{folder / 'portico.db'}", free_port(), Receiver()
    Thread(target=receiver.serve_forever, daemon=True).start()
    upgrade(url)
    with served(
        url,
        Path(folder / "server.log"),
        *("--workers", "2", "--metrics-listen", f"127.0.0.1:{port}", "--metrics-on-main"),
        *("--slow-request", "1ms"),
        environment={
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.server_port}",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        },
    ) as server:
        admin = create_tenant(server).caller()
        yield Watched(server, f"http://127.0.0.1:{port}/metrics", receiver, admin)
    receiver.shutdown()
    receiver.server_close()
