"""The doors of both faces: signing in by password or by a provider, and signing out."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from portico.domain.base import MAX_ID
from portico.domain.errors import AccessDenied, Forbidden, LockedOut, NotFound, Unavailable
from portico.domain.portal_pages import PresentedPortal
from portico.domain.providers import IdentityProvider
from portico.services.portal_pages import find_portal_address, visit_portal
from portico.services.providers import console_providers, find_provider, portal_providers
from portico.services.sessions import end_console_session, end_portal_session
from portico.services.sign_in import (
    sign_in_administrator,
    sign_in_administrator_by_provider,
    sign_in_user,
    sign_in_user_by_provider,
)
from portico.web.cookies import (
    CONSOLE,
    FORM,
    PROVIDER,
    SIGN_IN_SECONDS,
    AnyRequest,
    chosen_theme,
    language_of,
    portal_cookie,
)
from portico.web.csrf import checked_form
from portico.web.hosts import origin_for
from portico.web.oidc import SignInAttempt
from portico.web.pages import page_answer, redirect, safe_next
from portico.web.portal_view import SignInView, make_face
from portico.web.sessions import (
    CONSOLE_HOME,
    administrator_of,
    begin_console_session,
    begin_portal_session,
    user_of,
)
from portico.web.setup import setup_view
from portico.web.site import Site

CONSOLE_DOOR = f"{CONSOLE_HOME}/sign-in"
CALLBACK = "/sign-in/callback"
REFUSED = 401
LOCKED = 429
Page = Response[bytes]


@get(CONSOLE_DOOR)
async def console_door(site: NamedDependency[Site], request: AnyRequest) -> Page:
    """The console's sign-in page."""
    return await _show_console_door(site, request, _next(request, CONSOLE_HOME))


@post(CONSOLE_DOOR, status_code=200)
async def enter_console(site: NamedDependency[Site], request: AnyRequest) -> Page:
    """Signs an administrator in by password."""
    form = await checked_form(site.threads, request, site.cookies.read(request, FORM))
    next_ = safe_next(_sent(form, "next"), CONSOLE_HOME)
    name = _sent(form, "name")
    try:
        opened = await sign_in_administrator(
            site.gate, name, _sent(form, "password"), address=site.surroundings.peer(request)
        )
    except AccessDenied as error:
        return await _show_console_door(site, request, next_, name=name, error=error)
    return redirect(next_, cookies=[await begin_console_session(site, request, opened)])


@post(f"{CONSOLE_HOME}/sign-out", status_code=303)
async def leave_console(site: NamedDependency[Site], request: AnyRequest) -> Page:
    """Ends the administrator's session, here and on the server."""
    signed_in = await administrator_of(site, request)
    await checked_form(site.threads, request, signed_in.session.csrf_token)
    await end_console_session(site.gate, site.cookies.read(request, CONSOLE))
    return redirect(CONSOLE_DOOR, cookies=[site.cookies.forget(CONSOLE)])


@get(CONSOLE_DOOR + "/oidc/{provider_id:int}")
async def leave_for_console_provider(
    site: NamedDependency[Site], request: AnyRequest, provider_id: FromPath[int]
) -> Page:
    """Sends an administrator's browser to a provider."""
    providers = await console_providers(site.database)
    provider = _one_of(providers, provider_id)
    return await _leave(site, request, provider, _next(request, CONSOLE_HOME))


@get("/p/{portal:str}/sign-in")
async def portal_door(
    site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str]
) -> Page:
    """A portal's sign-in page; who is signed in already goes on."""
    found = await _portal(site, portal)
    next_ = _next(request, make_face(found).base)
    if await user_of(site, request, found.customer_id) is not None:
        return redirect(next_)
    return await _show_portal_door(site, request, found, next_)


