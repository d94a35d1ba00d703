"""Stored sessions of administrators and of portal users. They expire by themselves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from sqlalchemy import Select, bindparam, exists, or_, select, update

from portico.domain.people.sessions import ConsoleSession, PortalSession, ProvenBy
from portico.storage.engine.statements import cached, insert_into
from portico.storage.people.accounts import OwnedByAccounts
from portico.storage.schema.people_tables import (
    administrator,
    administrator_grant,
    console_session,
    portal_session,
    portal_user,
    second_factor_rule,
)


class Sessions(OwnedByAccounts):
    """The sessions of administrators, or of one tenant's portal users."""

    async def add(self, session: ConsoleSession | PortalSession, now: int) -> None:
        """Store a new session, and delete those that have expired."""
        await self._delete(self.table.c.expires <= now)
        await self._connection.run(insert_into(self.table), [asdict(session) | self._tenant])

    async def see(self, digest: str, now: int) -> None:
        """Store that a session was used."""
        await self._change(digest, seen=now)

    async def end(self, digest: str) -> None:
        """Delete a session."""
        await self._delete(self.table.c.digest == digest)

    async def end_all(self, account_id: int, *, but: str = "") -> None:
        """Delete the sessions of an account, all but the one with that digest."""
        await self._delete(self.owner == account_id, self.table.c.digest != but)

    async def end_all_by(self, provider_id: int) -> None:
        """Delete the sessions of accounts that sign in through a provider."""
        await self._delete_by(provider_id)

    async def _change(self, digest: str, **values: int | ProvenBy) -> None:
        statement = update(self.table).where(
            *self._in_tenant(self.table), self.table.c.digest == digest
        )
        await self._connection.run(statement.values(**values))


class ConsoleSessions(Sessions):
    """The sessions of every administrator of the installation."""

    table: ClassVar = console_session
    owner: ClassVar = console_session.c.administrator_id
    accounts: ClassVar = administrator

    async def find(self, digest: str) -> ConsoleSession | None:
        """Return the session with that digest, ended or not, or None.

        A session by password alone is not found while a tenant of the administrator requires a
        second factor.
        """
        rows = await self._connection.rows(_console_session(), {"digest": digest})
        return ConsoleSession(**rows[0]._asdict()) if rows else None

    async def choose(self, digest: str, customer_id: int, microtenant_id: int) -> None:
        """Store the tenant and microtenant that the administrator works in."""
        await self._change(digest, customer_id=customer_id, microtenant_id=microtenant_id)

    async def prove(self, digest: str, proven_by: ProvenBy) -> None:
        """Store how the administrator of a session has proven to be one."""
        await self._change(digest, proven_by=proven_by)


class PortalSessions(Sessions):
    """The sessions of one tenant's portal users."""

    table: ClassVar = portal_session
    owner: ClassVar = portal_session.c.user_id
    accounts: ClassVar = portal_user


@cached
def _console_session() -> Select[Any]:
    grant, rule = administrator_grant.c, second_factor_rule.c
    requires_more = exists().where(
        grant.administrator_id == console_session.c.administrator_id,
        rule.tenant_id == grant.customer_id,
    )
    proven_enough = or_(console_session.c.proven_by != ProvenBy.PASSWORD, ~requires_more)
    return select(console_session).where(
        console_session.c.digest == bindparam("digest"), proven_enough
    )
