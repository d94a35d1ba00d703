"""Fixtures of the storage tests: an open store on each database, and databases without a schema."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from portico.domain.records import Scope
from portico.storage.engine.connections import Database
from portico.storage.engine.database import create_database_file
from tests.conftest import DATABASES
from tests.harness import upgrade, with_database
from tests.storage.store import Store, opened

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def store(database_url: str) -> Iterator[Store]:
    """An open store on a migrated database."""
    with opened(database_url) as made:
        yield made


@pytest.fixture(params=DATABASES)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes databases of this test alone, without a schema."""
    if request.param == "sqlite":

        def make_file() -> str:
            url = f"sqlite:///{tmp_path / str(next(_numbers))}.db"
            create_database_file(url)
            return url

        return make_file
    shared: str = request.getfixturevalue("postgres_url")
    return lambda: new_postgres(shared)


def new_postgres(shared: str, template: str = "template1") -> str:
    """Makes a database on the PostgreSQL at hand, empty or like another one; its URL."""
    name = f"empty_{next(_numbers)}"

    async def create(database: Database) -> None:
        async with database.read() as connection:
            await connection.run(text(f"CREATE DATABASE {name} TEMPLATE {template}"))

    with_database(shared, create)
    return shared.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def upgraded_postgres(postgres_url: str) -> str:
    """The name of a PostgreSQL database with the newest schema, to be copied."""
    url = new_postgres(postgres_url)
    upgrade(url)
    return url.rpartition("/")[0].partition("?")[0].rpartition("/")[2]


@pytest.fixture
def own_postgres(postgres_url: str, upgraded_postgres: str) -> str:
    """A PostgreSQL database of this test alone, with the newest schema."""
    return new_postgres(postgres_url, template=upgraded_postgres)


@pytest.fixture
def empty_url(new_url: Callable[[], str]) -> str:
    """A database of this test alone, without a schema."""
    return new_url()


@pytest.fixture(scope="session")
def tenant_scope(store: Store) -> Scope:
    """A tenant whose transactions are all rolled back, so that it stays empty."""
    return store.scope()
