"""Stored tenants, API clients and ended sessions, and the statement that authorises a token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    select,
    update,
)

from portico.domain.records import DEFAULT_MICROTENANT_ID, fold
from portico.domain.tenancy.identity import ApiClient, Claims, Tenant
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Row, cached, insert_into
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
    """The client of a token, its tenant, and whether its session has ended."""

    client: ApiClient
    tenant: Tenant
    session_ended: bool
    microtenant_name: str | None
    links: int


@dataclass(frozen=True, kw_only=True)
class ScopeDetails:
    """The tenant of a scope, and the name and link count of its microtenant."""

    tenant: Tenant
    microtenant_name: str
    links: int


class IdentityRepository:
    """The tenants and API clients of the installation, not confined to one tenant."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def token_status(self, claims: Claims, microtenant_id: int | None) -> TokenStatus | None:
        """Return the status of a token for a microtenant, in one statement; None for no client.

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
        """Return the tenant and microtenant with those ids, or None if either is missing."""
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
        """Return tenants by name. One statement each, because a cluster spreads them over nodes."""
        requested = sorted(set(customer_ids))
        details = [await self.scope_details(each, DEFAULT_MICROTENANT_ID) for each in requested]
        tenants = [each.tenant for each in details if each is not None]
        return sorted(tenants, key=lambda tenant: tenant.name)

    async def add_tenant(self, tenant: Tenant) -> None:
        """Store a new tenant."""
        row = asdict(tenant)
        revision = {"customer_id": tenant.id, "slot": 0, "revision": row.pop("revision")}
        await self._connection.run(insert_into(customer), row)
        await self._connection.run(insert_into(customer_revision), revision)

    async def find_tenant(self, customer_id: int) -> Tenant | None:
        """Return the tenant with that id, or None."""
        rows = await self._connection.rows(_tenant(), {"customer_id": customer_id})
        return Tenant(**rows[0]._asdict()) if rows else None

    async def all_tenants(self) -> list[Tenant]:
        """Return every tenant, oldest first, without its revision."""
        tenants = [Tenant(**row._asdict()) for row in await self._of_all_tenants(customer)]
        return sorted(tenants, key=lambda each: (each.creation_time, each.id))

    async def find_tenant_named(self, name: str) -> tuple[int, str] | None:
        """Return id and name of the tenant with a name, whatever its case, or None."""
        folded = fold(name)
        for customer_id, other in await self._of_all_tenants(customer.c.id, customer.c.name):
            if fold(other) == folded:
                return customer_id, other
        return None

    async def _of_all_tenants(self, *columns: Table | ColumnElement[Any]) -> list[Row]:
        """Return columns of every tenant, the id among them.

        There can be millions, so it reads them in pages that each meet the deadline of a read.
        """
        found: list[Row] = []
        while True:
            page = {"after_id": found[-1].id if found else 0, "most": TENANTS_A_PAGE}
            rows = await self._connection.rows(_tenants_after(*columns), page)
            found += rows
            if len(rows) < TENANTS_A_PAGE:
                return found

    async def lock_tenants(self) -> None:
        """Make other transactions that call this wait until this one ends."""
        await self._connection.rows(select(id_node.c.handed_out).with_for_update())

    async def first_tenant(self) -> Tenant | None:
        """Return the oldest tenant without its revision, or None."""
        rows = await self._connection.rows(_all_tenants().limit(1))
        return Tenant(**rows[0]._asdict()) if rows else None

    async def has_tenants(self) -> bool:
        """Return whether the installation has any tenant."""
        return bool(await self._connection.rows(select(customer.c.id).limit(1)))

    async def add_client(self, client: ApiClient) -> None:
        """Store a new API client."""
        await self._connection.run(insert_into(api_client), [asdict(client)])

    async def find_client(self, client_id: int) -> ApiClient | None:
        """Return the API client with that id, revoked or not, or None."""
        rows = await self._connection.rows(_client(), {"client_id": client_id})
        return ApiClient(**rows[0]._asdict()) if rows else None

    async def clients(self, customer_id: int) -> list[ApiClient]:
        """Return every API client of a tenant, oldest first."""
        rows = await self._connection.rows(_clients(), {"customer_id": customer_id})
        return [ApiClient(**row._asdict()) for row in rows]

    async def revoke_client(self, client_id: int, now: int) -> None:
        """Mark an API client as revoked."""
        await self._connection.run(
            update(api_client).where(api_client.c.id == client_id).values(revoked_time=now)
        )

    async def end_session(self, claims: Claims, now: int) -> None:
        """Store that a token was signed out, and delete signed-out tokens that have expired."""
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
        """Return a node number for the ids of one process, different for each call."""
        await self._connection.run(update(id_node).values(handed_out=id_node.c.handed_out + 1))
        rows = await self._connection.rows(select(id_node.c.handed_out))
        return int(rows[0].handed_out)


def revision_of(customer_id: ColumnElement[int]) -> ColumnElement[int]:
    """Return the revision of a tenant: the sum of its slots, which every write increases."""
    total = cast(func.coalesce(func.sum(customer_revision.c.revision), 0), BigInteger)
    mine = customer_revision.c.customer_id == customer_id
    return select(total).where(mine).correlate(customer).scalar_subquery()


@cached
def _tenant() -> Select[Any]:
    tenant = bindparam("customer_id", type_=BigInteger)
    revision = revision_of(tenant).label("revision")
    return select(customer, revision).where(customer.c.id == tenant)


@cached
def _all_tenants() -> Select[Any]:
    return select(customer).order_by(customer.c.creation_time, customer.c.id)


@cached
def _tenants_after(*columns: Table | ColumnElement[Any]) -> Select[Any]:
    after = select(*columns).where(customer.c.id > bindparam("after_id"))
    return after.order_by(customer.c.id).limit(bindparam("most"))


@cached
def _client() -> Select[Any]:
    return select(api_client).where(api_client.c.id == bindparam("client_id"))


def _links_of(customer_id: ColumnElement[int]) -> ColumnElement[int]:
    """Return the link count of the row's microtenant."""
    mine = (
        link_count.c.customer_id == customer_id,
        link_count.c.microtenant_id == microtenant.c.id,
    )
    return select(links_in_all()).where(*mine).correlate(microtenant).scalar_subquery()


