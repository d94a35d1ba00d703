"""Stored tenants, API clients and ended sessions, and the one query of access."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    select,
    update,
)

from portico.domain.records import DEFAULT_MICROTENANT_ID
from portico.domain.tenancy.identity import ApiClient, Claims, Tenant
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import insert_into, kept
from portico.storage.repositories import restored
from portico.storage.schema.tables import (
    api_client,
    customer,
    customer_revision,
    ended_session,
    id_node,
    link_count,
    microtenant,
)
from portico.storage.tenancy.link_tally import links_in_all

TENANTS_A_PAGE = 10_000


@dataclass(frozen=True, kw_only=True)
class TokenStatus:
    """What the database says of a token's client at this moment."""

    client: ApiClient
    tenant: Tenant
    session_ended: bool
    microtenant_name: str | None
    links: int


@dataclass(frozen=True, kw_only=True)
class ScopeDetails:
    """A microtenant of a tenant, and how many links it has."""

    tenant: Tenant
    microtenant_name: str
    links: int


class IdentityRepository:
    """Tenants and clients, before or outside the scope of one tenant."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def token_status(self, claims: Claims, microtenant_id: int | None) -> TokenStatus | None:
        """The client, tenant and microtenant of a token, in one statement.

        Without a microtenant id it is the client's own, or Default for a tenant-wide client.
        """
        rows = await self._connection.rows(
            _token_status(own=microtenant_id is None),
            {
                "customer_id": claims.customer_id,
                "client_id": claims.client_id,
                "token_id": claims.token_id,
                "microtenant_id": microtenant_id,
            },
        )
        if not rows:
            return None
        row = rows[0]
        tenant = Tenant(
            id=row.customer_id,
            name=row.customer_name,
            auth_domains=row.auth_domains,
            revision=row.revision,
            creation_time=row.customer_creation_time,
        )
        return TokenStatus(
            client=restored(ApiClient, row),
            tenant=tenant,
            session_ended=row.session_ended,
            microtenant_name=row.microtenant_name,
            links=row.links or 0,
        )

    async def scope_details(self, customer_id: int, microtenant_id: int) -> ScopeDetails | None:
        """A microtenant of a tenant, or None when there is no such tenant or microtenant."""
        rows = await self._connection.rows(
            _scope_details(), {"customer_id": customer_id, "microtenant_id": microtenant_id}
        )
        if not rows:
            return None
        row = rows[0]
        tenant = restored(Tenant, row)
        return ScopeDetails(
            tenant=tenant, microtenant_name=row.microtenant_name, links=row.links or 0
        )

    async def tenants(self, customer_ids: Iterable[int]) -> list[Tenant]:
        """The tenants with those ids, by name. Each is asked for alone, as each lives elsewhere."""
        wanted = sorted(set(customer_ids))
        found = [await self.scope_details(each, DEFAULT_MICROTENANT_ID) for each in wanted]
        tenants = [each.tenant for each in found if each is not None]
        return sorted(tenants, key=lambda tenant: tenant.name)

    async def add_tenant(self, tenant: Tenant) -> None:
        """Stores a new tenant."""
        row = asdict(tenant)
        revision = {"customer_id": tenant.id, "slot": 0, "revision": row.pop("revision")}
        await self._connection.run(insert_into(customer), row)
        await self._connection.run(insert_into(customer_revision), revision)

    async def find_tenant(self, customer_id: int) -> Tenant | None:
        """The tenant with that id, or None."""
        rows = await self._connection.rows(_tenant(), {"customer_id": customer_id})
        return Tenant(**rows[0]._asdict()) if rows else None

    async def all_tenants(self) -> list[Tenant]:
        """Every tenant, oldest first, without its revision, which is the sum of many rows.

        There may be millions, so they are read in pages, each under the deadline of a read.
        """
        found: list[Tenant] = []
        while True:
            wanted = {"after_id": found[-1].id if found else 0, "most": TENANTS_A_PAGE}
            rows = await self._connection.rows(_tenants_after(), wanted)
            found += [Tenant(**row._asdict()) for row in rows]
            if len(rows) < TENANTS_A_PAGE:
                return sorted(found, key=lambda each: (each.creation_time, each.id))

    async def lock_tenants(self) -> None:
        """Let no other transaction that calls this go on until this one ends."""
        await self._connection.rows(select(id_node.c.handed_out).with_for_update())

    async def first_tenant(self) -> Tenant | None:
        """The oldest tenant, without its revision; None when there is none."""
        rows = await self._connection.rows(_all_tenants().limit(1))
        return Tenant(**rows[0]._asdict()) if rows else None

    async def has_tenants(self) -> bool:
        """Whether the installation has any tenant: the one question that is put to all of them."""
        return bool(await self._connection.rows(select(customer.c.id).limit(1)))

    async def add_client(self, client: ApiClient) -> None:
        """Stores a new API client."""
        await self._connection.run(insert_into(api_client), [asdict(client)])

    async def find_client(self, client_id: int) -> ApiClient | None:
        """The API client with that id, revoked or not, or None."""
        rows = await self._connection.rows(_client(), {"client_id": client_id})
        return ApiClient(**rows[0]._asdict()) if rows else None

    async def clients(self, customer_id: int) -> list[ApiClient]:
        """Every API client of a tenant, oldest first."""
        rows = await self._connection.rows(_clients(), {"customer_id": customer_id})
        return [ApiClient(**row._asdict()) for row in rows]

    async def revoke_client(self, client_id: int, now: int) -> None:
        """Marks an API client as revoked."""
        await self._connection.run(
            update(api_client).where(api_client.c.id == client_id).values(revoked_time=now)
        )

    async def end_session(self, claims: Claims, now: int) -> None:
        """Remembers that a token was signed out, and forgets those that expired by themselves."""
        mine = ended_session.c.customer_id == claims.customer_id
        await self._connection.run(delete(ended_session).where(mine, ended_session.c.expires < now))
        await self._connection.run(
            insert_into(ended_session),
            [
                {
                    "customer_id": claims.customer_id,
                    "token_id": claims.token_id,
                    "expires": claims.expires,
                }
            ],
        )

    async def claim_node(self) -> int:
        """A node number for the ids of one process, different for each that asks."""
        await self._connection.run(update(id_node).values(handed_out=id_node.c.handed_out + 1))
        rows = await self._connection.rows(select(id_node.c.handed_out))
        return int(rows[0].handed_out)


def _revision_of(customer_id: ColumnElement[int]) -> ColumnElement[int]:
    """The sum of a tenant's slots, which every write of the tenant makes greater."""
    total = cast(func.coalesce(func.sum(customer_revision.c.revision), 0), BigInteger)
    mine = customer_revision.c.customer_id == customer_id
    return select(total).where(mine).correlate(customer).scalar_subquery()


