"""Planting a seed: its tenants and people, with ids in the order of the file.

Every object goes through the use-case that the API and the console call, and the audit trail names
the seed. A seed that is refused can leave tenants behind, so plant it into a database of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import UnsetType

from portico.domain.errors import PorticoError
from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.passwords import check_password
from portico.domain.people.users import PortalUserSpec
from portico.domain.records import Scope
from portico.domain.tenancy.identity import Role
from portico.domain.tenancy.microtenants import MicrotenantSpec
from portico.emulator.seeds.contents import ContentPlanter
from portico.emulator.seeds.format import (
    AdministratorEntry,
    ClientEntry,
    MicrotenantEntry,
    Seed,
    TenantEntry,
    UserEntry,
    as_named,
    given,
    listed,
)
from portico.emulator.seeds.reading import SeedFile
from portico.emulator.seeds.references import Names, Place, number_of, unique_keys
from portico.emulator.seeds.sources import Source
from portico.services.access import operator_writing
from portico.services.people import administrators, groups, users
from portico.services.portals.domains import allow_domain
from portico.services.runtime import Runtime
from portico.services.tenancy import microtenants
from portico.services.tenancy.clients import create_client
from portico.services.tenancy.public_keys import check_public_key
from portico.services.tenancy.tenants import create_tenant
from portico.services.work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class PlantedClient:
    """An API client of a seed. The secret is empty if it signs in by assertion."""

    id: int
    name: str
    role: Role
    microtenant_id: int | None
    secret: str


@dataclass(frozen=True, kw_only=True)
class PlantedTenant:
    """A tenant of a seed, with the API clients that can sign in to it."""

    customer_id: int
    name: str
    clients: tuple[PlantedClient, ...]


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What a seed created. `secrets` has the plain secrets and passwords by their stored hashes."""

    tenants: tuple[PlantedTenant, ...]
    secrets: Mapping[str, str]


async def plant(runtime: Runtime, file: SeedFile, *, managed_suffix: str) -> Planted:
    """Create everything in a seed. Raises SeedError.

    `managed_suffix` is the parent domain of managed portals, for a seed without a cloud letter.
    """
    planter = _Planter(runtime, file, file.seed.portal_suffix or managed_suffix)
    tenants = [
        await planter.tenant(entry, Place(file.source).at("tenants", position))
        for position, entry in enumerate(file.seed.tenants)
    ]
    return Planted(tenants=tuple(tenants), secrets=planter.secrets)


def unsourced(seed: Seed, name: str) -> SeedFile:
    """Return a seed that comes from no file, under a name for errors."""
    return SeedFile(seed=seed, source=Source(name=name))


class _Planter:
    """Plants tenants one after the other."""

    def __init__(self, runtime: Runtime, file: SeedFile, managed_suffix: str) -> None:
        self._runtime = runtime
        self._origin = f"seed {file.seed.set}"
        self._managed_suffix = managed_suffix
        self._tenant_names = Names("tenant")
        self.secrets: dict[str, str] = {}

    async def tenant(self, entry: TenantEntry, place: Place) -> PlantedTenant:
        """Create a tenant and everything in it."""
        hashes = await self._hashes(entry, place)
        wanted = entry.customer_id
        with place.blame():
            tenant = await create_tenant(
                self._runtime,
                entry.name,
                customer_id=None
                if isinstance(wanted, UnsetType)
                else number_of(place.at("customerId"), wanted),
                auth_domains=listed(entry.auth_domains),
            )
        self._tenant_names.add(place, entry, tenant.name, tenant.id)
        operator = replace(self._runtime, transaction_id=self._origin)
        for position, domain in enumerate(listed(entry.allowed_domains)):
            try:
                await allow_domain(operator, domain, tenant.id, public_host="")
            except PorticoError as error:
                raise place.at("allowedDomains", position).error(
                    getattr(error, "why", error.reason)
                ) from error
        async with operator_writing(self._runtime, tenant.id) as opened:
            work = replace(opened, client_transaction_id=self._origin)
            clients = await self._fill(work, entry, place, hashes)
        return PlantedTenant(customer_id=tenant.id, name=tenant.name, clients=clients)

    async def _fill(
        self, work: UnitOfWork, entry: TenantEntry, place: Place, hashes: Mapping[str, str]
    ) -> tuple[PlantedClient, ...]:
        named_groups = Names("group")
        for position, group in enumerate(map(as_named, listed(entry.groups))):
            where = place.at("groups", position)
            with where.blame():
                created = await groups.create_group(work, group.name)
            named_groups.add(where, group, created.name, created.id)
        await self._content(work, entry, place, named_groups)
        named_microtenants = Names("microtenant")
        for position, microtenant in enumerate(listed(entry.microtenants)):
            where = place.at("microtenants", position)
            await self._microtenant(work, microtenant, where, named_microtenants, named_groups)
        unique_keys(place, "clients", listed(entry.clients))
        clients = [
            await self._client(work, client, place.at("clients", position), named_microtenants)
            for position, client in enumerate(listed(entry.clients))
        ]
        unique_keys(place, "administrators", listed(entry.administrators))
        for position, administrator in enumerate(listed(entry.administrators)):
            where = place.at("administrators", position)
            await _add_administrator(
                work, administrator, where, named_microtenants, hashes.get(where.path, "")
            )
        await _add_users(work, listed(entry.users), place, named_groups, hashes)
        return tuple(clients)

    async def _content(
        self,
        work: UnitOfWork,
        entry: TenantEntry | MicrotenantEntry,
        place: Place,
        named_groups: Names,
    ) -> None:
        planter = ContentPlanter(
            work=work,
            place=place,
            content=entry,
            groups=named_groups,
            managed_suffix=self._managed_suffix,
        )
        await planter.plant()

    async def _microtenant(
        self,
        work: UnitOfWork,
        entry: MicrotenantEntry,
        place: Place,
        named_microtenants: Names,
        named_groups: Names,
    ) -> None:
        domains = listed(entry.criteria_attribute_values)
        spec = MicrotenantSpec(
            name=entry.name,
            description=given(entry.description, ""),
            enabled=given(entry.enabled, True),
            criteria_attribute=given(entry.criteria_attribute, "AuthDomain" if domains else ""),
            criteria_attribute_values=tuple(domains),
            privileged_approvals_enabled=given(entry.privileged_approvals_enabled, False),
        )
        with place.blame():
            created = await microtenants.create_microtenant(work, spec)
        named_microtenants.add(place, entry, created.name, created.id)
        inside = replace(
            work,
            scope=Scope(customer_id=work.scope.customer_id, microtenant_id=created.id),
            microtenant_name=created.name,
        )
        await self._content(inside, entry, place, named_groups)

    async def _client(
        self, work: UnitOfWork, entry: ClientEntry, place: Place, named_microtenants: Names
    ) -> PlantedClient:
        public_key, secret = given(entry.public_key, ""), given(entry.secret, "")
        if public_key and secret:
            raise place.at("secret").error(
                "A client has a secret or a public key. Remove one of them."
            )
        if entry.secret == "":
            raise place.at("secret").error("It cannot be empty. Leave it out to generate one.")
        with place.blame():
            if public_key:
                check_public_key("publicKey", public_key)
            client, secret = await create_client(
                work,
                name=entry.name,
                role=given(entry.role, Role.ADMIN),
                microtenant_id=_microtenant_id(place, entry.microtenant, named_microtenants),
                public_key=public_key,
                client_id=None
                if isinstance(entry.id, UnsetType)
                else number_of(place.at("id"), entry.id),
                secret=secret,
            )
        if secret:
            self.secrets[client.secret_hash] = secret
        return PlantedClient(
            id=client.id,
            name=client.name,
            role=client.role,
            microtenant_id=client.microtenant_id,
            secret=secret,
        )

    async def _hashes(self, entry: TenantEntry, place: Place) -> dict[str, str]:
        """Return the hashes of the passwords by the paths of their owners.

        Hashing is slow, so it happens before a transaction begins.
        """
        people: dict[str, str] = {}
        managers, readers = listed(entry.administrators), listed(entry.users)
        everyone: list[tuple[str, Sequence[AdministratorEntry | UserEntry]]] = [
            ("administrators", managers),
            ("users", readers),
        ]
        for field, entries in everyone:
            for position, person in enumerate(entries):
                if not isinstance(person.password, UnsetType):
                    where = place.at(field, position)
                    with where.blame():
                        people[where.path] = check_password(person.password)
        stored = await asyncio.gather(*map(self._runtime.passwords.hash, people.values()))
        self.secrets |= dict(zip(stored, people.values(), strict=True))
        return dict(zip(people, stored, strict=True))


