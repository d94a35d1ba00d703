"""The client's address and the server's origin, also behind a proxy that the operator trusts.

Forwarded headers of other peers are ignored, because the lock-out counts by address.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.types import Scope

from portico.asgi.client_address import TrustedProxies
from portico.domain.portals.domains import public_host

Headers = list[tuple[bytes, bytes]]


class OriginResolver:
    """Resolves addresses and origins from the trusted proxies and the public URL."""

    def __init__(self, *, proxies: TrustedProxies | None = None, public_url: str = "") -> None:
        self._proxies = proxies or TrustedProxies()
        self._public_url = public_url
        self.public_host = public_host(public_url)

    def peer(self, request: Request) -> str:
        """Return the address of the client that sent the request."""
        return self._proxies.client_address(request.scope)

    def origin(self, request: Request, *, at_own_domain: bool = False) -> str:
        """Return the scheme and host at which the browser sees the server, without a final slash.

        With `at_own_domain`, the host is the request's, which the caller must know to be a portal's
        own domain.
        """
        if self._public_url and not at_own_domain:
            return self._public_url
        return f"{self._scheme(request)}://{request.headers.get('host', 'localhost')}"

    @property
    def may_be_encrypted(self) -> bool:
        """Whether the server can know that a request came over TLS."""
        return bool(self._proxies) or self._public_url.startswith("https:")

    def is_encrypted(self, request: Request) -> bool:
        """Return whether the browser's connection is known to use TLS."""
        return self._scheme(request) == "https"

    def _scheme(self, request: Request) -> str:
        if self._public_url.startswith("https:"):
            return "https"
        client = request.scope.get("client")
        forwarded = request.headers.get("x-forwarded-proto", "").strip().lower()
        if client and client[0] in self._proxies and forwarded in {"http", "https"}:
            return forwarded
        return "https" if request.scope.get("scheme") == "https" else "http"


def strict_transport(origins: OriginResolver, seconds: int) -> Callable[[Scope], Headers] | None:
    """Return a function that adds the HSTS header (RFC 6797) to requests over TLS.

    None if the header is off or no request can be known to use TLS.
    """
    if not seconds or not origins.may_be_encrypted:
        return None
    header = [(b"strict-transport-security", f"max-age={seconds}".encode())]

    def headers(scope: Scope) -> Headers:
        return header if origins.is_encrypted(Request(scope)) else []

    return headers
