"""Stored administrators and their grants: read before a tenant is known, so not scoped to one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, bindparam, delete, select, update

from portico.domain.people.administrators import Administrator, Grant
from portico.domain.records import fold
from portico.domain.tenancy.identity import Role
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, cached, insert_into
from portico.storage.schema.people_tables import administrator, administrator_grant

_COLUMNS = [column for column in administrator.c if column.name != "name_folded"]


class AdministratorRepository:
    """Every administrator of the installation; services confine callers to their tenant's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, administrator_id: int, *, lock: bool = False) -> Administrator | None:
        """Return the administrator with that id, or None; `lock` makes other writers wait."""
        rows = await self._connection.rows(_administrator(lock), {"requested_id": administrator_id})
        return Administrator(**rows[0]._asdict()) if rows else None

    async def find_by_name(self, name: str) -> Administrator | None:
        """Return the administrator with that name, ignoring case, or None."""
        rows = await self._connection.rows(_named(), {"requested_name": fold(name.strip())})
        return Administrator(**rows[0]._asdict()) if rows else None

    async def find_by_subject(self, provider_id: int, subject: str) -> Administrator | None:
        """Return the administrator that has that subject at a provider, or None."""
        statement = select(*_COLUMNS).where(
            administrator.c.provider_id == provider_id, administrator.c.subject == subject
        )
        rows = await self._connection.rows(statement)
        return Administrator(**rows[0]._asdict()) if rows else None

    async def of_tenant(self, customer_id: int) -> list[Administrator]:
        """Return the administrators with a grant in a tenant, by name."""
        rows = await self._connection.rows(_of_tenant(), {"customer_id": customer_id})
        return [Administrator(**row._asdict()) for row in rows]

    async def names(self, administrator_ids: Iterable[int]) -> dict[int, str]:
        """Return the names of administrators by id, with or without grants."""
        requested = sorted(set(administrator_ids))
        statement = select(administrator.c.id, administrator.c.name, administrator.c.display_name)
        rows = await self._connection.rows(
            statement.where(Among(administrator.c.id, "requested")), {"requested": requested}
        )
        return {row.id: row.display_name or row.name for row in rows}

    async def has_any(self) -> bool:
        """Whether the installation has any administrator, enabled or not."""
        return bool(await self._connection.rows(_any()))

    async def insert(self, added: Administrator) -> None:
        """Store a new administrator."""
        values = asdict(added) | {"name_folded": fold(added.name)}
        await self._connection.run(insert_into(administrator), [values])

    async def replace(self, changed: Administrator) -> None:
        """Store all fields of an administrator."""
        values = asdict(changed) | {"name_folded": fold(changed.name)}
        statement = update(administrator).where(administrator.c.id == changed.id)
        await self._connection.run(statement.values(**values))

    async def remove(self, administrator_id: int) -> None:
        """Delete an administrator and all of its grants."""
        grants = administrator_grant.c.administrator_id == administrator_id
        await self._connection.run(delete(administrator_grant).where(grants))
        await self._connection.run(
            delete(administrator).where(administrator.c.id == administrator_id)
        )

    async def lock_managers(self, customer_id: int) -> None:
        """Make other writers of the enabled administrators of a whole tenant wait."""
        if self._connection.writers_overlap:
            await self._connection.rows(_locked_managers(), {"customer_id": customer_id})

    async def has_other_manager(self, customer_id: int, administrator_id: int) -> bool:
        """Return whether an enabled administrator of a whole tenant is left without this one."""
        values = {"customer_id": customer_id, "leaving_id": administrator_id}
        return bool(await self._connection.rows(_other_manager(), values))

    async def note_sign_in(self, administrator_id: int, now: int) -> None:
        """Store the time of an administrator's last sign-in."""
        statement = update(administrator).where(administrator.c.id == administrator_id)
        await self._connection.run(statement.values(last_sign_in=now))

    async def grants(self, administrator_ids: Iterable[int]) -> list[Grant]:
        """Return the grants of administrators in all tenants."""
        requested = sorted(set(administrator_ids))
        if not requested:
            return []
        rows = await self._connection.rows(_grants(), {"requested": requested})
        return [Grant(**row._asdict()) for row in rows]

    async def replace_grants(
        self, administrator_id: int, customer_id: int, grants: Iterable[Grant]
    ) -> None:
        """Replace the grants of an administrator in one tenant."""
        statement = delete(administrator_grant).where(
            administrator_grant.c.administrator_id == administrator_id,
            administrator_grant.c.customer_id == customer_id,
        )
        await self._connection.run(statement)
        rows = [asdict(grant) for grant in grants]
        if rows:
            await self._connection.run(insert_into(administrator_grant), rows)

    async def forget_microtenant(self, customer_id: int, microtenant_id: int) -> None:
        """Remove all grants for a microtenant that is deleted."""
        statement = delete(administrator_grant).where(
            administrator_grant.c.customer_id == customer_id,
            administrator_grant.c.microtenant_id == microtenant_id,
        )
        await self._connection.run(statement)


@cached
def _any() -> Select[Any]:
    return select(administrator.c.id).limit(1)


@cached
def _administrator(lock: bool) -> Select[Any]:
    chosen = select(*_COLUMNS).where(administrator.c.id == bindparam("requested_id"))
    return chosen.with_for_update(key_share=True) if lock else chosen


def _managers() -> Select[Any]:
    """Return the ids of the enabled administrators who can change everything in a tenant."""
    granted = select(administrator_grant.c.administrator_id).where(
        administrator_grant.c.customer_id == bindparam("customer_id"),
        administrator_grant.c.microtenant_id.is_(None),
        administrator_grant.c.role == Role.ADMIN,
    )
    return select(administrator.c.id).where(
        administrator.c.id.in_(granted), administrator.c.disabled_time.is_(None)
    )


@cached
def _locked_managers() -> Select[Any]:
    return _managers().order_by(administrator.c.id).with_for_update(key_share=True)


@cached
def _other_manager() -> Select[Any]:
    return _managers().where(administrator.c.id != bindparam("leaving_id")).limit(1)


@cached
def _named() -> Select[Any]:
    return select(*_COLUMNS).where(administrator.c.name_folded == bindparam("requested_name"))


@cached
def _of_tenant() -> Select[Any]:
    granted = select(administrator_grant.c.administrator_id).where(
        administrator_grant.c.customer_id == bindparam("customer_id")
    )
    chosen = select(*_COLUMNS).where(administrator.c.id.in_(granted))
    return chosen.order_by(administrator.c.name_folded)


@cached
def _grants() -> Select[Any]:
    among = Among(administrator_grant.c.administrator_id, "requested")
    return select(administrator_grant).where(among).order_by(administrator_grant.c.id)
