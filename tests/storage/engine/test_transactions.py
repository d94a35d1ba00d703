"""Transactions: a revision for each that is kept, nothing of one that is not; no reader waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from portico.domain.errors import ConcurrentChange, NameTaken
from portico.domain.links.links import Link
from portico.domain.records import Scope
from portico.domain.search import ListQuery
from portico.storage.engine.connections import Connection
from portico.storage.links.links import LinkRepository
from portico.storage.portals.portals import UserPortalRepository
from portico.storage.tenancy.identity import IdentityRepository
from tests.storage.records import make_link, make_portal
from tests.storage.store import Store, opened


def names(store: Store, scope: Scope) -> list[str]:
    """The names of the scope's links."""
    page = store.read(lambda each: LinkRepository(each, scope).page(ListQuery(page_size=500)))
    assert page.total == len(page.items)
    return [link.name for link in page.items]


def revision(store: Store, scope: Scope) -> int:
    """The tenant's revision, which two ways of reading it have to agree on."""
    tenant = store.read(lambda each: IdentityRepository(each).find_tenant(scope.customer_id))
    quick = store.run(store.database.revision(scope.customer_id))
    assert tenant is not None
    assert quick == tenant.revision
    return tenant.revision


async def add(store: Store, link: Link) -> None:
    """Stores a link in a transaction of its own."""
    async with store.database.write(link.customer_id) as connection:
        scope = Scope(customer_id=link.customer_id)
        await LinkRepository(connection, scope).insert(link)


def test_revision_grows_by_one_with_every_write(store: Store) -> None:
    scope, other = store.scope(), store.scope()
    start = revision(store, scope)

    for number in range(3):
        store.run(add(store, make_link(scope, f"Link {number}")))

        assert revision(store, scope) == start + number + 1
    assert revision(store, other) == start


def test_revision_of_several_statements_is_one(store: Store) -> None:
    scope = store.scope()
    start = revision(store, scope)

    async def work(connection: Connection) -> None:
        portal = make_portal(scope)
        await UserPortalRepository(connection, scope).insert(portal)
        links = LinkRepository(connection, scope)
        await links.insert(make_link(scope, "One"), make_link(scope, "Two"))
        await links.replace(make_link(scope, "Three", portal_ids=(portal.id,)))

    store.write(scope, work)

    assert revision(store, scope) == start + 1


def test_failed_transaction_leaves_nothing(store: Store) -> None:
    scope = store.scope()
    store.run(add(store, make_link(scope, "Kept")))
    start = revision(store, scope)

    async def work(connection: Connection) -> None:
        portal = make_portal(scope)
        await UserPortalRepository(connection, scope).insert(portal)
        links = LinkRepository(connection, scope)
        await links.insert(make_link(scope, "Lost", portal_ids=(portal.id,)))
        assert (await links.page(ListQuery())).total == 2
        raise NameTaken("Lost")

    with pytest.raises(NameTaken):
        store.write(scope, work)

    assert names(store, scope) == ["Kept"]
    assert revision(store, scope) == start
    portals = store.read(lambda each: UserPortalRepository(each, scope).page(ListQuery()))
    assert portals.total == 0


def test_broken_constraint_is_a_concurrent_change(store: Store) -> None:
    scope = store.scope()
    link = make_link(scope, "Wiki")
    store.run(add(store, link))
    start = revision(store, scope)
    same_id, same_name = make_link(scope, "Other", link_id=link.id), make_link(scope, "WIKI")
    unknown_portal = make_link(scope, "Third", portal_ids=(5,))

    with pytest.raises(NameTaken):
        store.run(add(store, same_name))
    for broken in (same_id, unknown_portal):
        with pytest.raises(ConcurrentChange) as conflict:
            store.run(add(store, broken))

        assert conflict.value.code == "api.concurrent.access.error"
        assert "Try again" in conflict.value.reason
    assert names(store, scope) == ["Wiki"]
    assert revision(store, scope) == start


def test_cancelled_transaction_leaves_nothing(store: Store) -> None:
    scope = store.scope()
    start = revision(store, scope)

    async def work() -> None:
        stored = asyncio.Event()

        async def never_ends() -> None:
            async with store.database.write(scope.customer_id) as connection:
                await LinkRepository(connection, scope).insert(make_link(scope, "Lost"))
                stored.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(never_ends())
        await stored.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    store.run(work())

    assert names(store, scope) == []
    assert revision(store, scope) == start
    store.run(add(store, make_link(scope, "Next")))
    assert names(store, scope) == ["Next"]


