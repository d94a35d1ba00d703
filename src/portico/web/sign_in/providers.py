"""Sign-in through a provider: the redirect to it, and its redirect back."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from portico.asgi.exchange import exchange_of
from portico.domain.errors import AccessDenied, Forbidden, Unavailable
from portico.domain.people.providers import IdentityProvider, ProvenPerson
from portico.services.people.failed_sign_ins import FailedSignIn, SignInChannel, Why
from portico.services.people.providers import find_provider, read_client_secret
from portico.services.people.sign_in import (
    sign_in_administrator_by_provider,
    sign_in_user_by_provider,
)
from portico.services.portals.visits import find_portal_address, read_portal
from portico.web.shared.cookies import CONSOLE_DEVICE, FORM, PROVIDER, Cookie, portal_device_cookie
from portico.web.shared.pages import redirect
from portico.web.shared.routes import get
from portico.web.shared.sessions import (
    CONSOLE_HOME,
    begin_console_session,
    begin_portal_session,
    browser_of,
    portal_at_host,
)
from portico.web.shared.site import Site
from portico.web.sign_in.attempts import (
    ATTEMPT_SECONDS,
    SignInAttempt,
    read_attempt,
    sign_attempt,
)

CONSOLE_SIGN_IN = f"{CONSOLE_HOME}/sign-in"
CALLBACK = "/sign-in/callback"


async def start_provider_sign_in(
    site: Site, request: Request, provider: IdentityProvider, next_: str, portal: str = ""
) -> Response:
    """Redirect the browser to a provider, or back to the sign-in page if it does not answer.

    `portal` is the address of the portal, empty for the console.
    """
    callback = await _origin_for(site, request, portal) + CALLBACK
    try:
        address, attempt = await site.openid.begin(
            provider, callback, next_=next_, portal=portal, now=site.runtime.now
        )
    except Unavailable:
        _note_failure(
            site,
            request,
            Why.PROVIDER,
            portal=portal,
            customer_id=provider.customer_id,
            provider_id=provider.id,
        )
        return redirect(f"{_sign_in_page(portal, next_)}&fault=provider")
    browser_token = site.cookies.form_token(request)
    signed = sign_attempt(attempt, browser_token, await site.signing_keys.current())
    cookies = [
        site.cookies.make(PROVIDER, signed, seconds=ATTEMPT_SECONDS),
        site.cookies.make(FORM, browser_token),
    ]
    return redirect(address, cookies=cookies)


@get(CALLBACK)
async def finish_provider_sign_in(site: Site, request: Request) -> Response:
    """Complete a sign-in. All providers redirect browsers back to this one address."""
    attempt = await _read_attempt(site, request)
    if attempt is None:
        address = site.origins.peer(request)
        site.failed_sign_ins.note(
            FailedSignIn(channel=SignInChannel.PROVIDER, why=Why.ATTEMPT, address=address)
        )
        raise Forbidden("The sign-in took too long or was begun in another browser. Begin again.")
    done = [site.cookies.forget(PROVIDER)]
    failed = partial(
        _note_failure,
        site,
        request,
        portal=attempt.portal,
        customer_id=attempt.customer_id,
        provider_id=attempt.provider_id,
    )
    back = _sign_in_page(attempt.portal, attempt.next)
    provider = await _provider_of(site, attempt)
    if provider is None:
        failed(Why.PROVIDER)
        return redirect(f"{back}&fault=provider", cookies=done)
    try:
        answer = dict(request.query_params)
        callback = await _origin_for(site, request, attempt.portal) + CALLBACK
        secret = await read_client_secret(site.runtime, provider)
        person = await site.openid.finish(provider, secret, attempt, answer, callback)
    except (AccessDenied, Unavailable):
        failed(Why.PROVIDER)
        return redirect(f"{back}&fault=provider", cookies=done)
    try:
        cookies = await _begin_session(site, request, attempt, person)
    except AccessDenied:
        failed(Why.UNKNOWN)
        return redirect(f"{back}&fault=unknown", cookies=done)
    return redirect(attempt.next, cookies=[*done, *cookies])


async def _read_attempt(site: Site, request: Request) -> SignInAttempt | None:
    """Return the attempt of a browser's cookie, or None if it is missing, altered or too old."""
    value, browser = (site.cookies.read(request, each) for each in (PROVIDER, FORM))
    now = site.runtime.now
    attempt = read_attempt(value, browser, await site.signing_keys.current(), now)
    if attempt is None and value:
        attempt = read_attempt(value, browser, await site.signing_keys.newest(), now)
    return attempt


async def _provider_of(site: Site, attempt: SignInAttempt) -> IdentityProvider | None:
    """Return the attempt's provider, or None if it does not sign in where the attempt started.

    Raises NotFound when the portal no longer exists.
    """
    provider = await find_provider(site.runtime, attempt.provider_id)
    if provider is None:
        return None
    if not attempt.portal:
        return provider if provider.signs_into_console else None
    customer_id = (await read_portal(site.runtime, attempt.portal)).customer_id
    same_tenant = customer_id == attempt.customer_id
    return provider if same_tenant and provider.signs_into_portals_of(customer_id) else None


async def _begin_session(
    site: Site, request: Request, attempt: SignInAttempt, person: ProvenPerson
) -> list[Cookie]:
    """Begin the session of a person whom the provider signed in. Raises AccessDenied."""
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
        transaction_id=exchange_of(request).transaction_id,
    )
    return await begin_portal_session(site, request, user)


async def _origin_for(site: Site, request: Request, portal: str) -> str:
    """Return the origin to which the provider redirects the browser back.

    It is the request's own host if that is a domain of the portal's tenant, else the public origin.
    """
    at_own_domain = False
    if portal and (domain := await portal_at_host(site, request)) is not None:
        address = await find_portal_address(site.runtime, portal)
        at_own_domain = address is not None and address.customer_id == domain.customer_id
    return site.origins.origin(request, at_own_domain=at_own_domain)


def _sign_in_page(portal: str, next_: str) -> str:
    path = f"/p/{quote(portal)}/sign-in" if portal else CONSOLE_SIGN_IN
    return f"{path}?next={quote(next_, safe='')}"


def _note_failure(
    site: Site, request: Request, why: Why, *, portal: str, customer_id: int, provider_id: int
) -> None:
    """Log that a sign-in to a portal or the console failed."""
    site.failed_sign_ins.note(
        FailedSignIn(
            channel=SignInChannel.PORTAL if portal else SignInChannel.CONSOLE,
            why=why,
            address=site.origins.peer(request),
            customer_id=customer_id if portal else None,
            provider_id=provider_id,
        )
    )


ROUTES = (finish_provider_sign_in,)
