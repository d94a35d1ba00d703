"""The cookies of the pages: their names and attributes."""

from __future__ import annotations

import secrets
from typing import Literal

import msgspec
from starlette.requests import Request

from portico.web.shared.languages import LANGUAGES, choose_language

THEMES = ("light", "dark", "system")
THEME, LANGUAGE = "portico_theme", "portico_language"
CONSOLE, FORM, VISITOR, PROVIDER = "console", "form", "visitor", "provider"
CONSOLE_DEVICE = "console_device"
PASSWORD_PROOF = "password_proof"
YEAR_SECONDS = 365 * 24 * 60 * 60
FORM_TOKEN_CHARACTERS = 43


class Cookie(msgspec.Struct, frozen=True, kw_only=True):
    """A cookie that a response sets. `max_age` is in seconds, None for the browser's session."""

    key: str
    value: str
    max_age: int | None
    secure: bool
    httponly: bool
    path: str = "/"
    samesite: Literal["lax"] = "lax"


class Cookies(msgspec.Struct, frozen=True):
    """Makes and reads cookies. The prefix `__Host-` prevents other hosts from setting them.

    Without `secure` they work over plain HTTP, for trials in a closed network.
    """

    secure: bool

    def name(self, purpose: str) -> str:
        """Return the full name of a cookie."""
        return f"__Host-portico_{purpose}" if self.secure else f"portico_{purpose}"

    def read(self, request: Request, purpose: str) -> str:
        """Return the cookie's value, empty if the browser sent none."""
        return request.cookies.get(self.name(purpose), "")

    def make(self, purpose: str, value: str, *, seconds: int | None = None) -> Cookie:
        """Return a cookie for the host. Without `seconds` it lasts until the browser closes."""
        return self._cookie(self.name(purpose), value, seconds, hidden=True)

    def forget(self, purpose: str) -> Cookie:
        """Return the cookie that makes the browser delete a cookie."""
        return self.make(purpose, "", seconds=0)

    def preference(self, name: str, value: str) -> Cookie:
        """Return a cookie for a preference, which the page's script can read and change."""
        return self._cookie(name, value, YEAR_SECONDS, hidden=False)

    def _cookie(self, name: str, value: str, seconds: int | None, *, hidden: bool) -> Cookie:
        return Cookie(key=name, value=value, max_age=seconds, secure=self.secure, httponly=hidden)

    def form_token(self, request: Request) -> str:
        """Return the token of forms without a session: the cookie's, or a new one."""
        token = self.read(request, FORM)
        return token if len(token) == FORM_TOKEN_CHARACTERS else secrets.token_urlsafe(32)


def portal_cookie(customer_id: int) -> str:
    """Return the name of a session cookie. Sessions of several tenants can exist on one host."""
    return f"portal_{customer_id}"


def portal_device_cookie(customer_id: int) -> str:
    """Return the name of the cookie of a device that a tenant's portals know."""
    return f"portal_device_{customer_id}"


def chosen_theme(request: Request) -> str:
    """Return the theme that the reader chose, or `system`."""
    theme = request.cookies.get(THEME, "")
    return theme if theme in THEMES else "system"


def language_of(request: Request, stored: str = "") -> str:
    """Return the reader's language: the cookie's, else the user's, else the browser's."""
    chosen = request.cookies.get(LANGUAGE, "")
    if chosen not in LANGUAGES:
        chosen = stored
    return choose_language(chosen, request.headers.get("accept-language", ""))