def _microtenant_id(place: Place, reference: str | UnsetType, names: Names) -> int | None:
    """Return the id of a microtenant; None stands for the whole tenant."""
    if isinstance(reference, UnsetType):
        return None
    return names.id_of(place.at("microtenant"), reference)


async def _add_administrator(
    work: UnitOfWork, entry: AdministratorEntry, place: Place, names: Names, password_hash: str
) -> None:
    grants = _grants(entry, place, names)
    known = await work.administrators.find_by_name(entry.name)
    if known is not None:
        present = await work.administrators.grants([known.id])
        if any(each.customer_id == work.scope.customer_id for each in present):
            raise place.at("name").error(
                f"The administrator {known.name} is in this tenant already. Remove one entry."
            )
        if not all(
            isinstance(each, UnsetType)
            for each in (entry.display_name, entry.email, entry.password, entry.enabled)
        ):
            raise place.at("name").error(
                f"An administrator with the name {known.name} exists already. To let that one in "
                "here too, give only name and role."
            )
        with place.blame():
            for grant in grants:
                await administrators.add_grant(work, known.id, grant)
        return
    spec = AdministratorSpec(
        name=entry.name,
        display_name=given(entry.display_name, ""),
        email=given(entry.email, ""),
    )
    with place.blame():
        made = await administrators.create_administrator(work, spec, grants, password_hash)
        if not given(entry.enabled, True):
            await administrators.disable_administrator(work, made.id)


def _grants(entry: AdministratorEntry, place: Place, names: Names) -> list[GrantSpec]:
    role, grants = entry.role, entry.grants
    if isinstance(role, UnsetType) == isinstance(grants, UnsetType):
        raise place.error("An administrator has a role, or grants. Give one of them.")
    if not isinstance(role, UnsetType):
        return [GrantSpec(role=role)]
    return [
        GrantSpec(
            role=each.role,
            microtenant_id=_microtenant_id(place.at("grants", position), each.microtenant, names),
        )
        for position, each in enumerate(listed(grants))
    ]


async def _add_users(
    work: UnitOfWork,
    entries: Sequence[UserEntry],
    place: Place,
    named_groups: Names,
    hashes: Mapping[str, str],
) -> None:
    unique_keys(place, "users", entries)
    if not entries:
        return
    # Links create groups too, which users can be in.
    for group in await work.groups.all():
        named_groups.know(group.name, group.id)
    for position, entry in enumerate(entries):
        where = place.at("users", position)
        spec = PortalUserSpec(
            name=entry.name,
            display_name=given(entry.display_name, ""),
            email=given(entry.email, ""),
            enabled=given(entry.enabled, True),
            group_ids=named_groups.ids_of(where, "groups", listed(entry.groups)),
        )
        with where.blame():
            await users.create_user(work, spec, hashes.get(where.path, ""))