@cached
def _scope_details() -> Select[Any]:
    tenant = bindparam("customer_id", type_=BigInteger)
    requested = bindparam("microtenant_id", type_=BigInteger)
    same = and_(microtenant.c.customer_id == tenant, microtenant.c.id == requested)
    return (
        select(
            customer,
            revision_of(tenant).label("revision"),
            microtenant.c.name.label("microtenant_name"),
            _links_of(tenant).label("links"),
        )
        .select_from(customer)
        .join(microtenant, same)
        .where(customer.c.id == tenant)
    )


@cached
def _token_status(*, own: bool) -> Select[Any]:
    """Return the statement that authorises a token, for a given microtenant or the client's own.

    Each table has its own tenant filter, so that a cluster sends the whole statement to one node.
    """
    tenant = bindparam("customer_id", type_=BigInteger)
    requested: ColumnElement[int] = bindparam("microtenant_id", type_=BigInteger)
    if own:
        requested = func.coalesce(api_client.c.microtenant_id, DEFAULT_MICROTENANT_ID)
    same = and_(microtenant.c.customer_id == tenant, microtenant.c.id == requested)
    ended = exists().where(
        ended_session.c.customer_id == tenant,
        ended_session.c.token_id == bindparam("token_id"),
    )
    return (
        select(
            api_client,
            customer.c.name.label("customer_name"),
            customer.c.auth_domains,
            revision_of(tenant).label("revision"),
            customer.c.creation_time.label("customer_creation_time"),
            microtenant.c.name.label("microtenant_name"),
            _links_of(tenant).label("links"),
            ended.label("session_ended"),
        )
        .select_from(api_client)
        .join(customer, customer.c.id == tenant)
        .outerjoin(microtenant, same)
        .where(
            api_client.c.id == bindparam("client_id", type_=BigInteger),
            api_client.c.customer_id == tenant,
        )
    )


@cached
def _clients() -> Select[Any]:
    mine = api_client.c.customer_id == bindparam("customer_id")
    return select(api_client).where(mine).order_by(api_client.c.id)
