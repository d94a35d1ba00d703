"""Who may use the control API: programs on this machine, and no page of a browser elsewhere.

A page on another site can make a browser send requests to 127.0.0.1. It cannot hide its origin, and
a name that it points at 127.0.0.1 (DNS rebinding) is in the Host header.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.types import Scope

from portico.domain.errors import Forbidden

_HINT = "Use http://127.0.0.1 and the port that `portico emulate status` prints."


class NotLocal(Forbidden):
    """The request does not come from this machine, or not by a loopback name."""

    code = "portico.control.not.local"


def require_local(scope: Scope) -> None:
    """Raise NotLocal unless peer and Host are loopback and there is no foreign Origin."""
    peer = scope.get("client")
    if peer is None or not is_loopback(peer[0]):
        raise NotLocal("The control API serves only this machine.")
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1 or not is_loopback(_host_name(f"//{hosts[0]}")):
        raise NotLocal(f"The Host header must be a loopback name. {_HINT}")
    for name, value in scope["headers"]:
        if name == b"origin" and urlsplit(value.decode("latin-1")).netloc != hosts[0]:
            raise NotLocal("A page of another origin cannot use the control API.")


def is_loopback(name: str) -> bool:
    """Return whether a host name or address always means this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _host_name(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""
