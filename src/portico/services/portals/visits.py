"""Visits to a portal: who may see it, and everything that its page needs, in one read.

A portal that is disabled, deleted or another tenant's raises the same NotFound as an unknown
address. Each visit reads session, groups and audience anew, so revoking takes effect at once.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from portico.domain.errors import AccessDenied, NotFound
from portico.domain.links.presentation import (
    PortalSection,
    PresentedLink,
    arranged,
    current,
    next_change,
    seen_by,
)
from portico.domain.portals.activity import RecentLink
from portico.domain.portals.pages import Audience, PortalAddress, PresentedPortal
from portico.domain.records import Scope
from portico.services.people.sessions import (
    SignedInUser,
    read_portal_session,
    record_portal_session_use,
)
from portico.services.portals.acceptance import PendingPolicy, Visitor, find_pending_policy
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection
from portico.storage.links.presentation import PresentedLinkRepository
from portico.storage.links.sections import SectionRepository
from portico.storage.people.groups import GroupRepository
from portico.storage.portals.activity import Activity
from portico.storage.portals.pages import find_address, find_enabled_portal, is_enabled

C = TypeVar("C")
_ADDRESS = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class PortalCookies:
    """The tokens that a browser sent. `session_token` returns its session token for a tenant."""

    session_token: Callable[[int], str]
    visitor_token: str = ""


@dataclass(frozen=True, kw_only=True)
class PortalVisit:
    """An enabled portal and a visitor who may see it.

    `revision` is the tenant's, `now` the time. `signed_in` is None for an anonymous visitor.
    """

    portal: PresentedPortal
    revision: int
    now: int
    signed_in: SignedInUser | None = None
    visitor_token: str = ""

    @property
    def visitor(self) -> Visitor:
        """The user, or the anonymous visitor by the token of the browser."""
        if self.signed_in is None:
            return Visitor(token=self.visitor_token)
        user = self.signed_in.user
        return Visitor(user_id=user.id, name=user.display_name or user.name)

    @property
    def group_ids(self) -> frozenset[int]:
        """The groups of the user; none for an anonymous visitor."""
        return frozenset() if self.signed_in is None else self.signed_in.group_ids


@dataclass(frozen=True, kw_only=True)
class PortalView(Generic[C]):
    """What one visitor sees of a portal.

    With a `policy` to accept there is nothing else. `sections` are empty if links are `cached`.
    `changes` is when the next link of the portal appears or disappears by its dates.
    """

    visit: PortalVisit
    policy: PendingPolicy | None = None
    cached: C | None = None
    sections: Sequence[PortalSection] = ()
    changes: int | None = None
    favourites: Sequence[int] = ()
    recents: Sequence[RecentLink] = ()


class SignInRequired(AccessDenied):
    """Only people who have signed in may see the portal."""

    def __init__(self, portal: PresentedPortal) -> None:
        super().__init__("Your session has ended. Sign in again.")
        self.portal = portal


async def find_portal_address(runtime: Runtime, address: str) -> PortalAddress | None:
    """Return whose portal an id or a slug leads to, or None. The portal may be disabled.

    `domains.find_portal_at_host` does the same for a portal's own domain.
    """
    address = address.lower()
    if not _ADDRESS.fullmatch(address):
        return None
    async with runtime.database.read() as connection:
        return await find_address(connection, address)


async def require_portal_address(runtime: Runtime, address: str) -> PortalAddress:
    """Return whose portal an id or a slug leads to. Raises NotFound."""
    portal_address = await find_portal_address(runtime, address)
    if portal_address is None:
        raise NotFound(address)
    return portal_address


async def find_open_portal(runtime: Runtime, address: str) -> PortalAddress | None:
    """Return whose enabled portal an id or a slug leads to, or None."""
    portal = await find_portal_address(runtime, address)
    if portal is None:
        return None
    async with runtime.database.read(portal.customer_id) as connection:
        return portal if await is_enabled(connection, portal) else None


async def read_portal(runtime: Runtime, address: str) -> PresentedPortal:
    """Return the enabled portal at an id or a slug, for its branding, which everybody may see.

    Raises NotFound.
    """
    portal_address = await require_portal_address(runtime, address)
    async with runtime.database.read(portal_address.customer_id) as connection:
        portal, _ = await _require_portal(connection, portal_address)
    return portal


async def visit_portal(
    runtime: Runtime, address: PortalAddress, cookies: PortalCookies
) -> PortalVisit:
    """Return the visit of a browser to a portal. Raises NotFound or SignInRequired."""
    async with _visiting(runtime, address, cookies) as (_, visit):
        return visit


async def view_portal(
    runtime: Runtime,
    address: PortalAddress,
    cookies: PortalCookies,
    find_cached: Callable[[PortalVisit], C | None],
) -> PortalView[C]:
    """Return everything that a portal's page needs. Raises NotFound or SignInRequired.

    `find_cached` returns what the caller made of the links earlier, or None to have them read.
    """
    async with _visiting(runtime, address, cookies) as (connection, visit):
        policy = await find_pending_policy(connection, visit.portal, visit.visitor)
        if policy is not None:
            return PortalView(visit=visit, policy=policy)
        view = await _view_links(connection, visit, find_cached)
        if visit.signed_in is None:
            return view
        activity, user = Activity(connection, visit.portal.customer_id), visit.signed_in.user
        return replace(
            view,
            favourites=await activity.favourites(user.id),
            recents=await activity.recent(user.id),
        )


async def view_portal_links(
    runtime: Runtime,
    address: PortalAddress,
    cookies: PortalCookies,
    find_cached: Callable[[PortalVisit], C | None],
) -> PortalView[C]:
    """Return the links of a portal alone, as `view_portal` does, whatever the policy."""
    async with _visiting(runtime, address, cookies) as (connection, visit):
        return await _view_links(connection, visit, find_cached)


async def list_portal_links(work: UnitOfWork, portal_id: int) -> list[PortalSection]:
    """Return the enabled links that an enabled portal shows now, whatever their groups.

    `domain.links.presentation.seen_by` keeps those that one visitor sees. Sends two statements at
    most. A portal that is disabled, foreign or deleted has no links.
    """
    links = await PresentedLinkRepository(work.connection, work.scope).visible_on(
        portal_id, work.now
    )
    return await _arranged(work.connection, work.scope, current(links, work.now))


async def _require_portal(
    connection: Connection, address: PortalAddress
) -> tuple[PresentedPortal, int]:
    portal = await find_enabled_portal(connection, address)
    if portal is None:
        raise NotFound(address.address)
    return portal


@asynccontextmanager
async def _visiting(
    runtime: Runtime, address: PortalAddress, cookies: PortalCookies
) -> AsyncIterator[tuple[Connection, PortalVisit]]:
    """Open a visit on one connection. After it, record that the session is in use."""
    async with runtime.database.read(address.customer_id) as connection:
        visit = await _visit(runtime, connection, address, cookies)
        yield connection, visit
    if visit.signed_in is not None:
        await record_portal_session_use(runtime, visit.signed_in)


async def _visit(
    runtime: Runtime, connection: Connection, address: PortalAddress, cookies: PortalCookies
) -> PortalVisit:
    portal, revision = await _require_portal(connection, address)
    token = cookies.session_token(portal.customer_id)
    signed_in: SignedInUser | None = None
    if token:
        signed_in = await read_portal_session(runtime, connection, portal.customer_id, token)
    if signed_in is None and portal.page.audience is not Audience.PUBLIC:
        raise SignInRequired(portal)
    return PortalVisit(
        portal=portal,
        revision=revision,
        now=runtime.now,
        signed_in=signed_in,
        visitor_token=cookies.visitor_token,
    )


async def _view_links(
    connection: Connection, visit: PortalVisit, find_cached: Callable[[PortalVisit], C | None]
) -> PortalView[C]:
    cached = find_cached(visit)
    if cached is not None:
        return PortalView(visit=visit, cached=cached)
    portal = visit.portal
    scope = Scope(customer_id=portal.customer_id, microtenant_id=portal.microtenant_id)
    links = await PresentedLinkRepository(connection, scope).visible_on(portal.id, visit.now)
    return PortalView(
        visit=visit,
        sections=await _seen(connection, scope, current(links, visit.now), visit.group_ids),
        changes=next_change(links, visit.now),
    )


async def links_of_members(
    connection: Connection, scope: Scope, portal_id: int, group_ids: Collection[int], now: int
) -> list[PortalSection]:
    """Return what somebody in the groups sees on an enabled portal of the scope, by section."""
    links = await PresentedLinkRepository(connection, scope).visible_on(portal_id, now)
    return await _seen(connection, scope, current(links, now), group_ids)


async def _seen(
    connection: Connection,
    scope: Scope,
    links: Sequence[PresentedLink],
    group_ids: Collection[int],
) -> list[PortalSection]:
    groups = await GroupRepository(connection, scope).find_all(group_ids)
    names = [group.name for group in groups.values()]
    return seen_by(await _arranged(connection, scope, links), names)


async def _arranged(
    connection: Connection, scope: Scope, links: Sequence[PresentedLink]
) -> list[PortalSection]:
    if not links:
        return []
    sections = await SectionRepository(connection, scope).all()
    return arranged(links, [section.name for section in sections])
