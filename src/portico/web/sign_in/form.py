"""The sign-in form that the console and portals share, and its error messages."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from portico.domain.errors import AccessDenied, LockedOut, NotFound, PorticoError, TooManySignIns
from portico.domain.people.providers import IdentityProvider
from portico.web.shared.cookies import FORM, chosen_theme, language_of
from portico.web.shared.csrf import checked_form
from portico.web.shared.pages import page_answer, retry_headers, safe_next
from portico.web.shared.received_forms import ReceivedForm
from portico.web.shared.site import Site

PASSWORD_SET = "set=password"
"""The query of the sign-in page after somebody has set a password by a link."""


class SignInView(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in form. `providers` are pairs of a label and an address. `note` is good news.

    `missing` names the fields that were sent empty.
    """

    action: str
    next: str
    name: str = ""
    missing: tuple[str, ...] = ()
    fault: str = ""
    note: str = ""
    providers: tuple[tuple[str, str], ...] = ()
    local: bool = True


def requested_next(request: Request, otherwise: str) -> str:
    """Return the path that the query's `next` leads to after sign-in, or `otherwise`."""
    return safe_next(request.query_params.get("next", ""), otherwise)


async def read_sign_in_form(site: Site, request: Request) -> ReceivedForm:
    """Return the sign-in form that a browser sent. Raises what `checked_form` raises."""
    return await checked_form(site.threads, request, site.cookies.read(request, FORM))


def missing_fields(form: ReceivedForm, *names: str) -> tuple[str, ...]:
    """Return which of some fields were sent empty."""
    return tuple(name for name in names if not form.get(name, "").strip())


def provider_of(providers: Iterable[IdentityProvider], provider_id: str) -> IdentityProvider:
    """Return the provider with an id. Raises NotFound."""
    for provider in providers:
        if str(provider.id) == provider_id:
            return provider
    raise NotFound(provider_id)


def make_sign_in(
    site: Site,
    request: Request,
    providers: Iterable[IdentityProvider],
    path: str,
    next_: str,
    name: str,
    error: AccessDenied | None,
    missing: tuple[str, ...] = (),
) -> SignInView:
    """Return the form at a path, with the message of a sign-in that failed."""
    query = f"?next={quote(next_, safe='')}"
    return SignInView(
        action=path,
        next=next_,
        name=name,
        missing=missing,
        fault=fault_words(site, request, error),
        note=_note(site, request),
        providers=tuple((each.name, f"{path}/oidc/{each.id}{query}") for each in providers),
    )


def _note(site: Site, request: Request) -> str:
    if request.method == "GET" and request.query_params.get("set") == "password":
        return site.renderer.language(language_of(request)).gettext(
            "Your password is set. Sign in with it."
        )
    return ""


def fault_words(site: Site, request: Request, error: PorticoError | None) -> str:
    """Return why a sign-in failed, in the reader's language; nothing if it did not."""
    language = site.renderer.language(language_of(request))
    _ = language.gettext
    if isinstance(error, LockedOut):
        return language.ngettext(
            "Too many sign-ins failed. Wait a minute, then try again.",
            "Too many sign-ins failed. Wait %(num)d minutes, then try again.",
            -(-error.seconds // 60),
        )
    if isinstance(error, TooManySignIns):
        return _("Too many people are signing in just now. Wait a few seconds, then try again.")
    if error is not None:
        return _("Name and password do not match, or the account is not in use.")
    fault = request.query_params.get("fault") if request.method == "GET" else None
    if fault == "provider":
        return _("The provider did not sign you in. Try again.")
    if fault == "expired":
        return _("The sign-in took too long. Sign in again.")
    if fault == "unknown":
        return _("Nobody here belongs to this account. Ask an administrator.")
    return ""


def render_sign_in(
    site: Site,
    request: Request,
    template: str,
    view: SignInView,
    error: PorticoError | None = None,
    **values: object,
) -> Response:
    """Return a sign-in page, with the status of the error, or 422 if a field is missing."""
    token = site.cookies.form_token(request)
    html = site.renderer.render(
        template,
        language_of(request),
        theme=chosen_theme(request),
        csrf=token,
        sign_in=view,
        **values,
    )
    return page_answer(
        html,
        status=site.status_of(error) if error else 422 if view.missing else 200,
        headers=retry_headers(error),
        cookies=[site.cookies.make(FORM, token)],
    )


def render_busy(
    site: Site, request: Request, form: ReceivedForm, path: str, error: TooManySignIns
) -> Response:
    """Return the form again for a password that was not checked, because too many are waiting.

    It does not use the database, which is under load when this page is needed.
    """
    view = SignInView(
        action=path,
        next=safe_next(form.get("next", ""), ""),
        name=form.get("name", ""),
        fault=fault_words(site, request, error),
    )
    return render_sign_in(site, request, "busy.html", view, error)
