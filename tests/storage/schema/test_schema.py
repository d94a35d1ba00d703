"""Migrations make what the tables say, once, and a database of another version is not served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import MetaData, Table, Text, inspect, text
from sqlalchemy.engine.interfaces import ReflectedIndex

from portico.domain.links.links import LINK_FIELDS
from portico.domain.records import Scope
from portico.domain.search import ListQuery, parse_search
from portico.services.portals.domains import find_portal_at_host
from portico.storage.engine.connections import TEXT_INDEX, Database
from portico.storage.engine.database import open_database
from portico.storage.links.links import LinkRepository
from portico.storage.portals.domains import AllowedDomains, PortalDomains
from portico.storage.portals.pages import find_address
from portico.storage.schema import migrate as schema
from portico.storage.schema.citus_placement import metadata
from portico.storage.schema.compatibility import MIGRATIONS, SchemaMismatch, is_servable
from portico.storage.tenancy.microtenants import MicrotenantRepository
from tests.harness import cipher_of, make_runtime, upgrade, with_database
from tests.migrations import wrong_order
from tests.storage.records import make_link
from tests.storage.store import opened

T = TypeVar("T")

# What migrations add by hand: Alembic's own table, and the text indexes that searches can miss.
BY_HAND = ("alembic_version", "ix_user_portal_link_text", TEXT_INDEX)

# The options of indexes on PostgreSQL. Migrations alone have them: naming one loads its dialect.
ON_POSTGRESQL = {
    "ix_user_portal_link_application": ("postgresql_where", "(application_id IS NOT NULL)"),
    "uq_portal_user_subject": ("postgresql_where", "(provider_id IS NOT NULL)"),
    "uq_user_portal_aup_name": ("postgresql_where", "(name_folded <> ''::text)"),
    "uq_user_portal_link_name": ("postgresql_include", "['id']"),
}


def is_by_hand(described: object) -> bool:
    """Whether a part of a schema is none of the tables'."""
    return any(name in str(described) for name in BY_HAND)


def looked_at(url: str, look: Callable[[SyncConnection], T]) -> T:
    """The result of synchronous work in one transaction."""
    results: list[T] = []

    def work(connection: SyncConnection) -> None:
        results.append(look(connection))

    with_database(url, lambda database: database.run_sync(work))
    return results[0]


def conditions(index: ReflectedIndex) -> dict[str, str]:
    """What an index is limited to, and its other options, as text."""
    return {name: str(option) for name, option in index.get("dialect_options", {}).items()}


def described(connection: SyncConnection) -> dict[str, Any]:
    """Every table: columns, keys, references and indexes, as the database has them."""
    seen = inspect(connection)
    found: dict[str, Any] = {}
    for table in filter(lambda name: not is_by_hand(name), seen.get_table_names()):
        columns = [
            (column["name"], repr(column["type"]), column["nullable"], column["default"])
            for column in seen.get_columns(table)
        ]
        indexes = [
            (each["name"], each["column_names"], each["unique"], conditions(each))
            for each in seen.get_indexes(table)
            if not is_by_hand(each)
        ]
        found[table] = {
            "columns": columns,
            "key": seen.get_pk_constraint(table),
            "references": sorted(map(str, seen.get_foreign_keys(table))),
            "unique": sorted(map(str, seen.get_unique_constraints(table))),
            "indexes": sorted(indexes),
            "options": seen.get_table_options(table),
        }
    return found


