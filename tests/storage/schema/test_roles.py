"""The statements for PostgreSQL that the documentation tells operators to paste."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from portico.services.tenancy import tenants
from portico.storage.engine.connections import Database
from tests.harness import as_operator, new_tenant_name, upgrade, with_database

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "databases.md"


def run_all(url: str, *statements: str) -> None:
    """Run statements one after the other, each in a transaction of its own."""

    async def run(database: Database) -> None:
        async with database.read() as connection:
            for statement in statements:
                await connection.run(text(statement))

    with_database(url, run)


def test_pasted_statements_give_each_role_what_it_needs(postgres_url: str) -> None:
    block = re.search(r"```psql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block is not None
    as_superuser, inside = (
        [each for part in half.split(";") if (each := part.strip())]
        for half in block[1].split("\\connect portico")
    )
    database = postgres_url.replace("/postgres?", "/portico?")
    owner = database.replace("//postgres:", "//portico_owner:")
    server = database.replace("//postgres:", "//portico:")
    assert len({postgres_url, database, owner, server}) == 4

    run_all(postgres_url, *as_superuser)
    run_all(database, *inside)
    upgrade(owner)
    tenant = as_operator(server, lambda runtime: tenants.create_tenant(runtime, new_tenant_name()))

    assert tenant.id
    for refused in ("DROP TABLE customer", "CREATE TABLE own (id int)", "TRUNCATE audit_entry"):
        with pytest.raises(Exception, match=r"permission denied|must be owner"):
            run_all(server, refused)