@post("/p/{portal:str}/sign-in", status_code=200)
async def enter_portal(
    site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str]
) -> Page:
    """Signs a portal user in by password."""
    found = await _portal(site, portal)
    form = await checked_form(site.threads, request, site.cookies.read(request, FORM))
    next_ = safe_next(_sent(form, "next"), make_face(found).base)
    name = _sent(form, "name")
    address = site.surroundings.peer(request)
    try:
        opened = await sign_in_user(
            site.gate, found.customer_id, name, _sent(form, "password"), address=address
        )
    except AccessDenied as error:
        return await _show_portal_door(site, request, found, next_, name=name, error=error)
    return redirect(next_, cookies=[await begin_portal_session(site, request, opened)])


@post("/p/{portal:str}/sign-out", status_code=303)
async def leave_portal(
    site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str]
) -> Page:
    """Ends the user's session, here and on the server; without one there is nothing to end."""
    found = await _portal(site, portal)
    base = make_face(found).base
    signed_in = await user_of(site, request, found.customer_id)
    if signed_in is None:
        return redirect(base)
    await checked_form(site.threads, request, signed_in.session.csrf_token)
    purpose = portal_cookie(found.customer_id)
    await end_portal_session(site.gate, found.customer_id, site.cookies.read(request, purpose))
    return redirect(base, cookies=[site.cookies.forget(purpose)])


@get("/p/{portal:str}/sign-in/oidc/{provider_id:int}")
async def leave_for_portal_provider(
    site: NamedDependency[Site],
    request: AnyRequest,
    portal: FromPath[str],
    provider_id: FromPath[int],
) -> Page:
    """Sends a user's browser to a provider."""
    found = await _portal(site, portal)
    provider = _one_of(await portal_providers(site.database, found.customer_id), provider_id)
    base = make_face(found).base
    return await _leave(site, request, provider, _next(request, base), portal=portal)


@get(CALLBACK)
async def come_back(site: NamedDependency[Site], request: AnyRequest) -> Page:
    """Takes up a sign-in where a provider sends the browser back to: one address for all."""
    attempt = read_attempt(site.cookies.read(request, PROVIDER))
    done = [site.cookies.forget(PROVIDER)]
    if attempt is None:
        raise Forbidden("The sign-in took too long or was begun in another browser. Begin again.")
    door = f"/p/{quote(attempt.portal)}/sign-in" if attempt.portal else CONSOLE_DOOR
    back = f"{door}?next={quote(attempt.next, safe='')}"
    provider = await find_provider(site.database, attempt.provider_id)
    if provider is None or not provider.enabled:
        return redirect(f"{back}&fault=provider", cookies=done)
    try:
        answer = {name: value for name, value in request.query_params.items()}
        callback = await origin_for(site, request, attempt.portal) + CALLBACK
        person = await site.openid.finish(provider, attempt, answer, callback)
    except (AccessDenied, Unavailable):
        return redirect(f"{back}&fault=provider", cookies=done)
    try:
        if attempt.portal:
            user = await sign_in_user_by_provider(
                site.gate, provider, person, transaction_id=site.transaction_id(request)
            )
            cookie = await begin_portal_session(site, request, user)
        else:
            administrator = await sign_in_administrator_by_provider(site.gate, provider, person)
            cookie = await begin_console_session(site, request, administrator)
    except AccessDenied:
        return redirect(f"{back}&fault=unknown", cookies=done)
    return redirect(attempt.next, cookies=[*done, cookie])


async def _leave(
    site: Site, request: AnyRequest, provider: IdentityProvider, next_: str, portal: str = ""
) -> Page:
    try:
        callback = await origin_for(site, request, portal) + CALLBACK
        address, attempt = await site.openid.begin(provider, callback, next_=next_, portal=portal)
    except Unavailable:
        door = f"/p/{quote(portal)}/sign-in" if portal else CONSOLE_DOOR
        return redirect(f"{door}?next={quote(next_, safe='')}&fault=provider")
    kept = site.cookies.make(PROVIDER, write_attempt(attempt), seconds=SIGN_IN_SECONDS)
    return redirect(address, cookies=[kept])


def write_attempt(attempt: SignInAttempt) -> str:
    """An attempt as the value of a cookie."""
    return base64.urlsafe_b64encode(json.dumps(asdict(attempt)).encode()).decode()