def test_transaction_cancelled_at_any_moment_is_whole_or_nothing(store: Store) -> None:
    scope = store.scope()
    portal = make_portal(scope)
    store.write(scope, lambda each: UserPortalRepository(each, scope).insert(portal))

    async def work() -> int:
        kept = 0
        for turns in range(40):
            link = make_link(scope, f"Link {turns}", portal_ids=(portal.id,))
            task = asyncio.create_task(add(store, link))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            kept += (await asyncio.gather(task, return_exceptions=True))[0] is None
            async with store.database.read() as connection:
                links = LinkRepository(connection, scope)
                page = await links.page(ListQuery(page_size=500))
                shown = (await links.count_by_portal([portal.id])).get(portal.id, 0)
            assert len(page.items) == page.total == shown
            # An acknowledged link is there; one that was cancelled may be.
            assert page.total >= kept
        return kept

    store.run(work())

    store.run(add(store, make_link(scope, "Next")))
    assert "Next" in names(store, scope)


def test_writers_of_one_tenant_follow_one_another(store: Store) -> None:
    scope = store.scope()
    start = revision(store, scope)

    async def work() -> None:
        await asyncio.gather(*(add(store, make_link(scope, f"Link {n}")) for n in range(12)))

    store.run(work())

    assert len(names(store, scope)) == 12
    assert revision(store, scope) == start + 12


def test_writers_at_once_each_have_a_fate_of_their_own(store: Store) -> None:
    scope = store.scope()
    start = revision(store, scope)

    async def write(number: int) -> None:
        async with store.database.write(scope.customer_id) as connection:
            links = LinkRepository(connection, scope)
            await links.insert(make_link(scope, f"Link {number:02d}"))
            await asyncio.sleep(0)
            if number % 3 == 0:
                raise NameTaken("Refused")

    async def work() -> list[BaseException | None]:
        return await asyncio.gather(*map(write, range(40)), return_exceptions=True)

    refused = [isinstance(each, NameTaken) for each in store.run(work())]

    kept = [number for number in range(40) if number % 3]
    assert refused == [number % 3 == 0 for number in range(40)]
    assert names(store, scope) == [f"Link {number:02d}" for number in kept]
    assert revision(store, scope) == start + len(kept)


def test_unknown_tenant_cannot_be_written(store: Store) -> None:
    unknown = store.ids()

    with pytest.raises(ConcurrentChange):
        store.write(Scope(customer_id=unknown), lambda each: asyncio.sleep(0))

    assert store.run(store.database.revision(unknown)) is None


def test_readers_go_on_while_a_transaction_is_open(store: Store) -> None:
    scope = store.scope()
    store.run(add(store, make_link(scope, "Kept")))
    start = revision(store, scope)

    async def read() -> tuple[list[str], int | None]:
        async with store.database.read() as connection:
            page = await LinkRepository(connection, scope).page(ListQuery())
        return [link.name for link in page.items], await store.database.revision(scope.customer_id)

    async def work() -> list[tuple[list[str], int | None]]:
        async with store.database.write(scope.customer_id) as connection:
            await LinkRepository(connection, scope).insert(make_link(scope, "New"))
            during = await asyncio.wait_for(read(), 5)
        return [during, await read()]

    during, after = store.run(work())
    assert during == (["Kept"], start)
    assert after == (["Kept", "New"], start + 1)


def test_change_of_another_process_is_seen_at_once(store: Store) -> None:
    scope = store.scope()
    start = revision(store, scope)

    with opened(store.url) as other:
        for number in range(1, 4):
            other.run(add(other, make_link(scope, f"Link {number}")))

            assert len(names(store, scope)) == number
            assert revision(store, scope) == start + number


def test_revisions_asked_for_together_are_each_the_tenant_s_own(store: Store) -> None:
    scopes = [store.scope() for _ in range(12)]
    for position, scope in enumerate(scopes):
        for number in range(position):
            store.run(add(store, make_link(scope, f"Link {number}")))
    asked = [*scopes, *scopes, *scopes]

    async def work() -> tuple[list[int | None], list[int | None]]:
        def ask() -> list[Awaitable[int | None]]:
            return [store.database.revision(scope.customer_id) for scope in asked]

        impatient = asyncio.gather(*ask())
        await asyncio.sleep(0)
        impatient.cancel()
        first = await asyncio.gather(*ask())
        await asyncio.gather(*(add(store, make_link(scope, "Last")) for scope in scopes))
        return list(first), list(await asyncio.gather(*ask()))

    first, second = store.run(work())
    assert first == [*range(12)] * 3
    assert second == [*range(1, 13)] * 3
