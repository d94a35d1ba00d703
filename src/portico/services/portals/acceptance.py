"""Acceptance of policies: the policy that a visitor must accept before a portal opens."""

from __future__ import annotations

from dataclasses import dataclass

from portico.domain.errors import ConcurrentChange
from portico.domain.policies import KIND, Aup
from portico.domain.portals.activity import Acceptance, policy_version
from portico.domain.portals.portals import UserPortal
from portico.domain.records import Scope
from portico.services.runtime import Runtime
from portico.storage.engine.connections import Connection
from portico.storage.policies import AupRepository
from portico.storage.portals.activity import Activity


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """A person at a portal: a signed-in user, or a browser with the random token of its cookie."""

    user_id: int | None = None
    token: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class PendingPolicy:
    """A policy that a visitor must accept before the portal opens, and the version of its text."""

    aup: Aup
    version: str


async def find_pending_policy(
    connection: Connection, portal: UserPortal, visitor: Visitor
) -> PendingPolicy | None:
    """Return the policy in force at a portal, or None if the visitor accepted its current text."""
    scope = Scope(customer_id=portal.customer_id, microtenant_id=portal.microtenant_id)
    aup = await AupRepository(connection, scope).in_force()
    if aup is None:
        return None
    version = policy_version(aup.aup)
    is_known = visitor.user_id is not None or bool(visitor.token)
    if is_known and await Activity(connection, portal.customer_id).has_accepted(
        aup.id, version, user_id=visitor.user_id, visitor=visitor.token
    ):
        return None
    return PendingPolicy(aup=aup, version=version)


async def accept_policy(
    runtime: Runtime, portal: UserPortal, aup_id: int, version: str, visitor: Visitor
) -> None:
    """Record that a visitor accepted a version of a policy; accepting it again does nothing.

    Raises ConcurrentChange when the portal's policy now has another text.
    """
    async with runtime.database.read(portal.customer_id) as connection:
        pending = await find_pending_policy(connection, portal, visitor)
    if pending is None:
        return
    if (pending.aup.id, pending.version) != (aup_id, version):
        raise ConcurrentChange(KIND, "The policy has changed; read it again.")
    async with runtime.database.transaction(portal.customer_id) as connection:
        acceptance = Acceptance(
            customer_id=portal.customer_id,
            id=runtime.new_id(),
            aup_id=aup_id,
            version=version,
            user_id=visitor.user_id,
            visitor=visitor.token,
            name=visitor.name,
            time=runtime.now,
            text_version=pending.aup.text_version,
        )
        await Activity(connection, portal.customer_id).accept(acceptance)
