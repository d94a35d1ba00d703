"""Sessions of the pages: the signed-in person of a request, and units of work for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from starlette.requests import Request

from portico.asgi.exchange import exchange_of
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
    FORM,
    Cookie,
    portal_cookie,
    portal_device_cookie,
)
from portico.web.shared.pages import safe_next
from portico.web.shared.site import Site

CONSOLE_HOME = "/console"


class SignInNeeded(AccessDenied):
    """Nobody is signed in. `address` is that of the sign-in page, which leads back."""

    def __init__(self, address: str) -> None:
        super().__init__("Your session has ended. Sign in again.")
        self.address = address


def sign_in_address(page: str, request: Request) -> str:
    """Return the address of a sign-in page that leads back to the request's path.

    A write cannot be repeated after signing in, so it leads back to the page that sent it.
    """
    next_ = request.scope["path"]
    if query := request.scope["query_string"]:
        next_ = f"{next_}?{query.decode('latin-1')}"
    if request.method != "GET":
        next_ = "/" + request.headers.get("referer", "").partition("://")[2].partition("/")[2]
    next_ = safe_next(next_, "")
    return f"{page}?next={quote(next_, safe='')}" if next_.strip("/") else page


async def administrator_of(site: Site, request: Request) -> SignedInAdministrator:
    """Return the administrator of a request. Raises SignInNeeded."""
    token = site.cookies.read(request, CONSOLE)
    signed_in = await find_console_session(site.runtime, token) if token else None
    if signed_in is None:
        raise SignInNeeded(sign_in_address(f"{CONSOLE_HOME}/sign-in", request))
    return signed_in


async def portal_at_host(site: Site, request: Request) -> PortalAddress | None:
    """Return whose portal the request's host leads to, or None, as on the public host."""
    host = request.headers.get("host", "")
    return await find_portal_at_host(site.runtime, host, public_host=site.origins.public_host)


async def user_of(site: Site, request: Request, customer_id: int) -> SignedInUser | None:
    """Return the tenant's portal user of a request, or None for an anonymous visitor."""
    token = site.cookies.read(request, portal_cookie(customer_id))
    return await find_portal_session(site.runtime, customer_id, token) if token else None


@asynccontextmanager
async def console_reading(
    site: Site,
    request: Request,
    signed_in: SignedInAdministrator,
    customer_id: int | None = None,
    microtenant_id: int | None = None,
) -> AsyncIterator[UnitOfWork]:
    """Open a unit of work that reads the given microtenant, or the one used last.

    Raises NotFound for a microtenant without a grant.
    """
    async with site.database.read(customer_id or 0) as connection:
        access = await administrator_access(connection, signed_in, customer_id, microtenant_id)
        yield _work(site, request, connection, access)


@asynccontextmanager
async def console_writing(
    site: Site,
    request: Request,
    signed_in: SignedInAdministrator,
    customer_id: int | None = None,
    microtenant_id: int | None = None,
) -> AsyncIterator[UnitOfWork]:
    """Open a unit of work that writes there, and commit it when the block ends.

    Raises NotFound for a microtenant without a grant. The caller must check the form (`csrf`)
    before.
    """
    async with site.database.read(customer_id or 0) as connection:
        access = await administrator_access(connection, signed_in, customer_id, microtenant_id)
    async with site.database.write(access.tenant.id) as connection:
        yield _work(site, request, connection, access)


def _work(site: Site, request: Request, connection: Connection, access: Access) -> UnitOfWork:
    return open_work(
        site.runtime,
        connection,
        access,
        transaction_id=exchange_of(request).transaction_id,
        client_transaction_id=exchange_of(request).client_transaction_id,
    )


def browser_of(site: Site, request: Request, device_cookie: str = "") -> Browser:
    """Return the browser that sent a request, for sign-in.

    Call it before any use of the database, because it records when the request arrived.
    """

    async def left() -> None:
        # The body has been read, so the next message is that the client disconnects.
        while (await request.receive())["type"] != "http.disconnect":
            pass

    return Browser(
        address=site.origins.peer(request),
        device=site.cookies.read(request, device_cookie) if device_cookie else "",
        token=site.cookies.read(request, FORM),
        arrival=site.runtime.password_queue.note_arrival(),
        left=left,
    )


async def begin_console_session(
    site: Site, request: Request, opened: NewSession[ConsoleSession]
) -> list[Cookie]:
    """End the browser's earlier session, and return the cookies of the new one and its device."""
    if earlier := site.cookies.read(request, CONSOLE):
        await end_console_session(site.runtime, earlier)
    return [
        site.cookies.make(CONSOLE, opened.token, seconds=site.runtime.console_life.absolute),
        site.cookies.make(CONSOLE_DEVICE, opened.device, seconds=DEVICE_SECONDS),
    ]


async def begin_portal_session(
    site: Site, request: Request, opened: NewSession[PortalSession]
) -> list[Cookie]:
    """End the browser's earlier session, and return the cookies of the new one and its device."""
    customer_id = opened.session.customer_id
    cookie, device = portal_cookie(customer_id), portal_device_cookie(customer_id)
    if earlier := site.cookies.read(request, cookie):
        await end_portal_session(site.runtime, customer_id, earlier)
    return [
        site.cookies.make(cookie, opened.token, seconds=site.runtime.portal_life.absolute),
        site.cookies.make(device, opened.device, seconds=DEVICE_SECONDS),
    ]
