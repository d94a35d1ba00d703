"""Pages that people look at all day compile no statement: one that is not kept costs half a
millisecond each time, several times what running it costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from portico.storage.engine.statements import PreparedStatement
from tests.contract.inside import run_inside
from tests.harness import AUPS, LINKS, Tenant
from tests.web.visits import PASSWORD, add_administrator, add_user, csrf_of


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
