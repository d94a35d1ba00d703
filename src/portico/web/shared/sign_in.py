"""The doors of both faces: signing in by password or by a provider, and signing out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath

from portico.domain.errors import (
    AccessDenied,
    Forbidden,
    LockedOut,
    NotFound,
    PorticoError,
    TooManySignIns,
    Unavailable,
)
from portico.domain.people.providers import IdentityProvider, ProvenPerson
from portico.domain.portals.pages import PresentedPortal
from portico.services.people.failed_sign_ins import FailedSignIn, SignInChannel, Why, why_refused
from portico.services.people.providers import (
    console_providers,
    find_provider,
    portal_providers,
    read_client_secret,
)
from portico.services.people.sessions import end_console_session, end_portal_session
from portico.services.people.sign_in import (
    sign_in_administrator,
    sign_in_administrator_by_provider,
    sign_in_user,
    sign_in_user_by_provider,
)
from portico.services.portals.visits import find_open_portal, find_portal_address, read_portal
from portico.web.shared.attempts import ATTEMPT_SECONDS, SignInAttempt, read_attempt, sign_attempt
from portico.web.shared.branding import make_branding, portal_path
from portico.web.shared.cookies import (
    CONSOLE,
    CONSOLE_DEVICE,
    FORM,
    PROVIDER,
    AnyRequest,
    chosen_theme,
    language_of,
    portal_cookie,
    portal_device_cookie,
)
from portico.web.shared.csrf import checked_form
from portico.web.shared.pages import page_answer, redirect, retry_headers, safe_next
from portico.web.shared.sessions import (
    CONSOLE_HOME,
    administrator_of,
    begin_console_session,
    begin_portal_session,
    browser_of,
    portal_at_host,
    user_of,
)
from portico.web.shared.setup import setup_view
from portico.web.shared.site import Site

CONSOLE_SIGN_IN = f"{CONSOLE_HOME}/sign-in"
CALLBACK = "/sign-in/callback"
Page = Response[bytes]


@dataclass(frozen=True, kw_only=True)
class SignInView:
    """A sign-in form. `providers` are labels and addresses."""

    action: str
    next: str
    name: str = ""
    fault: str = ""
    providers: tuple[tuple[str, str], ...] = ()
    local: bool = True


@get(CONSOLE_SIGN_IN)
async def console_sign_in(site: NamedDependency[Site], request: AnyRequest) -> Page:
    """The console's sign-in page."""
    return await _show_console_sign_in(site, request, _next(request, CONSOLE_HOME))


@post(CONSOLE_SIGN_IN, status_code=200)
async def enter_console(site: NamedDependency[Site], request: AnyRequest) -> Page:
    """Signs an administrator in by password."""
    form = await checked_form(site.threads, request, site.cookies.read(request, FORM))
    next_ = safe_next(_sent(form, "next"), CONSOLE_HOME)
    name = _sent(form, "name")
    browser = browser_of(site, request, CONSOLE_DEVICE)
    try:
        opened = await sign_in_administrator(site.runtime, name, _sent(form, "password"), browser)
    except (AccessDenied, TooManySignIns) as error:
        site.failed_sign_ins.note(
            FailedSignIn(
                door=SignInChannel.CONSOLE, why=why_refused(error), address=browser.address
            )
        )
        if isinstance(error, TooManySignIns):
            return _show_busy(site, request, form, CONSOLE_SIGN_IN, error)
        return await _show_console_sign_in(site, request, next_, name=name, error=error)
    return redirect(next_, cookies=await begin_console_session(site, request, opened))


@post(f"{CONSOLE_HOME}/sign-out", status_code=303)
async def leave_console(site: NamedDependency[Site], request: AnyRequest) -> Page:
    """Ends the administrator's session, here and on the server."""
    signed_in = await administrator_of(site, request)
    await checked_form(site.threads, request, signed_in.session.csrf_token)
    await end_console_session(site.runtime, site.cookies.read(request, CONSOLE))
    return redirect(CONSOLE_SIGN_IN, cookies=[site.cookies.forget(CONSOLE)])


