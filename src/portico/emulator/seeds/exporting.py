"""Exporting tenants as a seed, in an order that does not change, without ids that a plant makes.

A hash cannot be turned back into a secret. The export has the secret itself if the caller knows it
(`Planted.secrets`), and otherwise a reference to an environment variable that is named after it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from msgspec import UNSET, UnsetType

from portico.domain.records import DEFAULT_MICROTENANT_ID, Scope, fold
from portico.domain.tenancy.identity import ApiClient, Role, Tenant
from portico.domain.tenancy.microtenants import Microtenant
from portico.emulator.seeds.export_contents import every, export_content, unless
from portico.emulator.seeds.format import (
    AdministratorEntry,
    ClientEntry,
    GrantEntry,
    MicrotenantEntry,
    Seed,
    TenantEntry,
    UserEntry,
    Variable,
)
from portico.emulator.stand_in import NoSuchTenant
from portico.services.access import operator_reading
from portico.services.people.administrators import GrantedAdministrator, list_administrators
from portico.services.people.groups import list_groups
from portico.services.people.users import list_users
from portico.services.portals.domains import list_domains
from portico.services.runtime import Runtime
from portico.services.tenancy.clients import list_clients
from portico.services.tenancy.microtenants import summarise_microtenants
from portico.services.tenancy.tenants import list_tenants
from portico.services.work import UnitOfWork

_LETTER = re.compile(r"([a-z])\.zscalerportal\.net")


async def export_seed(
    runtime: Runtime,
    *,
    name: str = "export",
    managed_suffix: str = "",
    customer_id: int | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Seed:
    """Return every tenant, or one of them, with everything in it, as a seed called `name`.

    `managed_suffix` is the parent domain of managed portals, and `secrets` has plain secrets by
    their hashes. Secrets that nobody knows are a `Variable`. Raises NoSuchTenant.
    """
    tenants = sorted(await list_tenants(runtime), key=lambda each: each.id)
    chosen = [each for each in tenants if customer_id in {None, each.id}]
    if customer_id is not None and not chosen:
        raise NoSuchTenant(customer_id)
    exporter = _Exporter(runtime, secrets or {})
    letter = _LETTER.fullmatch(managed_suffix)
    return Seed(
        set=name,
        cloud_letter=letter[1] if letter else UNSET,
        tenants=[await exporter.tenant(each) for each in chosen],
    )


@dataclass
class _Exporter:
    """Exports tenants one after the other, and remembers the administrators that it has met."""

    runtime: Runtime
    secrets: Mapping[str, str]

    def __post_init__(self) -> None:
        self._met: set[int] = set()
        self._variables: Counter[str] = Counter()

    async def tenant(self, tenant: Tenant) -> TenantEntry:
        """Return one tenant with everything in it."""
        allowed = await list_domains(self.runtime, tenant.id, public_host="")
        async with operator_reading(self.runtime, tenant.id) as work:
            microtenants = await summarise_microtenants(work)
            names = {each.id: each.name for each in microtenants}
            default = await export_content(work)
            return TenantEntry(
                name=tenant.name,
                customer_id=str(tenant.id),
                auth_domains=unless(list(tenant.auth_domains), []),
                allowed_domains=unless([each.domain.name for each in allowed], []),
                clients=await self._clients(work, names),
                administrators=await self._administrators(work, names),
                groups=unless([each.name for each in (await list_groups(work)).groups], []),
                users=await self._users(work),
                microtenants=unless(
                    [
                        await _microtenant(work, each)
                        for each in microtenants
                        if each.id != DEFAULT_MICROTENANT_ID
                    ],
                    [],
                ),
                **default,
            )

    async def _clients(
        self, work: UnitOfWork, names: Mapping[int, str]
    ) -> list[ClientEntry] | UnsetType:
        present = [each for each in await list_clients(work) if each.revoked_time is None]
        return unless([self._client(work.tenant, each, names) for each in present], [])

    def _client(self, tenant: Tenant, client: ApiClient, names: Mapping[int, str]) -> ClientEntry:
        return ClientEntry(
            name=client.name,
            id=str(client.id),
            secret=self._secret(client.secret_hash, tenant.name, client.name, "secret"),
            public_key=unless(client.public_key, ""),
            role=client.role,
            microtenant=_place(client.microtenant_id, names),
        )

    async def _administrators(
        self, work: UnitOfWork, names: Mapping[int, str]
    ) -> list[AdministratorEntry] | UnsetType:
        found = await list_administrators(work)
        return unless([self._administrator(each, names) for each in found], [])

    def _administrator(
        self, found: GrantedAdministrator, names: Mapping[int, str]
    ) -> AdministratorEntry:
        whole = [each.role for each in found.grants if each.microtenant_id is None]
        role: Role | UnsetType = whole[0] if len(found.grants) == len(whole) == 1 else UNSET
        grants = [
            GrantEntry(role=each.role, microtenant=_place(each.microtenant_id, names))
            for each in found.grants
        ]
        place = {"role": role} if role is not UNSET else {"grants": grants}
        if found.id in self._met:
            return AdministratorEntry(name=found.name, **place)
        self._met.add(found.id)
        return AdministratorEntry(
            name=found.name,
            display_name=unless(found.display_name, ""),
            email=unless(found.email, ""),
            enabled=unless(found.disabled_time is None, True),
            password=self._secret(found.password_hash, "", found.name, "password"),
            **place,
        )

    async def _users(self, work: UnitOfWork) -> list[UserEntry] | UnsetType:
        groups = {each.id: each.name for each in (await list_groups(work)).groups}
        return unless(
            [
                UserEntry(
                    name=user.name,
                    display_name=unless(user.display_name, ""),
                    email=unless(user.email, ""),
                    enabled=unless(user.enabled, True),
                    password=self._secret(
                        user.password_hash, work.tenant.name, user.name, "password"
                    ),
                    groups=unless(sorted((groups[each] for each in user.group_ids), key=fold), []),
                )
                for user in await every(lambda query: list_users(work, query))
            ],
            [],
        )

    def _secret(self, stored: str, tenant: str, name: str, kind: str) -> str | UnsetType:
        """Return the secret of a hash, or a reference to the environment."""
        if not stored:
            return UNSET
        if stored in self.secrets:
            return self.secrets[stored]
        words = re.sub(r"[^A-Z0-9]+", "_", f"seed {tenant} {name} {kind}".upper())
        self._variables[words] += 1
        number = self._variables[words]
        return Variable(words if number == 1 else f"{words}_{number}")


async def _microtenant(work: UnitOfWork, found: Microtenant) -> MicrotenantEntry:
    scope = Scope(customer_id=work.scope.customer_id, microtenant_id=found.id)
    content: dict[str, Any] = await export_content(replace(work, scope=scope))
    return MicrotenantEntry(
        name=found.name,
        description=unless(found.description, ""),
        enabled=unless(found.enabled, True),
        criteria_attribute=unless(
            found.criteria_attribute, "AuthDomain" if found.criteria_attribute_values else ""
        ),
        criteria_attribute_values=unless(list(found.criteria_attribute_values), []),
        privileged_approvals_enabled=unless(found.privileged_approvals_enabled, False),
        **content,
    )


def _place(microtenant_id: int | None, names: Mapping[int, str]) -> str | UnsetType:
    return UNSET if microtenant_id is None else names[microtenant_id]