@kept
def _tenant() -> Select[Any]:
    tenant = bindparam("customer_id", type_=BigInteger)
    revision = _revision_of(tenant).label("revision")
    return select(customer, revision).where(customer.c.id == tenant)


@kept
def _all_tenants() -> Select[Any]:
    return select(customer).order_by(customer.c.creation_time, customer.c.id)


@kept
def _tenants_after() -> Select[Any]:
    after = select(customer).where(customer.c.id > bindparam("after_id"))
    return after.order_by(customer.c.id).limit(bindparam("most"))


@kept
def _client() -> Select[Any]:
    return select(api_client).where(api_client.c.id == bindparam("client_id"))


def _links_of(customer_id: ColumnElement[int]) -> ColumnElement[int]:
    """How many links the microtenant of the row has."""
    mine = (
        link_count.c.customer_id == customer_id,
        link_count.c.microtenant_id == microtenant.c.id,
    )
    return select(links_in_all()).where(*mine).correlate(microtenant).scalar_subquery()


@kept
def _scope_details() -> Select[Any]:
    tenant = bindparam("customer_id", type_=BigInteger)
    wanted = bindparam("microtenant_id", type_=BigInteger)
    asked_for = and_(microtenant.c.customer_id == tenant, microtenant.c.id == wanted)
    return (
        select(
            customer,
            _revision_of(tenant).label("revision"),
            microtenant.c.name.label("microtenant_name"),
            _links_of(tenant).label("links"),
        )
        .select_from(customer)
        .join(microtenant, asked_for)
        .where(customer.c.id == tenant)
    )


@kept
def _token_status(*, own: bool) -> Select[Any]:
    """The statement of access, for a named microtenant or for the client's own.

    Each table is filtered by the tenant itself, so that a distributed database routes it whole.
    """
    tenant = bindparam("customer_id", type_=BigInteger)
    wanted: ColumnElement[int] = bindparam("microtenant_id", type_=BigInteger)
    if own:
        wanted = func.coalesce(api_client.c.microtenant_id, DEFAULT_MICROTENANT_ID)
    asked_for = and_(microtenant.c.customer_id == tenant, microtenant.c.id == wanted)
    ended = exists().where(
        ended_session.c.customer_id == tenant,
        ended_session.c.token_id == bindparam("token_id"),
    )
    return (
        select(
            api_client,
            customer.c.name.label("customer_name"),
            customer.c.auth_domains,
            _revision_of(tenant).label("revision"),
            customer.c.creation_time.label("customer_creation_time"),
            microtenant.c.name.label("microtenant_name"),
            _links_of(tenant).label("links"),
            ended.label("session_ended"),
        )
        .select_from(api_client)
        .join(customer, customer.c.id == tenant)
        .outerjoin(microtenant, asked_for)
        .where(
            api_client.c.id == bindparam("client_id", type_=BigInteger),
            api_client.c.customer_id == tenant,
        )
    )


@kept
def _clients() -> Select[Any]:
    mine = api_client.c.customer_id == bindparam("customer_id")
    return select(api_client).where(mine).order_by(api_client.c.id)
