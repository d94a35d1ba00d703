"""A repository of one scope sees, changes and deletes no row of another, whatever it is asked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select

from portico.domain.audit import Action, AuditEntry, AuditFilter
from portico.domain.errors import ConcurrentChange
from portico.domain.links.links import LINK_FIELDS
from portico.domain.records import Scope
from portico.domain.search import ListQuery, parse_search
from portico.domain.tenancy.microtenants import Microtenant
from portico.storage.audit.log import AuditLog
from portico.storage.audit.trail import AuditTrail
from portico.storage.engine.connections import Connection
from portico.storage.links.links import SCANNED_LINKS, LinkRepository
from portico.storage.policies import AupRepository
from portico.storage.portals.portals import UserPortalRepository
from portico.storage.schema.citus_placement import metadata
from portico.storage.schema.tables import customer_revision
from portico.storage.tenancy.idempotency import IdempotentAnswer, IdempotentAnswers
from portico.storage.tenancy.microtenants import MicrotenantRepository
from tests.storage.records import make_aup, make_link, make_microtenant, make_portal
from tests.storage.store import Store

EVERYTHING = ListQuery(page_size=500)


@dataclass(frozen=True)
class Owned:
    """What a scope owns: one record of each noun, all named alike in every scope."""

    scope: Scope
    portal_id: int
    link_id: int
    aup_id: int


def fill(store: Store, scope: Scope, **ids: int) -> Owned:
    """Stores one record of each noun, the link on the portal."""
    portal = make_portal(scope, portal_id=ids.get("portal_id"))
    link = make_link(scope, link_id=ids.get("link_id"), portal_ids=(portal.id,))
    aup = make_aup(scope, aup_id=ids.get("aup_id"))

    async def work(connection: Connection) -> None:
        await UserPortalRepository(connection, scope).insert(portal)
        await LinkRepository(connection, scope).insert(link)
        await AupRepository(connection, scope).insert(aup)

    store.write(scope, work)
    return Owned(scope, portal.id, link.id, aup.id)


def add_microtenant(store: Store, scope: Scope, name: str) -> Microtenant:
    """A new microtenant of the scope's tenant."""
    made = make_microtenant(scope, name)
    store.write(scope, lambda each: MicrotenantRepository(each, scope).insert(made))
    return made


def microtenant_scope(store: Store, scope: Scope, name: str) -> Scope:
    """The scope of a new microtenant."""
    return replace(scope, microtenant_id=add_microtenant(store, scope, name).id)


@pytest.fixture(params=["tenant", "microtenant", "Default"])
def neighbours(request: pytest.FixtureRequest, store: Store) -> tuple[Owned, Owned]:
    """Two scopes that must not meet: another tenant's, another microtenant's, the tenant's own."""
    mine = store.scope()
    if request.param == "tenant":
        other = store.scope()
    elif request.param == "microtenant":
        other = microtenant_scope(store, mine, "West")
        mine = microtenant_scope(store, mine, "East")
    else:
        other = microtenant_scope(store, mine, "West")
    return fill(store, mine), fill(store, other)


