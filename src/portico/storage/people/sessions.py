"""Stored sessions of administrators and of portal users. They expire by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, bindparam, delete, select, update

from portico.domain.people.sessions import ConsoleSession, PortalSession
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import insert_into, kept
from portico.storage.schema.people_tables import (
    administrator,
    console_session,
    portal_session,
    portal_user,
)


class ConsoleSessions:
    """The sessions of every administrator of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, digest: str) -> ConsoleSession | None:
        """The session with that digest, over or not, or None."""
        rows = await self._connection.rows(_console_session(), {"digest": digest})
        return ConsoleSession(**rows[0]._asdict()) if rows else None

    async def add(self, session: ConsoleSession, now: int) -> None:
        """Stores a new session, and forgets those that are over."""
        over = delete(console_session).where(console_session.c.expires <= now)
        await self._connection.run(over)
        await self._connection.run(insert_into(console_session), [asdict(session)])

    async def see(self, digest: str, now: int) -> None:
        """Notes that a session is used."""
        statement = update(console_session).where(console_session.c.digest == digest)
        await self._connection.run(statement.values(seen=now))

    async def choose(self, digest: str, customer_id: int, microtenant_id: int) -> None:
        """Remembers the tenant and microtenant that the administrator works in."""
        statement = update(console_session).where(console_session.c.digest == digest)
        place = {"customer_id": customer_id, "microtenant_id": microtenant_id}
        await self._connection.run(statement.values(**place))

    async def end(self, digest: str) -> None:
        """Forgets a session."""
        statement = delete(console_session).where(console_session.c.digest == digest)
        await self._connection.run(statement)

    async def end_all(self, administrator_id: int, *, but: str = "") -> None:
        """Forgets an administrator's sessions, all but the one with that digest."""
        statement = delete(console_session).where(
            console_session.c.administrator_id == administrator_id, console_session.c.digest != but
        )
        await self._connection.run(statement)

    async def end_all_by(self, provider_id: int) -> None:
        """Forgets the sessions of administrators whom a provider signs in."""
        theirs = select(administrator.c.id).where(administrator.c.provider_id == provider_id)
        statement = delete(console_session).where(console_session.c.administrator_id.in_(theirs))
        await self._connection.run(statement)


class PortalSessions:
    """The sessions of one tenant's portal users."""

    def __init__(self, connection: Connection, customer_id: int) -> None:
        self._connection = connection
        self._customer_id = customer_id

    async def add(self, session: PortalSession, now: int) -> None:
        """Stores a new session, and forgets the tenant's that are over."""
        over = delete(portal_session).where(
            portal_session.c.customer_id == self._customer_id, portal_session.c.expires <= now
        )
        await self._connection.run(over)
        values = asdict(session) | {"customer_id": self._customer_id}
        await self._connection.run(insert_into(portal_session), [values])

    async def see(self, digest: str, now: int) -> None:
        """Notes that a session is used."""
        statement = update(portal_session).where(
            portal_session.c.customer_id == self._customer_id, portal_session.c.digest == digest
        )
        await self._connection.run(statement.values(seen=now))

    async def end(self, digest: str) -> None:
        """Forgets a session."""
        statement = delete(portal_session).where(
            portal_session.c.customer_id == self._customer_id, portal_session.c.digest == digest
        )
        await self._connection.run(statement)

    async def end_all(self, user_ids: Iterable[int], *, but: str = "") -> None:
        """Forgets the sessions of users, all but the one with that digest."""
        statement = delete(portal_session).where(
            portal_session.c.customer_id == self._customer_id,
            portal_session.c.user_id.in_(sorted(user_ids)),
            portal_session.c.digest != but,
        )
        await self._connection.run(statement)

    async def end_all_by(self, provider_id: int) -> None:
        """Forgets the sessions of users whom a provider signs in."""
        theirs = select(portal_user.c.id).where(
            portal_user.c.customer_id == self._customer_id,
            portal_user.c.provider_id == provider_id,
        )
        statement = delete(portal_session).where(
            portal_session.c.customer_id == self._customer_id,
            portal_session.c.user_id.in_(theirs),
        )
        await self._connection.run(statement)


@kept
def _console_session() -> Select[Any]:
    return select(console_session).where(console_session.c.digest == bindparam("digest"))
