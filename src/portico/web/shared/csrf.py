"""Protection from CSRF: a token in each form, and a check of the request's origin.

Every write by a browser passes `checked_form`, and nothing else in the web layer reads a body. It
checks the headers before it reads the body.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from multipart import parse_options_header
from starlette.requests import Request

from portico.asgi.bodies import read_body
from portico.asgi.routing import placed_route
from portico.asgi.threads import Threads
from portico.domain.errors import Forbidden
from portico.web.shared.received_forms import FORM_FIELDS, ReceivedForm, parse_form
from portico.web.shared.texts import gettext as _

FIELD = "csrf"
HEADER = "x-csrf-token"

_EXPIRED = _("This form is too old or from another site. Load the page again, then repeat it.")


async def checked_form(threads: Threads, request: Request, expected: str) -> ReceivedForm:
    """Return the form that one of our pages sent with the session's token.

    The token is in the header `X-CSRF-Token` or the field `csrf`. Raises Forbidden; BodyTooLarge
    for a form above the route's limits of bytes and fields; InvalidInput for a broken form.
    """
    require_own_origin(request)
    in_header = request.headers.get(HEADER)
    if not expected or (in_header and not _same(in_header, expected)):
        raise Forbidden(_EXPIRED)
    body = await read_body(request)
    content_type, options = parse_options_header(request.headers.get("content-type", ""))
    most_fields = placed_route(request.scope).route.form_fields or FORM_FIELDS
    form = await threads.run(
        lambda: parse_form(body, content_type, options, most_fields), size=len(body)
    )
    if not in_header and not _same(form.get(FIELD, ""), expected):
        raise Forbidden(_EXPIRED)
    return form


def require_own_origin(request: Request) -> None:
    """Raise Forbidden for a request that another site made, by what the browser sends."""
    fetched_from = request.headers.get("sec-fetch-site")
    if fetched_from is not None:
        if fetched_from not in {"same-origin", "none"}:
            raise Forbidden(_EXPIRED)
        return
    origin = request.headers.get("origin")
    if origin is None:
        # Browsers send it with every write. For other clients the token decides.
        return
    if urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise Forbidden(_EXPIRED)


def _same(sent: str, expected: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())
