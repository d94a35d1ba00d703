"""The application in this process, so that a test can watch the statements it sends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import httpx
import pytest
from sqlalchemy import Executable
from starlette.types import ASGIApp

from portico.app import create_app
from portico.domain.records import Clock
from portico.settings import Settings
from portico.storage.engine.statements import PreparedStatement, StatementCompiler
from tests.harness import cipher_of

T = TypeVar("T")


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncIterator[None]:
    """An application for the length of a block, as a server starts and stops it."""
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    inside: Any = app
    serving = asyncio.create_task(
        inside({"type": "lifespan", "asgi": {"version": "3.0"}}, incoming.get, outgoing.put)
    )
    await incoming.put({"type": "lifespan.startup"})
    assert (await outgoing.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await incoming.put({"type": "lifespan.shutdown"})
        assert (await outgoing.get())["type"] == "lifespan.shutdown.complete"
        await serving


def run_inside(
    database_url: str,
    work: Callable[[httpx.AsyncClient], Awaitable[T]],
    clock: Clock = time.time,
    monotonic: Clock = time.monotonic,
    **settings: int | bool | str,
) -> T:
    """Runs work with a client of an application of its own on a database."""

    chosen: dict[str, Any] = {
        "database": database_url,
        "secret_key_file": str(cipher_of(database_url).file.path),
        "access_log": False,
        **settings,
    }

    async def run() -> T:
        app = create_app(Settings(**chosen), clock, monotonic)
        transport = httpx.ASGITransport(app=app)
        async with (
            started(app),
            httpx.AsyncClient(transport=transport, base_url="http://inside") as client,
        ):
            return await work(client)

    return asyncio.run(run())


@contextmanager
def watched_statements() -> Iterator[list[str]]:
    """The SQL of every statement that this process sends in a block."""
    statements: list[str] = []

    prepare = StatementCompiler.prepare

    def noting(
        compiler: StatementCompiler, statement: Executable, values: Mapping[str, Any]
    ) -> PreparedStatement:
        prepared = prepare(compiler, statement, values)
        statements.append(prepared.sql)
        return prepared

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StatementCompiler, "prepare", noting)  # to watch, not to change
        yield statements
