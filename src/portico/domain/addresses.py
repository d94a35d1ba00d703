"""Network addresses in settings: trusted proxies and the public URL."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network
_HOST_PORT = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:\[\]]+)):([0-9]{1,5})")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?\Z")


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks and addresses of a comma-separated list. Raises ValueError."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


def are_networks(text: str) -> bool:
    """Return whether a text is a comma-separated list of networks and addresses, or empty."""
    try:
        parse_networks(text)
    except ValueError:
        return False
    return True


def parse_host_port(text: str) -> tuple[str, int] | None:
    """Return the host and port of `host:port`, or None. An IPv6 address is in brackets."""
    match = _HOST_PORT.fullmatch(text)
    if match is None or not 0 < int(match[3]) < 65_536:
        return None
    return match[1] or match[2], int(match[3])


def is_host_port(text: str) -> bool:
    """Return whether a text is a host and a port, as in 127.0.0.1:9464, or empty."""
    return not text or parse_host_port(text) is not None


def is_origin(text: str) -> bool:
    """Return whether a text is only scheme and host, as in https://links.example.com, or empty."""
    return not text or _ORIGIN.match(text) is not None
