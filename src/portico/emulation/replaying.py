"""Verifies recordings against a fresh Portico in this process, with a tenant for each recording."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count

from starlette.types import ASGIApp

from portico.app import Additions, api_operations, create_app
from portico.asgi.routing import Application
from portico.domain.tenancy.identity import Role
from portico.emulation.databases import cache_folder, temporary_database
from portico.emulator.listeners.lifespan import Lifespan
from portico.emulator.recordings.acceptance import Acceptance
from portico.emulator.recordings.comparing import Answer
from portico.emulator.recordings.exchanges import Exchange
from portico.emulator.recordings.in_process import send
from portico.emulator.recordings.replaying import Credentials, Replay, replay
from portico.emulator.seeds.planting import plant
from portico.emulator.seeds.reading import SeedFile
from portico.services.access import operator_writing
from portico.services.runtime import Runtime
from portico.services.tenancy.clients import create_client
from portico.services.tenancy.tenants import create_tenant
from portico.settings import Settings


@dataclass(frozen=True)
class InProcess:
    """The target of a replay: an application in this process, and a client of one tenant."""

    app: ASGIApp
    credentials: Credentials

    async def send(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send a request to a path with its query, and return the answer."""
        return await send(self.app, method, target, headers, body)


async def verify_recordings(
    recordings: Sequence[Sequence[Exchange]],
    acceptance: Acceptance,
    seed: SeedFile | None = None,
    *,
    vendor_statuses: bool = True,
) -> Replay:
    """Return the result of replaying recordings, each of them on a new tenant.

    The tenant is empty, or it is the only one of a seed. With `vendor_statuses`, an unknown id is
    400, as the vendor documents. Raises SeedError.
    """
    result, operations = Replay(), api_operations()
    if seed is None:
        async with fresh_portico(vendor_statuses=vendor_statuses) as new_target:
            for exchanges in recordings:
                await replay(exchanges, await new_target(), operations, acceptance, result)
        return result
    for exchanges in recordings:
        async with fresh_portico(seed, vendor_statuses=vendor_statuses) as new_target:
            await replay(exchanges, await new_target(), operations, acceptance, result)
    return result


@asynccontextmanager
async def fresh_portico(
    seed: SeedFile | None = None,
    *,
    vendor_statuses: bool = True,
) -> AsyncIterator[Callable[[], Awaitable[InProcess]]]:
    """Start a Portico on a temporary database; yield a function that adds a tenant to replay on.

    With a seed it adds the seed's tenant, so it can be called once. Raises SeedError.
    """
    numbers = count(1)
    async with temporary_database(cache_folder(os.environ)) as url:
        settings = Settings(database=url, vendor_statuses=vendor_statuses, access_log=False)
        if seed is not None and seed.seed.portal_suffix is not None:
            settings = replace(settings, portal_suffix=seed.seed.portal_suffix)
        runtimes: list[Runtime] = []

        async def keep_runtime(_: Application, runtime: Runtime) -> None:
            runtimes.append(runtime)

        app = create_app(settings, additions=Additions(durable=False, started=keep_runtime))
        lifespan = Lifespan(app)
        await lifespan.start()

        async def new_target() -> InProcess:
            (runtime,) = runtimes
            if seed is None:
                tenant = await create_tenant(runtime, f"Recording {next(numbers)}")
                customer_id = tenant.id
            else:
                customer_id = await _planted_tenant(runtime, seed, settings.portal_suffix)
            return InProcess(app, await _new_client(runtime, customer_id))

        try:
            yield new_target
        finally:
            await lifespan.stop()


async def _planted_tenant(runtime: Runtime, seed: SeedFile, managed_suffix: str) -> int:
    planted = await plant(runtime, seed, managed_suffix=managed_suffix)
    if len(planted.tenants) != 1:
        count_text = f"It has {len(planted.tenants)} tenants"
        raise seed.source.error("tenants", f"{count_text}, but a recording needs exactly one.")
    return planted.tenants[0].customer_id


async def _new_client(runtime: Runtime, customer_id: int) -> Credentials:
    async with operator_writing(runtime, customer_id) as work:
        client, secret = await create_client(
            work, name="Replay", role=Role.ADMIN, microtenant_id=None, public_key=""
        )
    return Credentials(customer_id=str(customer_id), client_id=str(client.id), client_secret=secret)