@get(CONSOLE_SIGN_IN + "/oidc/{provider_id:int}")
async def leave_for_console_provider(
    site: NamedDependency[Site], request: AnyRequest, provider_id: FromPath[int]
) -> Page:
    """Sends an administrator's browser to a provider."""
    providers = await console_providers(site.runtime)
    provider = _one_of(providers, provider_id)
    return await _leave(site, request, provider, _next(request, CONSOLE_HOME))


@get("/p/{portal:str}/sign-in")
async def portal_sign_in(
    site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str]
) -> Page:
    """A portal's sign-in page; who is signed in already goes on."""
    found = await read_portal(site.runtime, portal)
    next_ = _next(request, portal_path(found))
    if await user_of(site, request, found.customer_id) is not None:
        return redirect(next_)
    return await _show_portal_sign_in(site, request, found, next_)


@post("/p/{portal:str}/sign-in", status_code=200)
async def enter_portal(
    site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str]
) -> Page:
    """Signs a portal user in by password."""
    form = await checked_form(site.threads, request, site.cookies.read(request, FORM))
    browser = browser_of(site, request)
    place = await find_open_portal(site.runtime, portal)
    if place is None:
        raise NotFound(portal)
    device = site.cookies.read(request, portal_device_cookie(place.customer_id))
    browser = replace(browser, device=device)
    name = _sent(form, "name")
    refusal: AccessDenied | None = None
    try:
        opened = await sign_in_user(
            site.runtime, place.customer_id, name, _sent(form, "password"), browser
        )
    except (AccessDenied, TooManySignIns) as error:
        failure = FailedSignIn(
            door=SignInChannel.PORTAL,
            why=why_refused(error),
            address=browser.address,
            customer_id=place.customer_id,
            portal_id=place.portal_id,
        )
        site.failed_sign_ins.note(failure)
        if isinstance(error, TooManySignIns):
            return _show_busy(site, request, form, _door(portal), error)
        refusal = error
    found = await read_portal(site.runtime, portal)
    next_ = safe_next(_sent(form, "next"), portal_path(found))
    if refusal is not None:
        return await _show_portal_sign_in(site, request, found, next_, name=name, error=refusal)
    return redirect(next_, cookies=await begin_portal_session(site, request, opened))


@post("/p/{portal:str}/sign-out", status_code=303)
async def leave_portal(
    site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str]
) -> Page:
    """Ends the user's session, here and on the server; without one there is nothing to end."""
    found = await read_portal(site.runtime, portal)
    base = portal_path(found)
    signed_in = await user_of(site, request, found.customer_id)
    if signed_in is None:
        return redirect(base)
    await checked_form(site.threads, request, signed_in.session.csrf_token)
    purpose = portal_cookie(found.customer_id)
    await end_portal_session(site.runtime, found.customer_id, site.cookies.read(request, purpose))
    return redirect(base, cookies=[site.cookies.forget(purpose)])


@get("/p/{portal:str}/sign-in/oidc/{provider_id:int}")
async def leave_for_portal_provider(
    site: NamedDependency[Site],
    request: AnyRequest,
    portal: FromPath[str],
    provider_id: FromPath[int],
) -> Page:
    """Sends a user's browser to a provider."""
    found = await read_portal(site.runtime, portal)
    provider = _one_of(await portal_providers(site.runtime, found.customer_id), provider_id)
    base = portal_path(found)
    return await _leave(site, request, provider, _next(request, base), portal=portal)


