"""Finds the client's address of a request, also behind trusted reverse proxies.

The sign-in lock-out, the access log and sign-in events use it, so they agree on the address.
"""

from __future__ import annotations

from ipaddress import ip_address

from starlette.types import Scope

from portico.domain.addresses import Network


class TrustedProxies:
    """The reverse proxies whose `X-Forwarded-*` headers the server trusts."""

    def __init__(self, networks: tuple[Network, ...] = ()) -> None:
        self._networks = networks

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def client_address(self, scope: Scope) -> str:
        """Return the last address in `X-Forwarded-For` that a trusted proxy added.

        Without a trusted proxy, return the peer of the connection, or "" on a Unix socket.
        """
        client = scope.get("client")
        address = client[0] if client else ""
        if not self._networks or address not in self:
            return address
        values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        hops = b",".join(values).decode("latin-1").split(",")
        while address in self and hops:
            hop = hops.pop().strip()
            if not hop:
                break
            address = hop
        return address