def read_attempt(value: str) -> SignInAttempt | None:
    """The attempt of a cookie, or None for none that we could have written."""
    try:
        stored: dict[str, Any] = json.loads(base64.urlsafe_b64decode(value))
        attempt = SignInAttempt(**stored)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        return None
    texts = (attempt.state, attempt.nonce, attempt.verifier, attempt.next, attempt.portal)
    if not all(isinstance(each, str) and each.isascii() for each in texts) or not attempt.state:
        return None
    known = isinstance(attempt.provider_id, int) and 0 < attempt.provider_id <= MAX_ID
    return attempt if known and safe_next(attempt.next, "") == attempt.next else None


def _one_of(providers: list[IdentityProvider], provider_id: int) -> IdentityProvider:
    for each in providers:
        if each.id == provider_id:
            return each
    raise NotFound(provider_id)


def _next(request: AnyRequest, otherwise: str) -> str:
    return safe_next(request.query_params.get("next", ""), otherwise)


def _sent(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


async def _portal(site: Site, address: str) -> PresentedPortal:
    """The enabled portal at an address. Raises NotFound."""
    place = await find_portal_address(site.database, address)
    if place is None:
        raise NotFound(address)
    async with site.database.read() as connection:
        return (await visit_portal(connection, place)).portal


async def _show_console_door(
    site: Site,
    request: AnyRequest,
    next_: str,
    *,
    name: str = "",
    error: AccessDenied | None = None,
) -> Page:
    providers = await console_providers(site.database)
    view = SignInView(
        action=CONSOLE_DOOR,
        next=next_,
        name=name,
        fault=_fault(site, request, error),
        providers=_choices(providers, f"{CONSOLE_DOOR}/oidc", next_),
    )
    setup = await setup_view(site, request)
    return _show(site, request, "console/sign_in.html", error, sign_in=view, setup=setup)


async def _show_portal_door(
    site: Site,
    request: AnyRequest,
    portal: PresentedPortal,
    next_: str,
    *,
    name: str = "",
    error: AccessDenied | None = None,
) -> Page:
    face = make_face(portal)
    providers = await portal_providers(site.database, portal.customer_id)
    view = SignInView(
        action=f"{face.base}/sign-in",
        next=next_,
        name=name,
        fault=_fault(site, request, error),
        providers=_choices(providers, f"{face.base}/sign-in/oidc", next_),
    )
    return _show(site, request, "portal/sign_in.html", error, sign_in=view, face=face)


def _choices(
    providers: list[IdentityProvider], base: str, next_: str
) -> tuple[tuple[str, str], ...]:
    query = f"?next={quote(next_, safe='')}"
    return tuple((each.name, f"{base}/{each.id}{query}") for each in providers)


def _fault(site: Site, request: AnyRequest, error: AccessDenied | None) -> str:
    _ = site.renderer.language(language_of(request)).gettext
    if isinstance(error, LockedOut):
        minutes = -(-error.seconds // 60)
        return site.renderer.language(language_of(request)).ngettext(
            "Too many sign-ins failed. Wait a minute, then try again.",
            "Too many sign-ins failed. Wait %(num)d minutes, then try again.",
            minutes,
        )
    if error is not None:
        return _("Name and password do not match, or the account is not in use.")
    told = request.query_params.get("fault") if request.method == "GET" else None
    if told == "provider":
        return _("The provider did not sign you in. Try again.")
    if told == "unknown":
        return _("Nobody here belongs to this account. Ask an administrator.")
    return ""


def _show(
    site: Site, request: AnyRequest, template: str, error: AccessDenied | None, **values: object
) -> Page:
    token = site.cookies.form_token(request)
    html = site.renderer.render(
        template,
        language_of(request),
        theme=chosen_theme(request),
        csrf=token,
        **values,
    )
    status = 200 if error is None else LOCKED if isinstance(error, LockedOut) else REFUSED
    return page_answer(html, status=status, cookies=[site.cookies.make(FORM, token)])


CONSOLE_ROUTES = (console_door, enter_console, leave_console, leave_for_console_provider)
PORTAL_ROUTES = (
    portal_door,
    enter_portal,
    leave_portal,
    leave_for_portal_provider,
    come_back,
)
