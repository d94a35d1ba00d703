"""Pages that people look at all day compile no statement: one that is not kept costs half a
millisecond each time, several times what running it costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any

import httpx
import pytest

from portico.services.portals import search_everything
from portico.storage.engine.connections import Connection, Database
from portico.storage.engine.postgres import PostgresDatabase
from portico.storage.engine.sqlite import SqliteDatabase
from portico.storage.engine.statements import PreparedStatement
from portico.storage.links import links
from portico.storage.links.links import SCANNED_LINKS
from tests.contract.inside import run_inside, watched_statements
from tests.harness import AUPS, LINKS, MICROTENANTS, Tenant
from tests.web.forms import editor_of
from tests.web.portal.portals import make_portal
from tests.web.visits import PASSWORD, add_administrator, add_user, csrf_of

VIEW_STATEMENTS = {"first": 11, "later": 7}
"""How many statements a signed-in view of a portal sends: when its links are rendered, and later.

These numbers may only fall.
"""

VIEW_READS = 2
"""How many reads it opens: of the address, which belongs to no tenant, and of the tenant."""

CHANGE_STATEMENTS = {
    "administrators/{}": 14,
    "users/{}": 16,
    "groups/{}/delete": 10,
    "links/{}/delete": 11,
    "microtenants/{}/delete": 16,
    "policies/{}/delete": 9,
    "portals/{}/delete": 12,
}
"""How many statements the form of each page of the console sends. These numbers may only fall."""

SEARCH_STATEMENTS = 25
"""How many statements the search over everything sends if much is stored. It may only fall."""


@contextmanager
def watched_compilations() -> Iterator[list[str]]:
    """The SQL of every statement that this process compiles in a block."""
    compiled: list[str] = []
    prepare = PreparedStatement.__init__

    def noting(self: PreparedStatement, *parts: Any) -> None:  # noqa: ANN401  # passed on
        prepare(self, *parts)
        compiled.append(self.sql)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PreparedStatement, "__init__", noting)  # to watch, not to change
        yield compiled


async def sign_in(client: httpx.AsyncClient, door: str, name: str) -> None:
    """Signs somebody in; the client keeps the cookies, which are not for plain http."""
    form = {"csrf": csrf_of((await client.get(door)).text), "name": name, "password": PASSWORD}
    answer = await client.post(door, data=form)
    assert answer.status_code == 303, answer.text


def test_second_look_at_a_page_compiles_nothing(tenant: Tenant) -> None:
    admin = tenant.caller()
    portal_id = admin.create_portal("Staff", portico={"audience": "public"})
    admin.create(LINKS, {"name": "Wiki", "link": "w.example", "userPortals": [{"id": portal_id}]})
    admin.create(AUPS, {"name": "Rules", "aup": "Be kind."})
    name = add_administrator(tenant, "ada")
    add_user(tenant, "uma")
    console = f"/console/{tenant.customer_id}/0"

    async def work(client: httpx.AsyncClient) -> dict[str, list[str]]:
        pages = [f"/p/{portal_id}", f"/p/{portal_id}?q=wiki"]
        await sign_in(client, f"/p/{portal_id}/sign-in", "uma")
        await sign_in(client, "/console/sign-in", name)
        shown = (await client.get(console)).text
        pages += [console, *set(re.findall(rf'href="({console}/[a-z]+)"', shown))]
        assert len(pages) > 8
        found = {}
        for page in pages:
            assert (await client.get(page)).status_code == 200
            with watched_compilations() as compiled:
                await client.get(page)
            found[page] = compiled
        return {page: compiled for page, compiled in found.items() if compiled}

    assert run_inside(tenant.server.database, work, insecure_cookies=True) == {}


@contextmanager
def watched_reads() -> Iterator[list[int]]:
    """The tenants of every read that this process opens in a block; 0 is none."""
    opened: list[int] = []

    def watch(database: type[Database], patch: pytest.MonkeyPatch) -> None:
        read = database.read

        def noting(self: Database, customer_id: int = 0) -> AbstractAsyncContextManager[Connection]:
            opened.append(customer_id)
            return read(self, customer_id)

        patch.setattr(database, "read", noting)  # to watch, not to change

    with pytest.MonkeyPatch.context() as patch:
        watch(SqliteDatabase, patch)
        watch(PostgresDatabase, patch)
        yield opened


def test_signed_in_view_of_a_portal_costs_one_read_of_its_tenant(tenant: Tenant) -> None:
    portal = make_portal(tenant, audience="signed_in")
    portal.add_link("Wiki", portico={"groups": ["Staff"]})
    tenant.caller().create(AUPS, {"name": "Rules", "aup": "Be kind.", "enabled": True})
    portal.add_user("uma", "Staff")

    async def work(client: httpx.AsyncClient) -> dict[str, tuple[int, int]]:
        await sign_in(client, f"{portal.base}/sign-in", "uma")
        policy = (await client.get(portal.base)).text
        fields = dict(re.findall(r'name="(csrf|aup|version)" value="([^"]+)"', policy))
        assert (await client.post(f"{portal.base}/aup", data=fields)).status_code == 303
        counts = {}
        for kind in ("first", "later"):
            with watched_statements() as statements, watched_reads() as reads:
                answer = await client.get(portal.base)
            assert "Wiki" in answer.text
            counts[kind] = len(statements), len(reads)
        return counts

    counts = run_inside(tenant.server.database, work, insecure_cookies=True)

    for kind, (statements, reads) in counts.items():
        assert (kind, statements) <= (kind, VIEW_STATEMENTS[kind])
        assert (kind, reads) <= (kind, VIEW_READS)


def test_changes_in_the_console_read_a_record_once(tenant: Tenant) -> None:
    admin = tenant.caller()
    name = add_administrator(tenant, "ada")
    add_administrator(tenant, "grace")
    add_user(tenant, "uma")
    link = {"name": "Wiki", "link": "w.example"}
    made = {
        "links": admin.create(LINKS, link)["id"],
        "microtenants": admin.create(MICROTENANTS, {"name": "East", "enabled": True})["id"],
        "policies": admin.create(AUPS, {"name": "Rules", "aup": "Be kind."})["id"],
        "portals": admin.create_portal("Staff"),
    }
    console = f"/console/{tenant.customer_id}/0"

    async def work(client: httpx.AsyncClient) -> dict[str, int]:
        await sign_in(client, "/console/sign-in", name)
        group = {"csrf": csrf_of((await client.get(f"{console}/groups")).text), "name": "Staff"}
        assert (await client.post(f"{console}/groups", data=group)).status_code == 303
        counts = {}
        for path in CHANGE_STATEMENTS:
            noun = path.partition("/")[0]
            listed = (await client.get(f"{console}/{noun}")).text
            record_id = made.get(noun) or re.findall(rf"/{noun}/(\d+)[/\"]", listed)[-1]
            address = f"{console}/{path.format(record_id)}"
            form = editor_of((await client.get(address)).text).fields
            if "display_name" in form:
                form |= {"display_name": ["Another"], "password": [PASSWORD]}
            with watched_statements() as statements:
                answer = await client.post(address, data=form)
            assert answer.status_code == 303, answer.text
            counts[path] = len(statements)
        return counts

    counts = run_inside(tenant.server.database, work, insecure_cookies=True)

    assert {path: n for path, n in counts.items() if n > CHANGE_STATEMENTS[path]} == {}


def opened(tenant: Tenant, name: str, place: str) -> tuple[str, list[str]]:
    """A page of the console that an administrator opens, and the statements that it took."""

    async def work(client: httpx.AsyncClient) -> tuple[str, list[str]]:
        await sign_in(client, "/console/sign-in", name)
        with watched_statements() as statements:
            shown = (await client.get(f"/console/{tenant.customer_id}/0/{place}")).text
        return shown, statements

    return run_inside(tenant.server.database, work, insecure_cookies=True)


@pytest.mark.parametrize("scanned", [1, SCANNED_LINKS])
def test_search_over_everything_reads_no_pictures_but_those_it_shows(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, scanned: int
) -> None:
    monkeypatch.setattr(links, "SCANNED_LINKS", scanned)
    monkeypatch.setattr(search_everything, "SCANNED_LINKS", scanned)
    monkeypatch.setattr(search_everything, "CANDIDATES", 3)
    admin = tenant.caller()
    for number in range(5):
        portal = admin.create_portal(f"Desk {number}", imageData="x" * 1_000)
        admin.create_link(f"Desk link {number}", userPortals=[{"id": portal}])
        add_user(tenant, f"desk-user-{number}")
    name = add_administrator(tenant, "ada")

    shown, statements = opened(tenant, name, "search?q=desk")

    for found in ("Desk 2", "Desk link 2", "desk-user-2"):
        assert found in re.sub("<[^>]*>", "", shown)
    assert not [each for each in statements if "image_data" in each]
    assert len([each for each in statements if "icon_text" in each]) == 1  # of the links it shows
    assert len(statements) <= SEARCH_STATEMENTS, statements


@pytest.mark.parametrize("place", ["links", "links/new", "links/add-many"])
def test_lists_of_portals_to_choose_read_no_pictures(tenant: Tenant, place: str) -> None:
    admin = tenant.caller()
    for number in (10, 9):
        admin.create_portal(f"Desk {number}", imageData="x" * 1_000)
    admin.create_link("Wiki")
    name = add_administrator(tenant, "ada")

    shown, statements = opened(tenant, name, place)

    assert shown.index("Desk 9") < shown.index("Desk 10")
    assert not [each for each in statements if "image_data" in each]
