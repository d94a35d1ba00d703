"""Where a request through the proxy goes: to the application, to another host, or nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from portico.domain.errors import InvalidInput
from portico.emulator.listeners.refusals import ForeignHost, InvalidTarget
from portico.emulator.listeners.vendor_hosts import VendorHosts, cloud_of

HTTPS_PORT = 443
HTTP_PORT = 80
_AUTHORITY = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9._-]{1,253}))(?::(?P<port>[0-9]{1,5}))?"
)
_LAST_PORT = 65535


class InvalidDirectHost(InvalidInput):
    """A host of `--direct` cannot be used."""


@dataclass(frozen=True)
class Destination:
    """A host in lower case, an IPv6 address without brackets, and a port."""

    host: str
    port: int

    @staticmethod
    def parse(authority: str, default_port: int | None = None) -> Destination:
        """Return the destination of an authority such as `host:443`. Raises InvalidTarget."""
        found = _AUTHORITY.fullmatch(authority)
        port = int(found["port"] or default_port or 0) if found else 0
        is_valid = found is not None and 0 < port <= _LAST_PORT
        if found is None or not is_valid or (found["v6"] and not _is_address(found["v6"])):
            raise InvalidTarget("The request names no valid host and port, as in example.com:443.")
        return Destination((found["v6"] or found["name"]).lower().rstrip("."), port)

    def __str__(self) -> str:
        """Return it as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Return whether it names this machine."""
        if _is_address(self.host):
            return ip_address(self.host).is_loopback
        return self.host == "localhost" or self.host.endswith(".localhost")


class Destinations:
    """Decides for each destination. Without `direct` and `pass_through`, nothing leaves."""

    def __init__(
        self, hosts: VendorHosts, direct: Iterable[str] = (), *, pass_through: bool = False
    ) -> None:
        """Raise InvalidDirectHost for a host of `direct` that cannot be used."""
        self._hosts = hosts
        self._direct = frozenset(self._direct_host(each) for each in direct)
        self._passes_all = pass_through

    def is_served(self, destination: Destination, port: int = HTTPS_PORT) -> bool:
        """Return whether the application answers for a destination, or it is another host.

        Raises ForeignHost if neither is allowed.
        """
        host = destination.host
        if self._hosts.role_of(host) is not None:
            if destination.port != port:
                raise ForeignHost(
                    f"Portico answers for {host} on port {port} only, not on {destination.port}."
                )
            return True
        if self._passes_all or host in self._direct:
            return False
        raise ForeignHost(self._advice(destination))

    def _direct_host(self, name: str) -> str:
        host = name.strip().lower().strip("[]").rstrip(".")
        authority = f"[{host}]" if ":" in host else host
        try:
            Destination.parse(authority, HTTPS_PORT)
        except InvalidTarget:
            raise InvalidDirectHost(
                f"--direct {name}: this is not a host name or an IP address. Leave out the port."
            ) from None
        if self._hosts.role_of(host) is not None:
            raise InvalidDirectHost(
                f"--direct {name}: Portico itself answers for this host, so that nothing reaches "
                "the vendor."
            )
        return host

    def _advice(self, destination: Destination) -> str:
        host, cloud = destination.host, cloud_of(destination.host)
        if cloud is not None:
            return (
                f"Portico does not know the cloud {cloud} of {host}. "
                f"Start it with --cloud {cloud}, or with --direct {host} to reach the real host."
            )
        if destination.is_loopback:
            return (
                f"Portico does not pass on requests to {host}. Add it to NO_PROXY, or start "
                f"Portico with --direct {host}."
            )
        return (
            f"Portico does not pass on requests to {host}. "
            f"Start it with --direct {host} to allow them, or with --pass-through to allow all."
        )


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
