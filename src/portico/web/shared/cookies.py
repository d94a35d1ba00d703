"""The cookies of the pages: their names, and how strictly browsers keep them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Literal

from litestar import Request
from litestar.datastructures import Cookie

from portico.web.shared.languages import LANGUAGES, choose_language

AnyRequest = Request[Any, Any, Any]

THEMES = ("light", "dark", "system")
THEME, LANGUAGE = "portico_theme", "portico_language"
CONSOLE, FORM, VISITOR, PROVIDER = "console", "form", "visitor", "provider"
CONSOLE_DEVICE = "console_device"
YEAR_SECONDS = 365 * 24 * 60 * 60
FORM_TOKEN_CHARACTERS = 43


@dataclass(frozen=True)
class Cookies:
    """Makes and reads the cookies that nobody else may set: `__Host-` keeps other hosts away.

    Without `secure` they work over plain http, for trials in a closed network.
    """

    secure: bool

    def name(self, purpose: str) -> str:
        """The whole name of a cookie."""
        return f"__Host-portico_{purpose}" if self.secure else f"portico_{purpose}"

    def read(self, request: AnyRequest, purpose: str) -> str:
        """The cookie's value, empty when the browser sent none."""
        return request.cookies.get(self.name(purpose), "")

    def make(self, purpose: str, value: str, *, seconds: int | None = None) -> Cookie:
        """A cookie for the whole host; without `seconds` until the browser closes."""
        return self._cookie(self.name(purpose), value, seconds, hidden=True)

    def forget(self, purpose: str) -> Cookie:
        """What makes the browser drop a cookie."""
        return self.make(purpose, "", seconds=0)

    def preference(self, name: str, value: str) -> Cookie:
        """A choice of looks or language; the page's script may read and change it."""
        return self._cookie(name, value, YEAR_SECONDS, hidden=False)

    def _cookie(self, name: str, value: str, seconds: int | None, *, hidden: bool) -> Cookie:
        same_site: Literal["lax"] = "lax"
        return Cookie(
            key=name,
            value=value,
            path="/",
            max_age=seconds,
            secure=self.secure,
            httponly=hidden,
            samesite=same_site,
        )

    def form_token(self, request: AnyRequest) -> str:
        """The token of a form that is sent before there is a session; new without a cookie."""
        kept = self.read(request, FORM)
        return kept if len(kept) == FORM_TOKEN_CHARACTERS else secrets.token_urlsafe(32)


def portal_cookie(customer_id: int) -> str:
    """The purpose of a portal user's cookie: tenants on one host have sessions side by side."""
    return f"portal_{customer_id}"


def portal_device_cookie(customer_id: int) -> str:
    """The purpose of the cookie that makes a browser known to a tenant's portals."""
    return f"portal_device_{customer_id}"


def chosen_theme(request: AnyRequest) -> str:
    """The theme that the reader chose, or `system`."""
    theme = request.cookies.get(THEME, "")
    return theme if theme in THEMES else "system"


def language_of(request: AnyRequest, stored: str = "") -> str:
    """The language for the reader: the cookie's, else the user's own, else the browser's."""
    chosen = request.cookies.get(LANGUAGE, "")
    if chosen not in LANGUAGES:
        chosen = stored
    return choose_language(chosen, request.headers.get("accept-language", ""))
