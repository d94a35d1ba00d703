"""The console's error page: what happened, in plain words, and where to go next."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from portico.asgi.exchange import exchange_of
from portico.domain.errors import ConcurrentChange, Overloaded, PorticoError
from portico.web.console.frame.error_words import error_words
from portico.web.shared.cookies import chosen_theme, language_of
from portico.web.shared.pages import page_answer, retry_headers
from portico.web.shared.site import Site
from portico.web.shared.texts import gettext as _


class ErrorView(msgspec.Struct, frozen=True, kw_only=True):
    """The error page."""

    title: str
    words: str
    href: str
    action: str
    transaction_id: str
    theme: str


def present_error(
    site: Site, request: Request, status: int, error: PorticoError | None
) -> Response:
    """Return the error page."""
    title, words = _words(status, error)
    theme = chosen_theme(request)
    view = ErrorView(
        title=title,
        words=words,
        href="/console",
        action=_("Go to the dashboard"),
        transaction_id=exchange_of(request).transaction_id if status >= 500 else "",
        theme="" if theme == "system" else theme,
    )
    html = site.renderer.render("console/error.html", language_of(request), view=view)
    return page_answer(html, status=status, headers=retry_headers(error))


def _words(status: int, error: PorticoError | None) -> tuple[str, str]:
    if status == 404:
        return _("Nothing is here"), _("It does not exist, or belongs to somebody else.")
    if isinstance(error, ConcurrentChange):
        return _("Somebody else was quicker"), error_words(error)
    if isinstance(error, Overloaded):
        return _("Not available now"), error_words(error)
    if status == 503:
        return _("Not available now"), _(
            "The database does not answer. Wait a moment, then try again."
        )
    if status < 500:
        return _("This was not done"), error_words(error) if error else _(
            "The request cannot be read."
        )
    return _("Portico failed"), _("The cause is in the server's log under the request's id.")
