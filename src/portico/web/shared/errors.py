"""Error pages, and the redirect to sign-in."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from portico.asgi.exchange import exchange_of
from portico.asgi.routing import AnswerError, MethodNotAllowed
from portico.domain.errors import PorticoError
from portico.services.portals.visits import SignInRequired
from portico.web.shared.branding import portal_path
from portico.web.shared.cookies import chosen_theme, language_of
from portico.web.shared.pages import page_answer, redirect, retry_headers
from portico.web.shared.sessions import SignInNeeded, sign_in_address
from portico.web.shared.site import Site, site_of

logger = logging.getLogger("portico")

Present = Callable[[Site, Request, int, PorticoError | None], Response]
"""Makes the page of an error from its status. The error is None if the page can say no more."""


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message and, with `step`, a link to the next step."""

    title: str
    text: str
    step: str = ""
    address: str = ""


def page_errors(present: Present) -> AnswerError:
    """Return what answers the errors of the console's or the portals' pages."""

    def answer(request: Request, error: Exception) -> Response:
        site = site_of(request)
        if isinstance(error, SignInRequired):
            sign_in = f"{portal_path(error.portal)}/sign-in"
            error = SignInNeeded(sign_in_address(sign_in, request))
        if isinstance(error, SignInNeeded):
            return redirect_to_sign_in(request, error)
        if isinstance(error, MethodNotAllowed):
            page = present(site, request, site.status_of(error), None)
            page.headers["Allow"] = error.allowed
            return page
        if isinstance(error, PorticoError):
            return present(site, request, site.status_of(error), error)
        transaction_id = exchange_of(request).transaction_id
        logger.error("Unexpected error in transaction %s", transaction_id, exc_info=error)
        return present(site, request, 500, None)

    return answer


def redirect_to_sign_in(request: Request, error: SignInNeeded) -> Response:
    """Redirect to sign-in. htmx reads the address from a header, since it follows no redirect."""
    if "hx-request" in request.headers:
        return page_answer("", status=401, headers={"HX-Redirect": error.address})
    return redirect(error.address)


def present_message(
    site: Site, request: Request, status: int, error: PorticoError | None
) -> Response:
    """Return the page of an error, without the branding of a portal."""
    language = site.renderer.language(language_of(request))
    _ = language.gettext
    if status == 404:
        title, text = _("Not found"), _("There is nothing at this address, or it is not for you.")
    elif status in {400, 403, 413}:
        title = _("This was not done")
        text = error.reason if error is not None else _("The request cannot be read.")
    elif status in {409, 503}:
        title, text = _("Not available now"), _("Wait a moment, then load the page again.")
    elif status < 500:
        title, text = _("This was not done"), _("The request cannot be read.")
    else:
        title = _("Portico failed")
        text = _(
            "The cause is in the server's log under %(id)s.", id=exchange_of(request).transaction_id
        )
    html = site.renderer.render(
        "portal/message.html",
        language.code,
        theme=chosen_theme(request),
        message=MessageView(title=title, text=text, step=_("Go to the start page"), address="/"),
    )
    return page_answer(html, status=status, headers=retry_headers(error))
