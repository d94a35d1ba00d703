"""Who looks at a page: sessions from cookies, and the units of work that follow from them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from litestar.datastructures import Cookie

from portico.domain.errors import AccessDenied
from portico.domain.people.sessions import DEVICE_SECONDS, ConsoleSession, PortalSession
from portico.domain.portals.pages import PortalAddress
from portico.services.access import Access, open_work
from portico.services.people.console_access import administrator_access
from portico.services.people.sessions import (
    NewSession,
    SignedInAdministrator,
    SignedInUser,
    end_console_session,
    end_portal_session,
    find_console_session,
    find_portal_session,
)
from portico.services.people.sign_in import Browser
from portico.services.portals.domains import find_portal_at_host
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection
from portico.web.shared.cookies import (
    CONSOLE,
    CONSOLE_DEVICE,
    AnyRequest,
    portal_cookie,
    portal_device_cookie,
)
from portico.web.shared.pages import safe_next
from portico.web.shared.site import Site

CONSOLE_HOME = "/console"


class SignInNeeded(AccessDenied):
    """Nobody is signed in, or not any more; `address` is the door, which leads back."""

    def __init__(self, address: str) -> None:
        super().__init__("Your session has ended. Sign in again.")
        self.address = address


def sign_in_address(door: str, request: AnyRequest) -> str:
    """A sign-in page that leads back to where the request was going.

    A write cannot be repeated after signing in, so it leads back to the page that it was sent from.
    """
    wanted = request.scope["path"]
    if query := request.scope["query_string"]:
        wanted = f"{wanted}?{query.decode('latin-1')}"
    if request.method not in {"GET", "HEAD"}:
        wanted = "/" + request.headers.get("referer", "").partition("://")[2].partition("/")[2]
    wanted = safe_next(wanted, "")
    return f"{door}?next={quote(wanted, safe='')}" if wanted.strip("/") else door


async def administrator_of(site: Site, request: AnyRequest) -> SignedInAdministrator:
    """The administrator of a request. Raises SignInNeeded."""
    token = site.cookies.read(request, CONSOLE)
    signed_in = await find_console_session(site.runtime, token) if token else None
    if signed_in is None:
        raise SignInNeeded(sign_in_address(f"{CONSOLE_HOME}/sign-in", request))
    return signed_in


async def portal_at_host(site: Site, request: AnyRequest) -> PortalAddress | None:
    """Return whose portal the request's host leads to, or None, as on the public host."""
    host = request.headers.get("host", "")
    return await find_portal_at_host(site.runtime, host, public_host=site.origins.public_host)


async def user_of(site: Site, request: AnyRequest, customer_id: int) -> SignedInUser | None:
    """The tenant's portal user of a request, or None for a visitor."""
    token = site.cookies.read(request, portal_cookie(customer_id))
    return await find_portal_session(site.runtime, customer_id, token) if token else None


@asynccontextmanager
async def console_reading(
    site: Site,
    request: AnyRequest,
    signed_in: SignedInAdministrator,
    customer_id: int | None = None,
    microtenant_id: int | None = None,
) -> AsyncIterator[UnitOfWork]:
    """A unit of work that reads where the administrator works, or at the named place.

    Raises NotFound for a place without a grant.
    """
    async with site.database.read(customer_id or 0) as connection:
        granted = await administrator_access(connection, signed_in, customer_id, microtenant_id)
        yield _work(site, request, connection, granted)


@asynccontextmanager
async def console_writing(
    site: Site,
    request: AnyRequest,
    signed_in: SignedInAdministrator,
    customer_id: int | None = None,
    microtenant_id: int | None = None,
) -> AsyncIterator[UnitOfWork]:
    """A unit of work that writes there, committed when the block ends.

    Raises NotFound for a place without a grant. The form has to be checked before (`csrf`).
    """
    async with site.database.read(customer_id or 0) as connection:
        granted = await administrator_access(connection, signed_in, customer_id, microtenant_id)
    async with site.database.write(granted.tenant.id) as connection:
        yield _work(site, request, connection, granted)


def _work(site: Site, request: AnyRequest, connection: Connection, granted: Access) -> UnitOfWork:
    return open_work(
        site.runtime,
        connection,
        granted,
        transaction_id=site.transaction_id(request),
        client_transaction_id=site.client_transaction_id(request),
    )


def browser_of(site: Site, request: AnyRequest, device_cookie: str = "") -> Browser:
    """The browser that sent a request, as sign-in needs to know it.

    Call it before the database is asked anything: it notes when the request arrived.
    """

    async def left() -> None:
        # The body has been read, so what comes next is that the client closes the connection.
        while (await request.receive())["type"] != "http.disconnect":
            pass

    return Browser(
        address=site.origins.peer(request),
        device=site.cookies.read(request, device_cookie) if device_cookie else "",
        arrival=site.runtime.password_queue.note_arrival(),
        left=left,
    )


async def begin_console_session(
    site: Site, request: AnyRequest, opened: NewSession[ConsoleSession]
) -> list[Cookie]:
    """The cookies of a new session and its device; the browser's earlier session ends."""
    if earlier := site.cookies.read(request, CONSOLE):
        await end_console_session(site.runtime, earlier)
    return [
        site.cookies.make(CONSOLE, opened.token, seconds=site.runtime.console_life.absolute),
        site.cookies.make(CONSOLE_DEVICE, opened.device, seconds=DEVICE_SECONDS),
    ]


async def begin_portal_session(
    site: Site, request: AnyRequest, opened: NewSession[PortalSession]
) -> list[Cookie]:
    """The cookies of a new session and its device; the browser's earlier session ends."""
    customer_id = opened.session.customer_id
    purpose, device = portal_cookie(customer_id), portal_device_cookie(customer_id)
    if earlier := site.cookies.read(request, purpose):
        await end_portal_session(site.runtime, customer_id, earlier)
    return [
        site.cookies.make(purpose, opened.token, seconds=site.runtime.portal_life.absolute),
        site.cookies.make(device, opened.device, seconds=DEVICE_SECONDS),
    ]
