"""Use-cases of the operator, who has the database and no token: tenants and clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from portico.domain.audit import Action
from portico.domain.errors import InvalidField, NotFound
from portico.domain.links.hosts import check_domain_name
from portico.domain.records import (
    DEFAULT_MICROTENANT_ID,
    MAX_ID,
    Clock,
    IdSource,
    Scope,
    TimeOrderedIds,
    check_new_name,
    fold,
)
from portico.domain.tenancy.identity import (
    ApiClient,
    Principal,
    Role,
    Tenant,
    hash_secret,
    new_secret,
    secret_matches,
)
from portico.domain.tenancy.microtenants import default_microtenant
from portico.services import recording
from portico.services.access import open_work
from portico.services.tenancy.client_sign_ins import last_sign_ins
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection, Database
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.tenancy.identity import IdentityRepository
from portico.storage.tenancy.microtenants import MicrotenantRepository


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Whoever runs the installation, at the command line or when the server starts."""

    database: Database
    cipher: SecretCipher
    clock: Clock
    new_id: IdSource
    transaction_id: str

    @property
    def now(self) -> int:
        """The present moment in epoch seconds."""
        return int(self.clock())

    @asynccontextmanager
    async def reading(
        self, customer_id: int, microtenant_id: int = DEFAULT_MICROTENANT_ID
    ) -> AsyncIterator[UnitOfWork]:
        """A unit of work that reads. Raises NotFound for an unknown tenant or microtenant."""
        async with self.database.read() as connection:
            yield await self._open(connection, customer_id, microtenant_id)

    @asynccontextmanager
    async def writing(
        self, customer_id: int, microtenant_id: int = DEFAULT_MICROTENANT_ID
    ) -> AsyncIterator[UnitOfWork]:
        """A unit of work in one microtenant of a tenant, committed when the block ends.

        Raises NotFound for an unknown tenant or microtenant.
        """
        async with self.database.write(customer_id) as connection:
            yield await self._open(connection, customer_id, microtenant_id)

    async def _open(
        self, connection: Connection, customer_id: int, microtenant_id: int
    ) -> UnitOfWork:
        principal = Principal(
            actor_id=0, customer_id=customer_id, role=Role.ADMIN, microtenant_id=None
        )
        return await open_work(
            connection,
            principal,
            microtenant_id=microtenant_id,
            now=self.now,
            new_id=self.new_id,
            transaction_id=self.transaction_id,
        )


async def claim_ids(database: Database, clock: Clock) -> TimeOrderedIds:
    """A source of ids that no other process shares."""
    async with database.transaction() as connection:
        return TimeOrderedIds(await IdentityRepository(connection).claim_node(), clock)


async def create_tenant(
    operator: Operator,
    name: str,
    *,
    customer_id: int | None = None,
    auth_domains: Sequence[str] = (),
) -> Tenant:
    """Stores a new tenant with its Default microtenant.

    Raises InvalidField, also for a name that another tenant has, whatever its case.
    """
    for domain in auth_domains:
        check_domain_name("authDomains", domain)
    if customer_id is not None and not 0 < customer_id <= MAX_ID:
        raise InvalidField("customerId", "It is a number from 1 to 2^63 - 1.")
    tenant = Tenant(
        id=operator.new_id() if customer_id is None else customer_id,
        name=check_new_name(name),
        auth_domains=tuple(dict.fromkeys(auth_domains)),
        creation_time=operator.now,
    )
    async with operator.database.transaction() as connection:
        identity = IdentityRepository(connection)
        # Not a unique index: a distributed database keeps each tenant elsewhere.
        await identity.lock_tenants()
        for each in await identity.all_tenants():
            if fold(each.name) == fold(tenant.name):
                raise InvalidField("name", f"Tenant {each.name} ({each.id}) has this name.")
        if await identity.find_tenant(tenant.id) is not None:
            raise InvalidField("customerId", f"A tenant with the id {tenant.id} already exists.")
        await identity.add_tenant(tenant)
        microtenants = MicrotenantRepository(connection, Scope(customer_id=tenant.id))
        await microtenants.insert(default_microtenant(tenant.id, operator.now))
    return tenant


async def list_tenants(operator: Operator) -> list[Tenant]:
    """Return every tenant, oldest first; their revisions are not read."""
    async with operator.database.read() as connection:
        return await IdentityRepository(connection).all_tenants()


async def create_client(
    operator: Operator,
    customer_id: int,
    *,
    name: str,
    role: Role,
    microtenant_id: int | None = None,
    public_key: str = "",
    client_id: int | None = None,
) -> tuple[ApiClient, str]:
    """Stores a new API client; the client and its secret, which is told this once.

    A client with a public key signs in by assertion and has no secret (an empty one is returned).
    Raises NotFound for an unknown tenant or microtenant, InvalidField for a bad name.
    """
    secret = "" if public_key else new_secret()
    client = ApiClient(
        id=operator.new_id() if client_id is None else client_id,
        customer_id=customer_id,
        microtenant_id=microtenant_id,
        name=check_new_name(name),
        role=role,
        secret_hash=hash_secret(secret) if secret else "",
        public_key=public_key,
        creation_time=operator.now,
    )
    async with operator.writing(customer_id) as work:
        if (
            microtenant_id is not None
            and await work.microtenants.find(microtenant_id, lock=True) is None
        ):
            raise NotFound(microtenant_id)
        await IdentityRepository(work.connection).add_client(client)
        await recording.record_client(work, Action.CREATE, None, client)
    return client, secret


async def signs_in(database: Database, client_id: int, secret: str) -> bool:
    """Whether a client is in force and the secret is its own."""
    async with database.read() as connection:
        client = await IdentityRepository(connection).find_client(client_id)
    return (
        client is not None
        and client.revoked_time is None
        and secret_matches(client.secret_hash, secret)
    )


async def list_clients(operator: Operator, customer_id: int) -> list[ApiClient]:
    """Every API client of a tenant, oldest first. Raises NotFound for an unknown tenant."""
    async with operator.database.read() as connection:
        identity = IdentityRepository(connection)
        if await identity.find_tenant(customer_id) is None:
            raise NotFound(customer_id)
        return await identity.clients(customer_id)


async def list_last_sign_ins(operator: Operator, customer_id: int) -> Mapping[int, int]:
    """When each client signed in last, to the hour; those that never did are left out."""
    async with operator.database.read() as connection:
        return await last_sign_ins(connection, customer_id)


async def revoke_client(operator: Operator, client_id: int) -> ApiClient:
    """Revokes an API client and every token it has, from the next request on. Raises NotFound."""
    async with operator.database.read() as connection:
        client = await IdentityRepository(connection).find_client(client_id)
    if client is None:
        raise NotFound(client_id)
    async with operator.writing(client.customer_id) as work:
        identity = IdentityRepository(work.connection)
        before = await identity.find_client(client_id)
        if before is None:
            raise NotFound(client_id)
        if before.revoked_time is not None:
            return before
        await identity.revoke_client(client_id, operator.now)
        after = replace(before, revoked_time=operator.now)
        await recording.record_client(work, Action.REVOKE, before, after)
    return after


async def has_tenants(database: Database) -> bool:
    """Whether the installation has any tenant yet."""
    async with database.read() as connection:
        return await IdentityRepository(connection).has_tenants()
