"""Browser sessions: open, find and end them. Each request checks its session anew.

They belong to a person, not to a tenant's data, so they do not raise the tenant's revision.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from portico.domain.people.administrators import Administrator, Grant
from portico.domain.people.sessions import (
    SEEN_SECONDS,
    ConsoleSession,
    PortalSession,
    ProvenBy,
    Session,
    is_over,
    new_token,
    token_digest,
)
from portico.domain.people.users import PortalUser
from portico.domain.records import Scope
from portico.services.runtime import Runtime
from portico.storage.engine.connections import Connection
from portico.storage.people.administrators import AdministratorRepository
from portico.storage.people.devices import ConsoleDevices, PortalDevices
from portico.storage.people.sessions import ConsoleSessions, PortalSessions
from portico.storage.people.users import PortalUserRepository

S = TypeVar("S", bound=Session)


@dataclass(frozen=True, kw_only=True)
class NewSession(Generic[S]):
    """A session that was opened just now, its token, and the token that makes the device known.

    Only the browser keeps the two tokens.
    """

    session: S
    token: str = field(repr=False)
    device: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SignedInAdministrator:
    """An administrator in force, with every grant, and the session of the request."""

    session: ConsoleSession
    administrator: Administrator
    grants: tuple[Grant, ...]


@dataclass(frozen=True, kw_only=True)
class SignedInUser:
    """A portal user in force, with the groups assigned here and claimed by the provider."""

    session: PortalSession
    user: PortalUser
    group_ids: frozenset[int]


async def open_console_session(
    runtime: Runtime,
    connection: Connection,
    administrator_id: int,
    *,
    proven_by: ProvenBy,
    earlier_device: str,
) -> NewSession[ConsoleSession]:
    """Store a session and a known device for an administrator who has just proven to be one.

    The device's new token replaces `earlier_device`, the token that it sent.
    """
    token, now = new_token(), runtime.now
    session = ConsoleSession(
        digest=token_digest(token),
        csrf_token=new_token(),
        administrator_id=administrator_id,
        proven_by=proven_by,
        created=now,
        seen=now,
        expires=now + runtime.console_life.absolute,
    )
    await ConsoleSessions(connection).add(session, now)
    device = new_token()
    await ConsoleDevices(connection).add(
        administrator_id, token_digest(device), now, instead_of=token_digest(earlier_device)
    )
    runtime.tally.sign_ins["console"] += 1
    return NewSession(session=session, token=token, device=device)


async def open_portal_session(
    runtime: Runtime, connection: Connection, user: PortalUser, *, earlier_device: str
) -> NewSession[PortalSession]:
    """Store a session and a known device for a portal user who has just proven to be one.

    The device's new token replaces `earlier_device`, the token that it sent.
    """
    token, now = new_token(), runtime.now
    session = PortalSession(
        digest=token_digest(token),
        csrf_token=new_token(),
        customer_id=user.customer_id,
        user_id=user.id,
        created=now,
        seen=now,
        expires=now + runtime.portal_life.absolute,
    )
    await PortalSessions(connection, user.customer_id).add(session, now)
    device = new_token()
    await PortalDevices(connection, user.customer_id).add(
        user.id, token_digest(device), now, instead_of=token_digest(earlier_device)
    )
    runtime.tally.sign_ins["portal"] += 1
    return NewSession(session=session, token=token, device=device)


async def find_console_session(runtime: Runtime, token: str) -> SignedInAdministrator | None:
    """Return the administrator of a token.

    None if unknown, expired, disabled or without grant, and for a session by password alone while a
    second factor is required.
    """
    digest, now = token_digest(token), runtime.now
    async with runtime.database.read() as connection:
        session = await ConsoleSessions(connection).find(digest)
        if session is None or is_over(session, runtime.console_life, now):
            return None
        administrators = AdministratorRepository(connection)
        administrator = await administrators.find(session.administrator_id)
        if administrator is None or administrator.disabled_time is not None:
            return None
        grants = await administrators.grants([administrator.id])
    if not grants:
        return None
    if now - session.seen >= SEEN_SECONDS:
        async with runtime.database.transaction() as connection:
            await ConsoleSessions(connection).see(digest, now)
    return SignedInAdministrator(session=session, administrator=administrator, grants=tuple(grants))


async def find_portal_session(
    runtime: Runtime, customer_id: int, token: str
) -> SignedInUser | None:
    """Return who holds a token in a tenant, or None: unknown, foreign, expired or disabled."""
    async with runtime.database.read(customer_id) as connection:
        signed_in = await read_portal_session(runtime, connection, customer_id, token)
    if signed_in is not None:
        await record_portal_session_use(runtime, signed_in)
    return signed_in


async def read_portal_session(
    runtime: Runtime, connection: Connection, customer_id: int, token: str
) -> SignedInUser | None:
    """Return the user of a token on an open connection, or None. Does not record the use."""
    users = PortalUserRepository(connection, Scope(customer_id=customer_id))
    stored = await users.find_by_session(token_digest(token))
    if stored is None:
        return None
    session, user = stored
    if is_over(session, runtime.portal_life, runtime.now) or not user.enabled:
        return None
    group_ids = await effective_groups(users, user)
    return SignedInUser(session=session, user=user, group_ids=group_ids)


async def record_portal_session_use(runtime: Runtime, signed_in: SignedInUser) -> None:
    """Record that a session is in use, at most once in `SEEN_SECONDS`."""
    session, now = signed_in.session, runtime.now
    if now - session.seen >= SEEN_SECONDS:
        async with runtime.database.transaction(session.customer_id) as connection:
            await PortalSessions(connection, session.customer_id).see(session.digest, now)


async def effective_groups(users: PortalUserRepository, user: PortalUser) -> frozenset[int]:
    """Return the ids of a user's groups: assigned in Portico or claimed by the provider."""
    claimed = await users.groups_by_name(user.claimed_groups)
    return frozenset(user.group_ids) | claimed


async def end_console_session(runtime: Runtime, token: str) -> None:
    """End a session at once, if there is one."""
    async with runtime.database.transaction() as connection:
        await ConsoleSessions(connection).end(token_digest(token))


async def end_portal_session(runtime: Runtime, customer_id: int, token: str) -> None:
    """End a session at once, if there is one."""
    async with runtime.database.transaction(customer_id) as connection:
        await PortalSessions(connection, customer_id).end(token_digest(token))


async def choose_microtenant(
    runtime: Runtime, session: ConsoleSession, customer_id: int, microtenant_id: int
) -> None:
    """Store the tenant and microtenant with which the console opens next.

    `administrator_access` decides whether the administrator may go there.
    """
    async with runtime.database.transaction() as connection:
        await ConsoleSessions(connection).choose(session.digest, customer_id, microtenant_id)