def without_postgresql_options(tables: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Take the options of ON_POSTGRESQL out of the described tables, and return them."""
    return {
        name: (ON_POSTGRESQL[name][0], options.pop(ON_POSTGRESQL[name][0], None))
        for table in tables.values()
        for name, _, _, options in table["indexes"]
        if name in ON_POSTGRESQL
    }


async def run_statement(url: str, statement: str) -> None:
    """Runs one statement in a transaction."""
    database = open_database(url)
    try:
        async with database.transaction() as connection:
            await connection.run(text(statement))
    finally:
        await database.close()


def test_every_migration_follows_the_one_before_it() -> None:
    assert wrong_order() is None


def test_migrations_leave_no_difference_to_the_tables(empty_url: str) -> None:
    upgrade(empty_url)

    def differences(connection: SyncConnection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, metadata))

    found = looked_at(empty_url, differences)
    assert [each for each in found if not is_by_hand(each)] == []


def test_migrations_make_the_same_database_as_the_tables(new_url: Callable[[], str]) -> None:
    migrated, made = new_url(), new_url()
    upgrade(migrated)
    looked_at(made, metadata.create_all)

    found, expected = looked_at(migrated, described), looked_at(made, described)
    if migrated.startswith("postgresql"):
        assert without_postgresql_options(found) == ON_POSTGRESQL
        without_postgresql_options(expected)
    assert found == expected
    assert set(found) == set(metadata.tables)


def test_second_upgrade_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    with opened(empty_url) as store:
        scope = store.scope()
        link = make_link(scope)
        store.write(scope, lambda each: LinkRepository(each, scope).insert(link))
    before = looked_at(empty_url, described)

    upgrade(empty_url)

    assert looked_at(empty_url, described) == before
    with opened(empty_url) as store:
        assert store.read(lambda each: LinkRepository(each, scope).find(link.id)) == link


def test_upgrades_at_the_same_time_follow_one_another(empty_url: str) -> None:
    async def work() -> None:
        databases, cipher = [open_database(empty_url) for _ in range(3)], cipher_of(empty_url)
        try:
            await asyncio.gather(*(schema.upgrade(each, cipher, create=True) for each in databases))
        finally:
            for database in databases:
                await database.close()

    asyncio.run(work())

    with_database(empty_url, schema.require_servable)


def test_upgraded_database_is_current(empty_url: str) -> None:
    upgrade(empty_url)

    async def work(database: Database) -> tuple[str | None, bool]:
        await schema.require_servable(database)
        async with database.read() as connection:
            ready = await is_servable(connection)
        return await schema.current_revision(database), ready

    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert with_database(empty_url, work) == (newest, True)


def test_database_that_is_ahead_is_refused(empty_url: str) -> None:
    upgrade(empty_url)
    asyncio.run(
        run_statement(
            empty_url, "UPDATE alembic_version SET version_num = '9999', oldest_server = '9000'"
        )
    )

    async def is_current(database: Database) -> bool:
        async with database.read() as connection:
            return await is_servable(connection)

    async def upgraded(database: Database) -> None:
        await schema.upgrade(database, cipher_of(empty_url))

    for refused in (schema.require_servable, upgraded):
        with pytest.raises(SchemaMismatch) as refusal:
            with_database(empty_url, refused)

        assert "schema 9999, which is newer" in refusal.value.reason
        assert "needs a version with schema 9000 or newer" in refusal.value.reason
        assert "Install the newer Portico." in refusal.value.reason
    assert not with_database(empty_url, is_current)


def test_database_without_a_schema_is_refused(empty_url: str) -> None:
    with pytest.raises(SchemaMismatch) as refusal:
        with_database(empty_url, schema.require_servable)

    assert "schema none" in refusal.value.reason
    assert "Run `portico db upgrade`" in refusal.value.reason


def test_failed_upgrade_leaves_nothing(empty_url: str) -> None:
    asyncio.run(run_statement(empty_url, "CREATE TABLE user_portal_link (id INTEGER)"))
    before = looked_at(empty_url, described)

    with pytest.raises(Exception, match="user_portal_link"):
        upgrade(empty_url)

    assert looked_at(empty_url, described) == before


def drop_text_index(url: str) -> None:
    """Takes away what a database without FTS5 or pg_trgm does not get."""
    if not url.startswith("sqlite"):
        asyncio.run(run_statement(url, "DROP INDEX IF EXISTS ix_user_portal_link_text"))
        return
    triggers = looked_at(
        url,
        lambda connection: connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).all(),
    )
    for trigger in triggers:
        asyncio.run(run_statement(url, f"DROP TRIGGER {trigger.name}"))
    asyncio.run(run_statement(url, f"DROP TABLE IF EXISTS {TEXT_INDEX}"))


def test_searches_are_right_without_the_text_index(empty_url: str) -> None:
    upgrade(empty_url)
    drop_text_index(empty_url)

    with opened(empty_url) as store:
        scope = store.scope()
        store.write(scope, lambda each: LinkRepository(each, scope).insert(make_link(scope)))

        query = ListQuery(condition=parse_search("wik", LINK_FIELDS))
        page = store.read(lambda each: LinkRepository(each, scope, links=10_000).page(query))
        assert [link.name for link in page.items] == ["Wiki"]


def fill_at(url: str, revision: str, *rows: tuple[str, dict[str, Any]]) -> None:
    """Brings an empty database to an older schema and stores rows; what they leave out is empty."""

    def fill(connection: SyncConnection) -> None:
        command.upgrade(schema.migrations_on(connection, cipher_of(url)), revision)
        for name, values in rows:
            table = Table(name, MetaData(), autoload_with=connection)
            unset = {
                column.name: "" if isinstance(column.type, Text) else 0
                for column in table.columns
                if not column.nullable
            }
            connection.execute(table.insert().values(unset | values))

    looked_at(url, fill)


def test_what_the_first_schema_held_is_kept(empty_url: str) -> None:
    rows: dict[str, dict[str, Any]] = {
        "customer": {"id": 7, "name": "Meridian", "auth_domains": "[]", "revision": 41},
        "microtenant": {"customer_id": 7, "id": 0, "name": "Default", "scope_order": 1},
        "link_tally": {"customer_id": 7, "microtenant_id": 0, "links": 3},
        "user_portal": {"customer_id": 7, "id": 9, "microtenant_id": 0, "name": "Staff"},
    }

    fill_at(empty_url, "0001", *rows.items())
    upgrade(empty_url)

    async def look(database: Database) -> None:
        assert await database.revision(7) == 41
        async with database.read() as connection:
            links = LinkRepository(connection, Scope(customer_id=7))
            assert (await links.page(ListQuery())).total == 3
            address = await find_address(connection, "9")
            assert address is not None
            assert (address.customer_id, address.portal_id) == (7, 9)

    with_database(empty_url, look)


def test_default_microtenants_of_older_databases_come_last(empty_url: str) -> None:
    def microtenant(customer_id: int, each_id: int, order: int) -> tuple[str, dict[str, Any]]:
        name = f"Part {each_id}"
        values = {"id": each_id, "name": name, "name_folded": name, "scope_order": order}
        return "microtenant", {"customer_id": customer_id, **values}

    fill_at(
        empty_url,
        "0005",
        ("customer", {"id": 7, "name": "Meridian", "auth_domains": "[]"}),
        ("customer", {"id": 8, "name": "Acme", "auth_domains": "[]"}),
        *(microtenant(7, each_id, order) for each_id, order in ((0, 2**31 - 1), (5, 1), (6, 4))),
        microtenant(8, 0, 2**31 - 1),
    )
    upgrade(empty_url)

    async def look(database: Database) -> list[tuple[int, int, bool]]:
        async with database.read() as connection:
            found = [
                each
                for customer_id in (7, 8)
                for each in await MicrotenantRepository(
                    connection, Scope(customer_id=customer_id)
                ).all()
            ]
        return [(e.id, e.scope_order, e.privileged_approvals_enabled) for e in found]

    assert with_database(empty_url, look) == [
        (5, 1, False),
        (6, 4, False),
        (0, 5, True),
        (0, 1, True),
    ]


# Portals of tenants 7 and 8 and their domains, and where addresses lead to.
DOMAINS = {
    (7, 11): "Links.Birch.example.",
    (7, 12): "LINKS.alder.example",
    (7, 13): "links.alder.example",
    (7, 14): "portal01",
    (7, 15): "b\N{LATIN SMALL LETTER U WITH DIAERESIS}ro.example",
    (7, 16): "",
    (8, 21): "links.alder.example",
    (8, 22): "staff-b-example.p.zscalerportal.net",
}
ADDRESSES = {
    "links.birch.example": (7, 11),
    "links.alder.example": (7, 13),
    "xn--bro-hoa.example": (7, 15),
    "staff-b-example.p.zscalerportal.net": (8, 22),
    "16": (7, 16),
    "staff": (7, 16),
}


def fill_with_domains(url: str) -> None:
    """Fills an empty database with `DOMAINS` and `ADDRESSES`, at a schema without claims."""
    fill_at(
        url,
        "0007",
        *(("customer", {"id": each, "name": str(each), "auth_domains": "[]"}) for each in (7, 8)),
        *(("microtenant", {"customer_id": each, "name": "Default"}) for each in (7, 8)),
        *(
            (
                "user_portal",
                {
                    "customer_id": customer_id,
                    "id": portal_id,
                    "name": str(portal_id),
                    "name_folded": str(portal_id),
                    "domain": domain,
                },
            )
            for (customer_id, portal_id), domain in DOMAINS.items()
        ),
        *(
            ("portal_address", {"address": each, "customer_id": owner, "portal_id": portal_id})
            for each, (owner, portal_id) in ADDRESSES.items()
        ),
    )


def test_domains_that_route_are_allowed_and_go_on(empty_url: str) -> None:
    """Portal 13 had links.alder.example before 12 of its tenant and 21 of another claimed it."""
    fill_with_domains(empty_url)
    upgrade(empty_url)

    async def look(database: Database) -> None:
        runtime = make_runtime(database, cipher_of(empty_url))
        found = {
            host: await find_portal_at_host(runtime, host, public_host="") for host in ADDRESSES
        }
        assert {host: (e.customer_id, e.portal_id) for host, e in found.items() if e} == {
            host: owner for host, owner in ADDRESSES.items() if "." in host
        }
        async with database.read() as connection:
            allowed = await AllowedDomains(connection).all()
            assert {each.name: each.customer_id for each in allowed} == {
                host: owner for host, (owner, _) in ADDRESSES.items() if "." in host
            }
            # Those that wait for another portal to give the domain up.
            claims = await PortalDomains(connection, 7).at(["links.alder.example"])
            assert [each.portal_id for each in claims] == [13, 12]
            assert len(await PortalDomains(connection, 8).all()) == 2
            assert await find_address(connection, "links.alder.example") is None
            assert await find_address(connection, "staff") is not None

    with_database(empty_url, look)
