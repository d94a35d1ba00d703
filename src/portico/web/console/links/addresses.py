"""Splits pasted addresses into protocol, host and path, and suggests corrections of invalid ones.

It rejects nothing: the services check each part and describe what is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from portico.domain.errors import InvalidField
from portico.domain.links.hosts import check_host
from portico.domain.links.links import PROTOCOLS

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_END_OF_HOST = re.compile(r"[/?#]")


@dataclass(frozen=True)
class Address:
    """The three parts of an address."""

    protocol: str
    host: str
    path: str

    @property
    def whole(self) -> str:
        """The parts joined."""
        return f"{self.protocol}{self.host}{self.path}"


def split_address(text: str) -> Address:
    """Return the parts of an address; the protocol is empty when there is no scheme."""
    rest = text.strip()
    scheme = _SCHEME.match(rest)
    protocol = f"{scheme[1].lower()}://" if scheme else ""
    rest = rest[scheme.end() :] if scheme else rest
    end = _END_OF_HOST.search(rest)
    if end is None:
        return Address(protocol, rest, "")
    path = rest[end.start() :]
    return Address(protocol, rest[: end.start()], path if path.startswith("/") else f"/{path}")


def repaired_host(text: str) -> str:
    """Return a valid host to suggest for an invalid one, or an empty text."""
    host = split_address(text).host.rpartition("@")[2]
    host = re.sub(r"\s+", "", host).replace("\\", "").strip(".")
    return host if host != text and is_host(host) else ""


def repaired_address(text: str) -> str:
    """Return a valid address to suggest for an invalid one, or an empty text."""
    address = split_address(text)
    protocol = address.protocol if address.protocol in PROTOCOLS else "https://"
    host = address.host if is_host(address.host) else repaired_host(address.host)
    path = "".join(each for each in address.path if each.isprintable())
    better = Address(protocol, host, path).whole
    return better if host and better != text else ""


def is_host(text: str) -> bool:
    """Return whether a text is a valid host."""
    try:
        check_host("link", text)
    except InvalidField:
        return False
    return True
