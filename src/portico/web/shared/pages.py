"""Responses of the pages: security headers, redirects, and the check of `next`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec
from starlette.responses import Response

from portico.domain.errors import PorticoError, TooManySignIns
from portico.web.shared.cookies import Cookie

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    # "no-referrer" would make browsers send "Origin: null" with a form, and `csrf` checks it.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
HTML = "text/html"
# A path without "//" or backslashes, which browsers take for another host.
_SAME_SITE_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*\Z")
NEXT_LIMIT = 2_048


def page_answer(
    html: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    cookies: Iterable[Cookie] = (),
) -> Response:
    """Return a page, or a part of one for htmx, with all security headers. It is not cached."""
    answer = Response(
        html.encode(),
        status_code=status,
        media_type=HTML,
        headers={**PAGE_HEADERS, **(headers or {})},
    )
    return with_cookies(answer, cookies)


def retry_headers(error: PorticoError | None) -> dict[str, str]:
    """Return the `Retry-After` header, in seconds, of an error that has one."""
    return {"Retry-After": str(error.retry_after)} if isinstance(error, TooManySignIns) else {}


def redirect(address: str, *, cookies: Iterable[Cookie] = ()) -> Response:
    """Redirect to another page by GET: our own, or one of a provider that the operator named."""
    headers = {**PAGE_HEADERS, "Location": address}
    answer = Response(b"", status_code=303, media_type=HTML, headers=headers)
    return with_cookies(answer, cookies)


def with_cookies(answer: Response, cookies: Iterable[Cookie]) -> Response:
    """Return the response, which sets the cookies from now on."""
    for cookie in cookies:
        answer.set_cookie(**msgspec.structs.asdict(cookie))
    return answer


def safe_next(text: str, otherwise: str) -> str:
    """Return the path if it is on this site, else `otherwise`."""
    if len(text) <= NEXT_LIMIT and _SAME_SITE_PATH.match(text):
        return text
    return otherwise
