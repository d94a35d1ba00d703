"""Where a request came from and where its pages live, also behind a proxy that the operator names.

Nothing that an unknown peer says of itself is believed: the lock-out counts by address.
"""

from __future__ import annotations

from collections.abc import Callable

from litestar import Request
from litestar.types import HTTPScope

from portico.asgi.client_address import TrustedProxies
from portico.domain.portals.domains import public_host
from portico.web.shared.cookies import AnyRequest

Headers = list[tuple[bytes, bytes]]


class OriginResolver:
    """The proxies whose `X-Forwarded-*` is believed, and the public origin when it is fixed."""

    def __init__(self, *, proxies: TrustedProxies | None = None, public_url: str = "") -> None:
        self._proxies = proxies or TrustedProxies()
        self._public_url = public_url
        self.public_host = public_host(public_url)

    def peer(self, request: AnyRequest) -> str:
        """The address of whoever sent the request."""
        return self._proxies.client_address(request.scope)

    def origin(self, request: AnyRequest, *, at_own_domain: bool = False) -> str:
        """Scheme and host under which the browser sees the server, without a slash at the end.

        A portal's own domain is not the public origin: there the host is the request's, which the
        caller has found to be such a domain.
        """
        if self._public_url and not at_own_domain:
            return self._public_url
        return f"{self._scheme(request)}://{request.headers.get('host', 'localhost')}"

    @property
    def may_be_encrypted(self) -> bool:
        """Whether any request can be known to have come encrypted."""
        return bool(self._proxies) or self._public_url.startswith("https:")

    def is_encrypted(self, request: AnyRequest) -> bool:
        """Whether the browser's own connection is encrypted, as far as we can know."""
        return self._scheme(request) == "https"

    def _scheme(self, request: AnyRequest) -> str:
        if self._public_url.startswith("https:"):
            return "https"
        client = request.scope.get("client")
        forwarded = request.headers.get("x-forwarded-proto", "").strip().lower()
        if client and client[0] in self._proxies and forwarded in {"http", "https"}:
            return forwarded
        return "https" if request.scope.get("scheme") == "https" else "http"


def strict_transport(
    origins: OriginResolver, seconds: int
) -> Callable[[HTTPScope], Headers] | None:
    """What tells browsers that came by https never to come by anything else (RFC 6797).

    None when nothing is to be told, so that requests pay for it only where it is of use.
    """
    if not seconds or not origins.may_be_encrypted:
        return None
    told = [(b"strict-transport-security", f"max-age={seconds}".encode())]

    def headers(scope: HTTPScope) -> Headers:
        return told if origins.is_encrypted(Request(scope)) else []

    return headers
