"""Which administrators of a database can sign in, of all tenants: after a restore, old ones can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portico.domain.tenancy.identity import Role
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Row
from portico.storage.schema.people_tables import (
    administrator,
    administrator_grant,
    identity_provider,
    second_factor,
)


@dataclass(frozen=True, kw_only=True)
class AbleToSignIn:
    """An administrator with a role, who has a password or a provider. Times are epoch seconds.

    `roles` are pairs of the tenant's id and the role.
    """

    name: str
    display_name: str
    roles: tuple[tuple[int, Role], ...]
    has_password: bool
    providers: tuple[str, ...]
    second_factors: int
    last_sign_in: int | None


async def able_to_sign_in(connection: Connection) -> list[AbleToSignIn]:
    """Return the administrators who are not disabled, have a role and a way to sign in, by name."""
    people = await connection.rows(
        select(administrator)
        .where(administrator.c.disabled_time.is_(None))
        .order_by(administrator.c.name_folded)
    )
    roles: dict[int, list[tuple[int, Role]]] = {}
    grants = select(administrator_grant).order_by(administrator_grant.c.id)
    for row in await connection.rows(grants):
        roles.setdefault(row.administrator_id, []).append((row.customer_id, row.role))
    enabled = select(identity_provider).where(
        identity_provider.c.enabled, identity_provider.c.for_console
    )
    providers = await connection.rows(enabled.order_by(identity_provider.c.id))
    factors = Counter(
        row.administrator_id
        for row in await connection.rows(select(second_factor.c.administrator_id))
    )
    able = [
        AbleToSignIn(
            name=row.name,
            display_name=row.display_name,
            roles=tuple(roles[row.id]),
            has_password=bool(row.password_hash),
            providers=_providers(row, roles[row.id], providers),
            second_factors=factors[row.id],
            last_sign_in=row.last_sign_in,
        )
        for row in people
        if row.id in roles
    ]
    return [each for each in able if each.has_password or each.providers]


def _providers(
    person: Row, roles: Sequence[tuple[int, Role]], providers: Sequence[Row]
) -> tuple[str, ...]:
    """Return the names of the providers that sign an administrator in, the first time by e-mail."""
    tenants = {tenant for tenant, _ in roles}
    return tuple(
        each.name
        for each in providers
        if each.id == person.provider_id
        or (person.provider_id is None and person.email and each.customer_id in tenants)
    )
