"""Network addresses in settings: whose word to take, and where browsers reach the server."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?\Z")


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks and addresses that commas separate. Raises ValueError."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


def are_networks(text: str) -> bool:
    """Whether a text names networks and addresses, or nothing."""
    try:
        parse_networks(text)
    except ValueError:
        return False
    return True


def is_origin(text: str) -> bool:
    """Whether a text is scheme and host alone, as in https://links.example.com, or nothing."""
    return not text or _ORIGIN.match(text) is not None
