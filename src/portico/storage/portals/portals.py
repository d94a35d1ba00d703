"""Stored user portals."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Executable, Select, bindparam, func, select, update

from portico.domain.portals.portals import UserPortal
from portico.storage.engine.statements import cached
from portico.storage.repositories import Repository, in_scope
from portico.storage.schema.tables import user_portal


class UserPortalRepository(Repository[UserPortal]):
    """The user portals of one scope."""

    table: ClassVar = user_portal
    record: ClassVar = UserPortal

    async def count(self) -> int:
        """Return the number of portals in the scope."""
        return int((await self._rows(_count()))[0].portals)

    async def first_with_certificate(self, certificate_id: int) -> str | None:
        """Return the name of one portal that uses the certificate, or None."""
        rows = await self._rows(_first_with_certificate(), named_id=certificate_id)
        return rows[0].name if rows else None

    async def rename_certificate(self, certificate_id: int, name: str) -> None:
        """Store a certificate's new name in the portals that use it."""
        await self._run(_rename_certificate(), named_id=certificate_id, certificate_name=name)


@cached
def _count() -> Select[Any]:
    return select(func.count().label("portals")).where(in_scope(user_portal))


@cached
def _first_with_certificate() -> Select[Any]:
    named = user_portal.c.certificate_id == bindparam("named_id")
    return select(user_portal.c.name).where(in_scope(user_portal), named).limit(1)


@cached
def _rename_certificate() -> Executable:
    # The value has the name of its column, so the key needs another one.
    named = user_portal.c.certificate_id == bindparam("named_id")
    return update(user_portal).where(in_scope(user_portal), named)
