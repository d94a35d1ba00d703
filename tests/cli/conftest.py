"""Databases of one test: a SQLite file, and an empty database of the PostgreSQL at hand."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.cli.commands import succeed_json
from tests.harness import upgrade


@pytest.fixture
def missing_database(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'portico.db'}"


@pytest.fixture
def database(missing_database: str) -> str:
    """The URL of a SQLite database without tenants."""
    upgrade(missing_database)
    return missing_database


@pytest.fixture
def customer_id(database: str) -> str:
    """A tenant in that file."""
    made: dict[str, str] = succeed_json("tenant", "create", "Acme", "--database", database)
    return made["customerId"]


def execute(url: str, statement: str) -> None:
    """Runs one statement on a PostgreSQL database."""

    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@contextmanager
def new_postgres(postgres_url: str) -> Iterator[str]:
    """The URL of a new PostgreSQL database without tables, for the length of a block."""
    name = f"cli_{uuid.uuid4().hex}"
    execute(postgres_url, f"CREATE DATABASE {name}")
    yield postgres_url.replace("/postgres?", f"/{name}?")
    execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgres(postgres_url: str) -> Iterator[str]:
    """The URL of a PostgreSQL database without tables."""
    with new_postgres(postgres_url) as url:
        yield url
