"""Signing keys are read again by elapsed time, whatever the system's clock does meanwhile."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import httpx

from portico.domain.tenancy.identity import Role
from portico.services.runtime import Runtime
from portico.services.tenancy.signing_keys import KEY_REFRESH_SECONDS, rotate_signing_keys
from portico.services.tenancy.tenants import create_tenant
from tests.contract.inside import run_inside, watched_statements
from tests.harness import as_operator, create_client, upgrade
from tests.http.clients import ME, read_claims, signed_with


async def add_client(runtime: Runtime) -> tuple[str, str]:
    """Id and secret of an API client of a new tenant."""
    tenant = await create_tenant(runtime, "Tenant")
    client, secret = await create_client(runtime, tenant.id, name="Client", role=Role.ADMIN)
    return str(client.id), secret


def test_new_keys_are_learned_after_the_clock_was_set_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    client_id, secret = as_operator(url, add_client)
    back, elapsed = 0.0, 0.0

    async def work(client: httpx.AsyncClient) -> tuple[int, int]:
        nonlocal back, elapsed
        form = {"client_id": client_id, "client_secret": secret}
        token = (await client.post("/signin", data=form)).json()["access_token"]
        back = 86_400.0
        key = as_operator(url, lambda runtime: rotate_signing_keys(runtime, overlap=3_600))
        elapsed = 2.0
        claims = read_claims(token)
        new = signed_with(key, claims)
        by_new_key = await client.get(ME, headers={"Authorization": f"Bearer {new}"})
        as_operator(url, lambda runtime: rotate_signing_keys(runtime, overlap=-90_000))
        elapsed += KEY_REFRESH_SECONDS
        by_retired = await client.get(ME, headers={"Authorization": f"Bearer {new}"})
        return by_new_key.status_code, by_retired.status_code

    statuses = run_inside(
        url,
        work,
        clock=lambda: time.time() - back,
        monotonic=lambda: time.monotonic() + elapsed,
    )

    assert statuses == (200, 401)


def test_a_new_key_is_known_at_once_and_unknown_keys_are_looked_for_once_a_second(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    client_id, secret = as_operator(url, add_client)
    now = 1_000.0

    async def work(client: httpx.AsyncClient) -> tuple[int, set[int], int]:
        nonlocal now
        form = {"client_id": client_id, "client_secret": secret}
        token = (await client.post("/signin", data=form)).json()["access_token"]
        key = as_operator(url, lambda runtime: rotate_signing_keys(runtime, overlap=3_600))
        claims = read_claims(token)
        new = signed_with(key, claims)
        by_new_key = await client.get(ME, headers={"Authorization": f"Bearer {new}"})
        now += 1
        with watched_statements() as statements:
            unknown = [signed_with(replace(key, id=each), claims) for each in range(1, 20)]
            answers = await asyncio.gather(
                *(client.get(ME, headers={"Authorization": f"Bearer {each}"}) for each in unknown)
            )
        read = [each for each in statements if "signing_key" in each]
        return by_new_key.status_code, {each.status_code for each in answers}, len(read)

    assert run_inside(url, work, monotonic=lambda: now) == (200, {401}, 1)
