"""Signing in to the console and signing out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from portico.domain.errors import AccessDenied, TooManySignIns
from portico.services.people.failed_sign_ins import FailedSignIn, SignInChannel, why_refused
from portico.services.people.password_proofs import NewPasswordProof
from portico.services.people.providers import console_providers
from portico.services.people.sessions import end_console_session
from portico.services.people.sign_in import sign_in_administrator
from portico.web.shared.cookies import CONSOLE, CONSOLE_DEVICE
from portico.web.shared.csrf import checked_form
from portico.web.shared.pages import redirect, safe_next
from portico.web.shared.routes import get, post
from portico.web.shared.sessions import (
    CONSOLE_HOME,
    administrator_of,
    begin_console_session,
    browser_of,
)
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
from portico.web.sign_in.providers import CONSOLE_SIGN_IN, start_provider_sign_in
from portico.web.sign_in.second_factor import ask_second_factor
from portico.web.sign_in.setup import setup_view


@get(CONSOLE_SIGN_IN)
async def console_sign_in(site: Site, request: Request) -> Response:
    """Show the console's sign-in page."""
    return await _show(site, request, requested_next(request, CONSOLE_HOME))


@post(CONSOLE_SIGN_IN)
async def sign_in_to_console(site: Site, request: Request) -> Response:
    """Sign an administrator in by name and password."""
    form = await read_sign_in_form(site, request)
    next_, name = safe_next(form.get("next", ""), CONSOLE_HOME), form.get("name", "")
    if missing := missing_fields(form, "name", "password"):
        return await _show(site, request, next_, name=name.strip(), missing=missing)
    browser = browser_of(site, request, CONSOLE_DEVICE)
    try:
        opened = await sign_in_administrator(site.runtime, name, form.get("password", ""), browser)
    except (AccessDenied, TooManySignIns) as error:
        site.failed_sign_ins.note(
            FailedSignIn(
                channel=SignInChannel.CONSOLE, why=why_refused(error), address=browser.address
            )
        )
        if isinstance(error, TooManySignIns):
            return render_busy(site, request, form, CONSOLE_SIGN_IN, error)
        return await _show(site, request, next_, name=name, error=error)
    if isinstance(opened, NewPasswordProof):
        return ask_second_factor(site, opened, next_)
    return redirect(next_, cookies=await begin_console_session(site, request, opened))


@post(f"{CONSOLE_HOME}/sign-out")
async def sign_out_of_console(site: Site, request: Request) -> Response:
    """End the administrator's session in the browser and on the server."""
    signed_in = await administrator_of(site, request)
    await checked_form(site.threads, request, signed_in.session.csrf_token)
    await end_console_session(site.runtime, site.cookies.read(request, CONSOLE))
    return redirect(CONSOLE_SIGN_IN, cookies=[site.cookies.forget(CONSOLE)])


@get(CONSOLE_SIGN_IN + "/oidc/{provider_id}")
async def console_provider(site: Site, request: Request, provider_id: str) -> Response:
    """Redirect an administrator's browser to a provider."""
    provider = provider_of(await console_providers(site.runtime), provider_id)
    next_ = requested_next(request, CONSOLE_HOME)
    return await start_provider_sign_in(site, request, provider, next_)


async def _show(
    site: Site,
    request: Request,
    next_: str,
    *,
    name: str = "",
    error: AccessDenied | None = None,
    missing: tuple[str, ...] = (),
) -> Response:
    providers = await console_providers(site.runtime)
    view = make_sign_in(site, request, providers, CONSOLE_SIGN_IN, next_, name, error, missing)
    setup = await setup_view(site, request)
    return render_sign_in(site, request, "console/sign_in.html", view, error, setup=setup)


ROUTES = (console_sign_in, sign_in_to_console, sign_out_of_console, console_provider)