def rows_of(store: Store, scope: Scope) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the scope's tenant but its revision, for comparing before with after."""

    async def work(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
        found = {}
        for table in metadata.sorted_tables:
            if "customer_id" in table.c and table is not customer_revision:
                statement = select(table).where(table.c.customer_id == scope.customer_id)
                found[table.name] = sorted(map(tuple, await connection.rows(statement)), key=repr)
        return found

    return store.read(work)


def test_foreign_records_are_not_found(store: Store, neighbours: tuple[Owned, Owned]) -> None:
    mine, other = neighbours

    async def work(connection: Connection) -> None:
        portals = UserPortalRepository(connection, mine.scope)
        links = LinkRepository(connection, mine.scope)
        aups = AupRepository(connection, mine.scope)

        assert await portals.find(other.portal_id) is None
        assert await links.find(other.link_id) is None
        assert await aups.find(other.aup_id) is None
        assert set(await portals.find_all([mine.portal_id, other.portal_id])) == {mine.portal_id}
        assert set(await links.find_all([mine.link_id, other.link_id])) == {mine.link_id}
        assert await links.ids_by_name(["wiki"]) == {"wiki": mine.link_id}
        assert await portals.ids_by_name(["STAFF"]) == {"staff": mine.portal_id}

    store.read(work)


@pytest.mark.parametrize("search", ["", "wiki", "name EQ Wiki", "id GT 0", "name NE x OR id GT 0"])
@pytest.mark.parametrize("in_scope", [0, SCANNED_LINKS + 1], ids=["scanned", "by the text index"])
def test_lists_hold_own_records_alone(
    store: Store, neighbours: tuple[Owned, Owned], search: str, in_scope: int
) -> None:
    mine, other = neighbours
    query = replace(EVERYTHING, condition=parse_search(search, LINK_FIELDS))

    async def work(connection: Connection) -> None:
        links = LinkRepository(connection, mine.scope, links=in_scope)
        for page in (await links.page(query), await links.page_of_portal(mine.portal_id, query)):
            assert [link.id for link in page.items] == [mine.link_id]
            assert page.total == 1
        foreign = await links.page_of_portal(other.portal_id, query)
        assert (foreign.items, foreign.total) == ([], 0)

    store.read(work)


def test_links_of_a_foreign_portal_are_not_told(
    store: Store, neighbours: tuple[Owned, Owned]
) -> None:
    mine, other = neighbours

    async def work(connection: Connection) -> tuple[dict[int, int], str | None, str | None]:
        links = LinkRepository(connection, mine.scope)
        return (
            await links.count_by_portal([mine.portal_id, other.portal_id]),
            await links.first_of_portal(mine.portal_id),
            await links.first_of_portal(other.portal_id),
        )

    assert store.read(work) == ({mine.portal_id: 1}, "Wiki", None)


def test_foreign_records_are_not_changed(store: Store, neighbours: tuple[Owned, Owned]) -> None:
    mine, other = neighbours
    before = rows_of(store, other.scope)

    async def work(connection: Connection) -> None:
        links = LinkRepository(connection, mine.scope)
        await links.replace(make_link(other.scope, "Changed", link_id=other.link_id))
        portals = UserPortalRepository(connection, mine.scope)
        await portals.replace(make_portal(other.scope, "Changed", portal_id=other.portal_id))
        aups = AupRepository(connection, mine.scope)
        await aups.replace(make_aup(other.scope, "Changed", aup_id=other.aup_id))

    store.write(mine.scope, work)

    assert rows_of(store, other.scope) == before


def test_foreign_records_are_not_deleted(store: Store, neighbours: tuple[Owned, Owned]) -> None:
    mine, other = neighbours
    before = rows_of(store, other.scope)

    async def work(connection: Connection) -> None:
        await LinkRepository(connection, mine.scope).remove(other.link_id)
        await UserPortalRepository(connection, mine.scope).remove(other.portal_id)
        await AupRepository(connection, mine.scope).remove(other.aup_id)

    store.write(mine.scope, work)

    assert rows_of(store, other.scope) == before
    page = store.read(lambda each: LinkRepository(each, mine.scope).page(EVERYTHING))
    assert (len(page.items), page.total) == (1, 1)


def test_new_record_is_stored_in_the_repository_s_own_scope(
    store: Store, neighbours: tuple[Owned, Owned]
) -> None:
    mine, other = neighbours
    claimed = make_link(other.scope, "Smuggled")

    store.write(mine.scope, lambda each: LinkRepository(each, mine.scope).insert(claimed))

    found = store.read(lambda each: LinkRepository(each, mine.scope).find(claimed.id))
    foreign = store.read(lambda each: LinkRepository(each, other.scope).find(claimed.id))
    assert found == replace(
        claimed,
        customer_id=mine.scope.customer_id,
        microtenant_id=mine.scope.microtenant_id,
    )
    assert foreign is None


def test_two_tenants_may_use_the_same_ids(store: Store) -> None:
    mine = fill(store, store.scope(), portal_id=71, link_id=72, aup_id=73)
    other = store.scope()

    async def add(connection: Connection) -> None:
        await UserPortalRepository(connection, other).insert(make_portal(other, portal_id=71))
        await AupRepository(connection, other).insert(make_aup(other, aup_id=73))
        await UserPortalRepository(connection, other).remove(71)

    store.write(other, add)

    portal = store.read(lambda each: UserPortalRepository(each, mine.scope).find(71))
    assert portal is not None
    assert portal.name == "Staff"


def test_same_link_id_in_two_tenants_is_refused_or_kept_apart(store: Store) -> None:
    mine, other = fill(store, store.scope(), link_id=74), store.scope()
    query = ListQuery(condition=parse_search("wiki", LINK_FIELDS))
    again = make_link(other, link_id=74)

    # The text index of SQLite knows ids alone and refuses; PostgreSQL has no such index.
    with suppress(ConcurrentChange):
        store.write(other, lambda each: LinkRepository(each, other).insert(again))
    store.write(other, lambda each: LinkRepository(each, other).remove(again.id))

    def names(in_scope: int) -> list[str]:
        links = store.read(
            lambda each: LinkRepository(each, mine.scope, links=in_scope).page(query)
        )
        return [link.name for link in links.items]

    assert names(0) == names(SCANNED_LINKS + 1) == ["Wiki"]


def test_foreign_microtenants_are_not_told(store: Store) -> None:
    mine, other = store.scope(), store.scope()
    inside = microtenant_scope(store, other, "West")
    fill(store, inside)

    async def work(connection: Connection) -> None:
        microtenants = MicrotenantRepository(connection, mine)

        assert [each.id for each in await microtenants.all()] == [0]
        assert (await microtenants.page(EVERYTHING)).total == 1
        assert (await microtenants.visible_page(EVERYTHING, inside.microtenant_id)).total == 0
        assert await microtenants.find(inside.microtenant_id) is None
        assert await microtenants.first_owned(inside.microtenant_id) is None

    store.read(work)


def test_foreign_microtenant_is_neither_changed_nor_deleted(store: Store) -> None:
    mine, other = store.scope(), store.scope()
    west = add_microtenant(store, other, "West")
    before = rows_of(store, other)

    async def work(connection: Connection) -> None:
        microtenants = MicrotenantRepository(connection, mine)
        await microtenants.replace(replace(west, name="Changed"))
        await microtenants.remove(west.id)

    store.write(mine, work)

    assert rows_of(store, other) == before


def test_audit_trail_is_of_one_tenant(store: Store) -> None:
    mine, other = store.scope(), store.scope()
    entry = AuditEntry(
        customer_id=other.customer_id,
        id=1,
        microtenant_id=0,
        time=0,
        actor_id=0,
        action=Action.CREATE,
        object_type="userPortal",
        object_id=1,
        object_name="Staff",
        before="",
        after="{}",
        transaction_id="",
    )

    store.write(mine, lambda each: AuditTrail(each, mine.customer_id).append(entry))

    def entries(scope: Scope) -> list[AuditEntry]:
        return store.read(
            lambda each: AuditLog(each, scope, everywhere=True).page(
                AuditFilter(), before_id=None, limit=10
            )
        )

    assert entries(mine) == [replace(entry, customer_id=mine.customer_id)]
    assert entries(other) == []


def test_idempotent_answers_are_of_one_tenant(store: Store) -> None:
    mine, other = store.scope(), store.scope()
    answer = IdempotentAnswer(
        customer_id=other.customer_id,
        client_id=1,
        key="key",
        fingerprint="",
        status=201,
        body="",
        creation_time=1,
    )

    def claim(scope: Scope) -> IdempotentAnswer | None:
        return store.write(
            scope, lambda each: IdempotentAnswers(each, scope.customer_id).claim(answer, since=0)
        )

    assert claim(mine) is None
    assert claim(mine) == replace(answer, customer_id=mine.customer_id)
    assert claim(other) is None
