"""Signing in to a portal and signing out."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from portico.domain.errors import AccessDenied, NotFound, TooManySignIns
from portico.domain.portals.pages import PresentedPortal
from portico.services.people.failed_sign_ins import FailedSignIn, SignInChannel, why_refused
from portico.services.people.providers import portal_providers
from portico.services.people.sessions import end_portal_session
from portico.services.people.sign_in import sign_in_user
from portico.services.portals.visits import find_open_portal, read_portal
from portico.web.shared.branding import make_branding, portal_path
from portico.web.shared.cookies import portal_cookie, portal_device_cookie
from portico.web.shared.csrf import checked_form
from portico.web.shared.pages import redirect, safe_next
from portico.web.shared.routes import get, post
from portico.web.shared.sessions import begin_portal_session, browser_of, user_of
from portico.web.shared.site import Site
from portico.web.sign_in.form import (
    make_sign_in,
    missing_fields,
    provider_of,
    read_sign_in_form,
    render_busy,
    render_sign_in,
    requested_next,
)
from portico.web.sign_in.providers import start_provider_sign_in


@get("/p/{portal}/sign-in")
async def portal_sign_in(site: Site, request: Request, portal: str) -> Response:
    """Show a portal's sign-in page, or redirect a user who is already signed in."""
    presented = await read_portal(site.runtime, portal)
    next_ = requested_next(request, portal_path(presented))
    if await user_of(site, request, presented.customer_id) is not None:
        return redirect(next_)
    return await _show(site, request, presented, next_)


@post("/p/{portal}/sign-in")
async def sign_in_to_portal(site: Site, request: Request, portal: str) -> Response:
    """Sign a portal user in by name and password."""
    form = await read_sign_in_form(site, request)
    browser = browser_of(site, request)
    address = await find_open_portal(site.runtime, portal)
    if address is None:
        raise NotFound(portal)
    customer_id, name = address.customer_id, form.get("name", "")
    device = site.cookies.read(request, portal_device_cookie(customer_id))
    browser = replace(browser, device=device)
    if missing := missing_fields(form, "name", "password"):
        presented = await read_portal(site.runtime, portal)
        next_ = safe_next(form.get("next", ""), portal_path(presented))
        return await _show(site, request, presented, next_, name=name.strip(), missing=missing)
    refusal: AccessDenied | None = None
    try:
        opened = await sign_in_user(
            site.runtime, customer_id, name, form.get("password", ""), browser
        )
    except (AccessDenied, TooManySignIns) as error:
        failure = FailedSignIn(
            channel=SignInChannel.PORTAL,
            why=why_refused(error),
            address=browser.address,
            customer_id=customer_id,
            portal_id=address.portal_id,
        )
        site.failed_sign_ins.note(failure)
        if isinstance(error, TooManySignIns):
            return render_busy(site, request, form, f"/p/{quote(portal)}/sign-in", error)
        refusal = error
    presented = await read_portal(site.runtime, portal)
    next_ = safe_next(form.get("next", ""), portal_path(presented))
    if refusal is not None:
        return await _show(site, request, presented, next_, name=name, error=refusal)
    return redirect(next_, cookies=await begin_portal_session(site, request, opened))


@post("/p/{portal}/sign-out")
async def sign_out_of_portal(site: Site, request: Request, portal: str) -> Response:
    """End the user's session, if there is one, in the browser and on the server."""
    presented = await read_portal(site.runtime, portal)
    path, customer_id = portal_path(presented), presented.customer_id
    signed_in = await user_of(site, request, customer_id)
    if signed_in is None:
        return redirect(path)
    await checked_form(site.threads, request, signed_in.session.csrf_token)
    cookie = portal_cookie(customer_id)
    await end_portal_session(site.runtime, customer_id, site.cookies.read(request, cookie))
    return redirect(path, cookies=[site.cookies.forget(cookie)])


@get("/p/{portal}/sign-in/oidc/{provider_id}")
async def portal_provider(
    site: Site,
    request: Request,
    portal: str,
    provider_id: str,
) -> Response:
    """Redirect a user's browser to a provider."""
    presented = await read_portal(site.runtime, portal)
    provider = provider_of(await portal_providers(site.runtime, presented.customer_id), provider_id)
    next_ = requested_next(request, portal_path(presented))
    return await start_provider_sign_in(site, request, provider, next_, portal=portal)


async def _show(
    site: Site,
    request: Request,
    portal: PresentedPortal,
    next_: str,
    *,
    name: str = "",
    error: AccessDenied | None = None,
    missing: tuple[str, ...] = (),
) -> Response:
    branding = make_branding(portal)
    providers = await portal_providers(site.runtime, portal.customer_id)
    path = f"{branding.base}/sign-in"
    view = make_sign_in(site, request, providers, path, next_, name, error, missing)
    return render_sign_in(site, request, "portal/sign_in.html", view, error, branding=branding)


ROUTES = (portal_sign_in, sign_in_to_portal, sign_out_of_portal, portal_provider)
