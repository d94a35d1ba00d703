"""The page on which people set their own password, by a link that somebody gave them.

The link's token is in the address once. The page stores it in a cookie and moves to an address
without it, so that no `Referer`, history or log has it. Every link that does not work is answered
alike. Setting a password signs nobody in: that is the business of the sign-in page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from portico.asgi.exchange import exchange_of
from portico.domain.errors import (
    AccessDenied,
    InvalidField,
    LockedOut,
    PasswordLinkNotValid,
    PorticoError,
    TooManySignIns,
)
from portico.domain.people.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from portico.domain.portals.pages import PresentedPortal
from portico.services.people.failed_sign_ins import FailedSignIn, SignInChannel, why_refused
from portico.services.people.password_links import (
    administrator_of_link,
    set_administrator_password_by_link,
    set_user_password_by_link,
    user_of_link,
)
from portico.services.portals.visits import read_portal
from portico.web.shared.branding import BrandingView, make_branding
from portico.web.shared.cookies import FORM, chosen_theme, language_of
from portico.web.shared.pages import page_answer, redirect, retry_headers
from portico.web.shared.received_forms import ReceivedForm
from portico.web.shared.routes import get, post
from portico.web.shared.sessions import CONSOLE_HOME, browser_of
from portico.web.shared.site import Site
from portico.web.sign_in.form import PASSWORD_SET, fault_words, read_sign_in_form
from portico.web.sign_in.providers import CONSOLE_SIGN_IN

COOKIE = "password_link"
COOKIE_SECONDS = 60 * 60
LINK = "link"
"""The query parameter of the token."""

CONSOLE_PAGE = f"{CONSOLE_HOME}/set-password"


class Person(Protocol):
    """The person who has a link."""

    @property
    def name(self) -> str: ...


class SetPasswordView(msgspec.Struct, frozen=True, kw_only=True):
    """The form, or with an empty `token` the message that the link does not work.

    `person` is the sign-in name. `fault` is about the form, or about its field `wrong`. `sign_in`
    is the address of the next page.
    """

    action: str
    sign_in: str
    token: str = ""
    person: str = ""
    fault: str = ""
    wrong: str = ""
    shortest: int = SHORTEST_PASSWORD
    longest: int = LONGEST_PASSWORD


@get(CONSOLE_PAGE)
async def console_set_password(site: Site, request: Request) -> Response:
    """Show the page to an administrator."""
    if token := request.query_params.get(LINK):
        return _without_token(site, token, CONSOLE_PAGE)
    token = site.cookies.read(request, COOKIE)
    person = await administrator_of_link(site.runtime, token) if token else None
    return _show(site, request, CONSOLE_PAGE, CONSOLE_SIGN_IN, token, person)


@post(CONSOLE_PAGE)
async def set_console_password(site: Site, request: Request) -> Response:
    """Store the password of an administrator, who signs in with it next."""
    form = await read_sign_in_form(site, request)
    browser = browser_of(site, request)
    token = form.get(LINK, "")
    try:
        password = _chosen(form)
        await set_administrator_password_by_link(
            site.runtime,
            token,
            password,
            browser,
            transaction_id=exchange_of(request).transaction_id,
        )
    except (AccessDenied, InvalidField, TooManySignIns) as error:
        _note(site, SignInChannel.CONSOLE, error, browser.address)
        person = None
        if not isinstance(error, PasswordLinkNotValid):
            person = await administrator_of_link(site.runtime, token)
        return _show(site, request, CONSOLE_PAGE, CONSOLE_SIGN_IN, token, person, error=error)
    return _done(site, CONSOLE_SIGN_IN)


@get("/p/{portal}/set-password")
async def portal_set_password(site: Site, request: Request, portal: str) -> Response:
    """Show the page to a portal user, at one of the portals of the tenant."""
    presented = await read_portal(site.runtime, portal)
    base = make_branding(presented).base
    if token := request.query_params.get(LINK):
        return _without_token(site, token, f"{base}/set-password")
    token = site.cookies.read(request, COOKIE)
    person = await user_of_link(site.runtime, presented.customer_id, token) if token else None
    return _show_at_portal(site, request, presented, token, person)


@post("/p/{portal}/set-password")
async def set_portal_password(site: Site, request: Request, portal: str) -> Response:
    """Store the password of a portal user, who signs in with it next."""
    form = await read_sign_in_form(site, request)
    browser = browser_of(site, request)
    presented = await read_portal(site.runtime, portal)
    customer_id, token = presented.customer_id, form.get(LINK, "")
    try:
        password = _chosen(form)
        await set_user_password_by_link(
            site.runtime,
            customer_id,
            token,
            password,
            browser,
            transaction_id=exchange_of(request).transaction_id,
        )
    except (AccessDenied, InvalidField, TooManySignIns) as error:
        _note(site, SignInChannel.PORTAL, error, browser.address, presented)
        person = None
        if not isinstance(error, PasswordLinkNotValid):
            person = await user_of_link(site.runtime, customer_id, token)
        return _show_at_portal(site, request, presented, token, person, error=error)
    return _done(site, f"{make_branding(presented).base}/sign-in")


class _NotTheSame(InvalidField):
    """The second password differs from the first."""

    def __init__(self) -> None:
        super().__init__("again", "It is not the same as the new password.")


def _chosen(form: ReceivedForm) -> str:
    """Return the password of a form. Raises InvalidField if it was not typed twice."""
    password = form.get("password", "")
    if password != form.get("again", ""):
        raise _NotTheSame
    return password


def _without_token(site: Site, token: str, path: str) -> Response:
    """Move the token of a link from the address into a cookie."""
    return redirect(path, cookies=[site.cookies.make(COOKIE, token, seconds=COOKIE_SECONDS)])


def _done(site: Site, sign_in: str) -> Response:
    return redirect(f"{sign_in}?{PASSWORD_SET}", cookies=[site.cookies.forget(COOKIE)])


def _note(
    site: Site,
    channel: SignInChannel,
    error: PorticoError,
    address: str,
    portal: PresentedPortal | None = None,
) -> None:
    """Log a refusal, unless the person has only typed an unsuitable password."""
    if isinstance(error, InvalidField):
        return
    failure = FailedSignIn(
        channel=channel,
        why=why_refused(error),
        address=address,
        customer_id=portal.customer_id if portal else None,
        portal_id=portal.id if portal else None,
    )
    site.failed_sign_ins.note(failure)


def _show_at_portal(
    site: Site,
    request: Request,
    portal: PresentedPortal,
    token: str,
    person: Person | None,
    *,
    error: PorticoError | None = None,
) -> Response:
    branding = make_branding(portal)
    action, sign_in = f"{branding.base}/set-password", f"{branding.base}/sign-in"
    return _show(site, request, action, sign_in, token, person, error=error, branding=branding)


def _show(
    site: Site,
    request: Request,
    action: str,
    sign_in: str,
    token: str,
    person: Person | None,
    *,
    error: PorticoError | None = None,
    branding: BrandingView | None = None,
) -> Response:
    view = SetPasswordView(action=action, sign_in=sign_in)
    if person is not None:
        fault = _fault(site, request, error)
        view = SetPasswordView(
            action=action,
            sign_in=sign_in,
            token=token,
            person=person.name,
            fault=fault,
            wrong=error.field if isinstance(error, InvalidField) else "",
        )
    elif error is None:
        error = PasswordLinkNotValid()
    csrf = site.cookies.form_token(request)
    language = language_of(request)
    values: Mapping[str, object] = {"view": view, "branding": branding, "csrf": csrf}
    html = site.renderer.render(
        "set_password.html", language, theme=chosen_theme(request), **values
    )
    return page_answer(
        html,
        status=200 if error is None else 422 if isinstance(error, InvalidField) else _status(error),
        headers=retry_headers(error),
        cookies=[site.cookies.make(FORM, csrf)],
    )


def _status(error: PorticoError) -> int:
    return (
        503 if isinstance(error, TooManySignIns) else 429 if isinstance(error, LockedOut) else 404
    )


def _fault(site: Site, request: Request, error: PorticoError | None) -> str:
    language = site.renderer.language(language_of(request))
    _ = language.gettext
    if error is None:
        return ""
    if isinstance(error, _NotTheSame):
        return _("The two passwords are not the same.")
    if isinstance(error, InvalidField):
        return _(
            "A password has %(shortest)s to %(longest)s characters.",
            shortest=SHORTEST_PASSWORD,
            longest=LONGEST_PASSWORD,
        )
    return fault_words(site, request, error)


ROUTES = (console_set_password, set_console_password, portal_set_password, set_portal_password)