@get(CALLBACK)
async def finish_provider_sign_in(site: NamedDependency[Site], request: AnyRequest) -> Page:
    """Completes a sign-in at a provider. All providers send browsers back to this one address."""
    # Another server may have made the key of this cookie a moment ago.
    keys = await site.signing_keys.current(older_than=1)
    kept, browser_token = (site.cookies.read(request, each) for each in (PROVIDER, FORM))
    attempt = read_attempt(kept, browser_token, keys, site.runtime.now)
    if attempt is None:
        address = site.origins.peer(request)
        site.failed_sign_ins.note(
            FailedSignIn(door=SignInChannel.PROVIDER, why=Why.ATTEMPT, address=address)
        )
        raise Forbidden("The sign-in took too long or was begun in another browser. Begin again.")
    done = [site.cookies.forget(PROVIDER)]
    failed = partial(
        _note_provider_failure,
        site,
        request,
        portal=attempt.portal,
        customer_id=attempt.customer_id,
        provider_id=attempt.provider_id,
    )
    back = f"{_door(attempt.portal)}?next={quote(attempt.next, safe='')}"
    provider = await _provider_of(site, attempt)
    if provider is None:
        failed(Why.PROVIDER)
        return redirect(f"{back}&fault=provider", cookies=done)
    try:
        answer = {name: value for name, value in request.query_params.items()}
        callback = await _origin_for(site, request, attempt.portal) + CALLBACK
        secret = await read_client_secret(site.runtime, provider)
        person = await site.openid.finish(provider, secret, attempt, answer, callback)
    except (AccessDenied, Unavailable):
        failed(Why.PROVIDER)
        return redirect(f"{back}&fault=provider", cookies=done)
    try:
        cookies = await _enter(site, request, attempt, person)
    except AccessDenied:
        failed(Why.UNKNOWN)
        return redirect(f"{back}&fault=unknown", cookies=done)
    return redirect(attempt.next, cookies=[*done, *cookies])


def _note_provider_failure(
    site: Site, request: AnyRequest, why: Why, *, portal: str, customer_id: int, provider_id: int
) -> None:
    """Logs that a sign-in by provider failed, at the door of a portal or else of the console."""
    site.failed_sign_ins.note(
        FailedSignIn(
            door=SignInChannel.PORTAL if portal else SignInChannel.CONSOLE,
            why=why,
            address=site.origins.peer(request),
            customer_id=customer_id if portal else None,
            provider_id=provider_id,
        )
    )


async def _provider_of(site: Site, attempt: SignInAttempt) -> IdentityProvider | None:
    """The provider of an attempt, or None if it does not sign in where the attempt started.

    Raises NotFound when the portal is gone.
    """
    provider = await find_provider(site.runtime, attempt.provider_id)
    if provider is None:
        return None
    if not attempt.portal:
        return provider if provider.signs_into_console else None
    customer_id = (await read_portal(site.runtime, attempt.portal)).customer_id
    same_tenant = customer_id == attempt.customer_id
    return provider if same_tenant and provider.signs_into_portals_of(customer_id) else None


async def _enter(
    site: Site, request: AnyRequest, attempt: SignInAttempt, person: ProvenPerson
) -> list[Cookie]:
    """Opens the session of a proven person. Raises AccessDenied."""
    if not attempt.portal:
        browser = browser_of(site, request, CONSOLE_DEVICE)
        administrator = await sign_in_administrator_by_provider(site.runtime, person, browser)
        return await begin_console_session(site, request, administrator)
    browser = browser_of(site, request, portal_device_cookie(attempt.customer_id))
    user = await sign_in_user_by_provider(
        site.runtime,
        attempt.customer_id,
        person,
        browser,
        transaction_id=site.transaction_id(request),
    )
    return await begin_portal_session(site, request, user)


async def _leave(
    site: Site, request: AnyRequest, provider: IdentityProvider, next_: str, portal: str = ""
) -> Page:
    callback = await _origin_for(site, request, portal) + CALLBACK
    try:
        address, attempt = await site.openid.begin(
            provider, callback, next_=next_, portal=portal, now=site.runtime.now
        )
    except Unavailable:
        _note_provider_failure(
            site,
            request,
            Why.PROVIDER,
            portal=portal,
            customer_id=provider.customer_id,
            provider_id=provider.id,
        )
        return redirect(f"{_door(portal)}?next={quote(next_, safe='')}&fault=provider")
    browser_token = site.cookies.form_token(request)
    kept = sign_attempt(attempt, browser_token, await site.signing_keys.current())
    cookies = [
        site.cookies.make(PROVIDER, kept, seconds=ATTEMPT_SECONDS),
        site.cookies.make(FORM, browser_token),
    ]
    return redirect(address, cookies=cookies)


