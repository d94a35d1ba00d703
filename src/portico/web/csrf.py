"""Keeping other sites from writing in a reader's name: a token in each form, and where it is from.

Every write by a browser passes `checked_form`; nothing else in the web layer reads a body.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from litestar.datastructures import FormMultiDict

from portico.domain.errors import Forbidden
from portico.web.cookies import AnyRequest

FIELD = "csrf"
HEADER = "x-csrf-token"
_EXPIRED = "This form is too old or from another site. Load the page again, then repeat it."


async def checked_form(request: AnyRequest, expected: str) -> FormMultiDict:
    """The form that was sent, if our own page sent it with the session's token.

    The token stands in the field `csrf` or the header `X-CSRF-Token`. Raises Forbidden.
    """
    require_own_origin(request)
    form = await request.form()
    sent = request.headers.get(HEADER) or form.get(FIELD, "")
    if not expected or not isinstance(sent, str) or not _same(sent, expected):
        raise Forbidden(_EXPIRED)
    return form


def require_own_origin(request: AnyRequest) -> None:
    """Raises Forbidden for a request that a browser says another site made."""
    fetched_from = request.headers.get("sec-fetch-site")
    if fetched_from is not None:
        if fetched_from not in {"same-origin", "none"}:
            raise Forbidden(_EXPIRED)
        return
    origin = request.headers.get("origin")
    if origin is None:
        # Browsers send one with every write; without one it is no browser, and the token decides.
        return
    if urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise Forbidden(_EXPIRED)


def _same(sent: str, expected: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())
