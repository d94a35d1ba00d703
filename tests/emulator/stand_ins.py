"""Stand-ins for tests: the whole application on a database of its own, called as a client would."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
from starlette.types import ASGIApp

from portico.domain.tenancy.identity import Role
from portico.emulation.assembly import make_stand_in_app
from portico.emulation.databases import temporary_database
from portico.emulator.clock import EmulatedClock
from portico.emulator.ids import CountingIds
from portico.emulator.listeners.listener import HttpListener
from portico.emulator.listeners.server import serve_app
from portico.emulator.stand_in import StandIn
from portico.services.access import operator_writing
from portico.services.tenancy.clients import create_client
from portico.services.tenancy.tenants import create_tenant
from portico.settings import Settings

T = TypeVar("T")


class Loop:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs asynchronous work to its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        """Ends the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(frozen=True)
class Account:
    """A tenant of a stand-in, and its API client."""

    customer_id: str
    client_id: str
    client_secret: str


class Emulated:
    """A running stand-in, and requests to it."""

    def __init__(
        self,
        loop: Loop,
        stand_in: StandIn,
        app: ASGIApp,
        http: httpx.Client,
        accounts: Sequence[Account],
    ) -> None:
        self.app = app
        self.stand_in = stand_in
        self.accounts = accounts
        self.http = http
        self.request = http.request
        self.run = loop.run

    def control(self, method: str, path: str, body: object = None, **query: str) -> httpx.Response:
        """One request to the control API."""
        return self.request(method, f"/_portico/{path}", json=body, params=query)

    def reset(self, **query: str) -> None:
        """Returns everything, or one tenant, to the seed."""
        answer = self.control("POST", "reset", **query)
        assert answer.status_code == 204, answer.text

    def return_to_start(self) -> None:
        """Makes the stand-in as it was at its start, for the next test."""
        self.reset()
        for each in self.stand_in.snapshots.list():
            self.run(self.stand_in.snapshots.delete(each.name, each.customer_id))

    def caller(self, number: int = 0) -> EmulatedCaller:
        """The API client of a tenant, signed in."""
        return EmulatedCaller(self, self.accounts[number])


class EmulatedCaller:
    """A signed-in API client of one tenant. Paths are relative to the tenant's."""

    def __init__(self, emulated: Emulated, account: Account) -> None:
        self._emulated = emulated
        self.account = account
        self.customer_id = account.customer_id
        self.token = self.sign_in()

    def sign_in(self) -> str:
        """A new token."""
        form = {"client_id": self.account.client_id, "client_secret": self.account.client_secret}
        answer = self._emulated.request("POST", "/signin", data=form)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def call(self, method: str, path: str, body: object = None, **query: str) -> httpx.Response:
        """One request with the caller's token."""
        return self._emulated.request(
            method,
            f"/mgmtconfig/v1/admin/customers/{self.customer_id}/{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            json=body,
            params=query,
        )

    def create_link(self, name: str, **fields: object) -> str:
        """The id of a new link."""
        answer = self.call(
            "POST", "userPortalLink", {"name": name, "link": "wiki.example.com", **fields}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def create_portal(self, name: str) -> str:
        """The id of a new portal."""
        answer = self.call("POST", "userPortal", {"name": name, "enabled": True})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def names(self, path: str = "userPortalLink", **query: str) -> list[str]:
        """The names on a page of a list."""
        answer = self.call("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["list"]]


@contextmanager
def emulated(
    cache: Path,
    *,
    tenants: int = 1,
    clock: EmulatedClock | None = None,
    plant: Callable[[StandIn, list[Account]], Awaitable[None]] | None = None,
    **settings: Any,  # noqa: ANN401  # of any setting
) -> Iterator[Emulated]:
    """A stand-in with tenants for the length of a block."""
    accounts: list[Account] = []
    stand_in = StandIn(clock or EmulatedClock(), CountingIds())

    async def planting(_: StandIn) -> None:
        for number in range(tenants):
            accounts.append(await add_account(stand_in, f"Tenant {number + 1}"))
        if plant is not None:
            await plant(stand_in, accounts)

    @asynccontextmanager
    async def running() -> AsyncIterator[tuple[ASGIApp, str]]:
        async with temporary_database(cache) as url:
            chosen = replace(Settings(), database=url, access_log=False, **settings)
            app = make_stand_in_app(chosen, stand_in, planting)
            async with serve_app(app, [HttpListener()]) as server:
                yield app, server.urls[0]

    with closing(Loop()) as loop:
        manager = running()
        app, url = loop.run(manager.__aenter__())
        try:
            with httpx.Client(base_url=url, timeout=60) as http:
                yield Emulated(loop, stand_in, app, http, accounts)
        finally:
            loop.run(manager.__aexit__(None, None, None))


async def add_account(stand_in: StandIn, name: str) -> Account:
    """A new tenant with an API client."""
    tenant = await create_tenant(stand_in.runtime, name)
    async with operator_writing(stand_in.runtime, tenant.id) as work:
        client, secret = await create_client(work, name="Client", role=Role.ADMIN)
    return Account(str(tenant.id), str(client.id), secret)
