"""Where a request came from and where its pages live, also behind a proxy that the operator names.

Nothing that an unknown peer says of itself is believed: the lock-out counts by address.
"""

from __future__ import annotations

from ipaddress import ip_address

from portico.domain.addresses import Network
from portico.web.cookies import AnyRequest


class Surroundings:
    """The proxies whose `X-Forwarded-*` is believed, and the public origin when it is fixed."""

    def __init__(self, *, proxies: tuple[Network, ...] = (), public_url: str = "") -> None:
        self._proxies = proxies
        self._public_url = public_url

    def peer(self, request: AnyRequest) -> str:
        """The address of whoever sent the request: the last one that a named proxy vouches for."""
        client = request.scope.get("client")
        address = client[0] if client else ""
        hops = ",".join(request.headers.getall("x-forwarded-for", [])).split(",")
        while self._is_proxy(address) and hops:
            hop = hops.pop().strip()
            if not hop:
                break
            address = hop
        return address

    def origin(self, request: AnyRequest) -> str:
        """Scheme and host under which the browser sees the server, without a slash at the end."""
        if self._public_url:
            return self._public_url
        return f"{self._scheme(request)}://{request.headers.get('host', 'localhost')}"

    def is_encrypted(self, request: AnyRequest) -> bool:
        """Whether the browser's own connection is encrypted, as far as we can know."""
        return self.origin(request).startswith("https:")

    def _scheme(self, request: AnyRequest) -> str:
        client = request.scope.get("client")
        forwarded = request.headers.get("x-forwarded-proto", "").strip().lower()
        if client and self._is_proxy(client[0]) and forwarded in {"http", "https"}:
            return forwarded
        return "https" if request.scope.get("scheme") == "https" else "http"

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)
