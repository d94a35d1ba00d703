"""CPU time of a cached list of links, and the part of it that counting for metrics takes.

    .venv/bin/python -m bench.metrics_cost [SECONDS]

It calls the application without the HTTP server, whose time comes on top, so the real share is
smaller. Interleaved rounds with and without the counts; the medians are compared.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from portico.app import create_app
from portico.asgi.exchange import ExchangeMiddleware
from portico.asgi.request_counts import RequestSeries
from portico.domain.links.links import LinkSpec
from portico.domain.tenancy.identity import Role
from portico.installation import make_cipher, open_runtime, prepare_database
from portico.services.access import operator_writing
from portico.services.links import links
from portico.services.tenancy import clients, tenants
from portico.settings import Settings
from portico.storage.engine.database import create_database_file, open_database

REQUESTS = 5_000


async def _prepare(settings: Settings) -> tuple[str, str, str]:
    """Return the id of a tenant with 20 links, and a client's id and secret."""
    create_database_file(settings.database)
    cipher, database = make_cipher(settings), open_database(settings.database)
    await prepare_database(database, cipher, settings, create=True)
    runtime = await open_runtime(settings, database, cipher)
    tenant = await tenants.create_tenant(runtime, "Bench")
    async with operator_writing(runtime, tenant.id) as work:
        client, secret = await clients.create_client(work, name="bench", role=Role.ADMIN)
        for number in range(20):
            spec = LinkSpec(name=f"Link {number:02}", link="wiki.example.com")
            await links.create_link(work, spec)
    await database.close()
    return str(tenant.id), str(client.id), secret


class _Caller:
    """Calls an application as a server would."""

    def __init__(self, app: Any) -> None:  # noqa: ANN401  # an ASGI application
        self._app = app

    async def call(
        self, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes = b""
    ) -> bytes:
        """Return the body of the answer, which must be 200."""
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "scheme": "http",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        assert sent[0]["status"] == 200, sent
        return b"".join(each.get("body", b"") for each in sent[1:])


async def _measure(settings: Settings, seconds: float) -> tuple[float, float]:
    """Return the microseconds of a request with and without counting."""
    tenant, client, secret = await _prepare(settings)
    app = create_app(settings)
    assert isinstance(app, ExchangeMiddleware)
    caller = _Caller(app)
    started, ended, stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        if started.is_set():
            await ended.wait()
            return {"type": "lifespan.shutdown"}
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, Any]) -> None:
        (stopped if "shutdown" in message["type"] else started).set()

    lifespan = asyncio.create_task(app({"type": "lifespan", "asgi": {}}, receive, send))  # type: ignore[typeddict-item, arg-type]  # as servers send it
    await started.wait()
    form = f"client_id={client}&client_secret={secret}".encode()
    kind = (b"content-type", b"application/x-www-form-urlencoded")
    signed_in = await caller.call("POST", "/signin", [kind], form)
    token = signed_in.partition(b'access_token":"')[2].partition(b'"')[0]
    headers = [(b"authorization", b"Bearer " + token)]
    path = f"/mgmtconfig/v1/admin/customers/{tenant}/userPortalLink"

    async def round_of_requests() -> float:
        began = time.process_time()
        for _ in range(REQUESTS):
            await caller.call("GET", path, headers)
        return (time.process_time() - began) / REQUESTS * 1e6

    counting = RequestSeries.add
    await round_of_requests()
    taken: dict[bool, list[float]] = {True: [], False: []}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for with_counts in taken:
            RequestSeries.add = counting if with_counts else _ignore  # type: ignore[method-assign]  # to compare
            taken[with_counts].append(await round_of_requests())
    ended.set()
    await stopped.wait()
    await lifespan
    return statistics.median(taken[True]), statistics.median(taken[False])


def _ignore(self: RequestSeries, status: int, seconds: float) -> None:
    """Count nothing."""


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'portico.db'}"
        settings = Settings(database=url, access_log=False)
        with_counts, without = asyncio.run(_measure(settings, seconds))
    sys.stdout.write(
        f"A cached list takes {with_counts:.2f} us of CPU time, {without:.2f} us without counts.\n"
    )
    sys.stdout.write(f"Counting takes {100 * (with_counts - without) / with_counts:.1f} % of it.\n")


if __name__ == "__main__":
    main()
