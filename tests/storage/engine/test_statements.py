"""Statements as the drivers run them: values, lists of values and rows come through unchanged."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg

from portico.domain.records import MAX_ID
from portico.domain.tenancy.identity import Role, Tenant
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, Row, StatementCompiler, insert_into
from portico.storage.schema.tables import api_client, customer, user_portal_link
from portico.storage.tenancy.identity import IdentityRepository
from tests.storage.store import Store

DIALECTS = {"sqlite": sqlite.dialect(paramstyle="named"), "postgresql": asyncpg.dialect()}  # type: ignore[no-untyped-call]  # SQLAlchemy's


@pytest.mark.parametrize("others", [[], [1], [MAX_ID], list(range(1, 900))])
def test_list_of_ids_is_one_value(store: Store, others: list[int]) -> None:
    scope = store.scope()
    statement = select(customer.c.id).where(Among(customer.c.id, "ids"))

    async def work(connection: Connection) -> list[Row]:
        found = [await connection.rows(statement, {"ids": [scope.customer_id, *others]})]
        found.append(await connection.rows(statement, {"ids": []}))
        return [row.id for rows in found for row in rows]

    assert store.read(work) == [scope.customer_id]


@pytest.mark.parametrize("name", ["plain", "it's", 'say "no"', "a,b", "[]", "Straße", "\\", "💧"])
def test_list_of_texts_is_one_value(store: Store, name: str) -> None:
    tenant = Tenant(id=store.ids(), name=name)
    statement = select(customer.c.id).where(
        customer.c.id == tenant.id, Among(customer.c.name, "names")
    )

    async def work(connection: Connection) -> list[int]:
        await IdentityRepository(connection).add_tenant(tenant)
        rows = await connection.rows(statement, {"names": ["other", name]})
        return [row.id for row in rows]

    async def run() -> list[int]:
        async with store.database.transaction() as connection:
            return await work(connection)

    assert store.run(run()) == [tenant.id]


@pytest.mark.parametrize("database", DIALECTS)
def test_text_of_a_statement_does_not_depend_on_its_values(database: str) -> None:
    compiler = StatementCompiler(DIALECTS[database])
    statement = select(user_portal_link.c.id).where(
        Among(user_portal_link.c.id, "ids"), user_portal_link.c.name == bindparam("name")
    )
    values: list[dict[str, Any]] = [
        {"ids": [], "name": "x"},
        {"ids": list(range(500)), "name": "y" * 300},
    ]

    texts = {compiler.prepare(statement, each).bind(each)[0] for each in values}

    assert len(texts) == 1


@pytest.mark.parametrize("database", DIALECTS)
def test_list_within_a_statement_takes_a_placeholder_for_each_member(database: str) -> None:
    compiler = StatementCompiler(DIALECTS[database])
    statement = select(api_client.c.id).where(
        api_client.c.id.in_([3, 5]), api_client.c.role == Role.ADMIN
    )

    sql, bound = compiler.prepare(statement, {}).bind({})

    values = bound.values() if isinstance(bound, dict) else bound
    assert {3, 5, "admin"} <= set(values)
    assert "POSTCOMPILE" not in sql


def test_what_an_insert_writes_depends_on_the_names_of_the_values() -> None:
    compiler = StatementCompiler(DIALECTS["sqlite"])
    statement = insert_into(customer)

    whole = compiler.prepare(statement, {"id": 1, "name": "x", "auth_domains": ()})
    part = compiler.prepare(statement, {"id": 1, "name": "x"})

    assert "auth_domains" in whole.sql
    assert "auth_domains" not in part.sql


def test_columns_of_text_that_is_no_name_are_renamed(store: Store) -> None:
    async def work(connection: Connection) -> list[Row]:
        return list(await connection.rows(text("SELECT 1 AS one, 2 AS class")))

    (row,) = store.read(work)

    assert (row.one, row[1]) == (1, 2)
