"""Answers that are pages: their headers of security, redirects, and where `next` may lead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from litestar import Response
from litestar.datastructures import Cookie

from portico.domain.errors import PorticoError, TooManySignIns

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    # "no-referrer" would make browsers send "Origin: null" with a form, which we compare.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
HTML = "text/html"
# What browsers take for a way off the site, or drop and then take for one.
_SAME_SITE_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*\Z")
NEXT_LIMIT = 2_048


def page_answer(
    html: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    cookies: Iterable[Cookie] = (),
) -> Response[bytes]:
    """A page, or a part of one for htmx, with every header of security; none is cached."""
    return Response(
        html.encode(),
        status_code=status,
        media_type=HTML,
        headers={**PAGE_HEADERS, **(headers or {})},
        cookies=list(cookies),
    )


def retry_headers(error: PorticoError | None) -> dict[str, str]:
    """The `Retry-After` header, in seconds, of an error that says when to try again."""
    return {"Retry-After": str(error.retry_after)} if isinstance(error, TooManySignIns) else {}


def redirect(address: str, *, cookies: Iterable[Cookie] = ()) -> Response[bytes]:
    """See another page, by GET. `address` is our own, or a provider's that the operator named."""
    headers = {**PAGE_HEADERS, "Location": address}
    return Response(b"", status_code=303, media_type=HTML, headers=headers, cookies=list(cookies))


def safe_next(text: str, otherwise: str) -> str:
    """A path on this site to go on to; anything else, such as another site's, is `otherwise`."""
    if len(text) <= NEXT_LIMIT and _SAME_SITE_PATH.match(text):
        return text
    return otherwise