def _door(portal: str) -> str:
    """The path of a portal's sign-in page, or of the console's for an empty address."""
    return f"/p/{quote(portal)}/sign-in" if portal else CONSOLE_SIGN_IN


async def _origin_for(site: Site, request: AnyRequest, portal: str) -> str:
    """Return the origin to which a provider sends a browser back.

    It is the request's own host if that is a domain of the portal's tenant, else the public origin.
    An empty `portal` stands for the console.
    """
    at_own_domain = False
    if portal and (domain := await portal_at_host(site, request)) is not None:
        address = await find_portal_address(site.runtime, portal)
        at_own_domain = address is not None and address.customer_id == domain.customer_id
    return site.origins.origin(request, at_own_domain=at_own_domain)


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


async def _show_console_sign_in(
    site: Site,
    request: AnyRequest,
    next_: str,
    *,
    name: str = "",
    error: AccessDenied | None = None,
) -> Page:
    providers = await console_providers(site.runtime)
    view = SignInView(
        action=CONSOLE_SIGN_IN,
        next=next_,
        name=name,
        fault=_fault(site, request, error),
        providers=_choices(providers, f"{CONSOLE_SIGN_IN}/oidc", next_),
    )
    setup = await setup_view(site, request)
    return _show(site, request, "console/sign_in.html", error, sign_in=view, setup=setup)


async def _show_portal_sign_in(
    site: Site,
    request: AnyRequest,
    portal: PresentedPortal,
    next_: str,
    *,
    name: str = "",
    error: AccessDenied | None = None,
) -> Page:
    branding = make_branding(portal)
    providers = await portal_providers(site.runtime, portal.customer_id)
    view = SignInView(
        action=f"{branding.base}/sign-in",
        next=next_,
        name=name,
        fault=_fault(site, request, error),
        providers=_choices(providers, f"{branding.base}/sign-in/oidc", next_),
    )
    return _show(site, request, "portal/sign_in.html", error, sign_in=view, branding=branding)


def _choices(
    providers: list[IdentityProvider], base: str, next_: str
) -> tuple[tuple[str, str], ...]:
    query = f"?next={quote(next_, safe='')}"
    return tuple((each.name, f"{base}/{each.id}{query}") for each in providers)


def _show_busy(
    site: Site, request: AnyRequest, form: Mapping[str, Any], door: str, error: TooManySignIns
) -> Page:
    """The form to send again, for somebody whose password was not looked at.

    Made without the database: there are many of these pages when there is least time.
    """
    _ = site.renderer.language(language_of(request)).gettext
    view = SignInView(
        action=door,
        next=safe_next(_sent(form, "next"), ""),
        name=_sent(form, "name"),
        fault=_("Too many people are signing in just now. Wait a few seconds, then try again."),
        providers=(),
    )
    return _show(site, request, "busy.html", error, sign_in=view)


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
    site: Site, request: AnyRequest, template: str, error: PorticoError | None, **values: object
) -> Page:
    token = site.cookies.form_token(request)
    html = site.renderer.render(
        template,
        language_of(request),
        theme=chosen_theme(request),
        csrf=token,
        **values,
    )
    cookies = [site.cookies.make(FORM, token)]
    status = 200 if error is None else site.status_of(error)
    return page_answer(html, status=status, headers=retry_headers(error), cookies=cookies)


CONSOLE_ROUTES = (console_sign_in, enter_console, leave_console, leave_for_console_provider)
PORTAL_ROUTES = (
    portal_sign_in,
    enter_portal,
    leave_portal,
    leave_for_portal_provider,
    finish_provider_sign_in,
)
