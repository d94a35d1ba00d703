"""What people paste as an address, in the three parts that a link has; and what would repair one.

Nothing is refused here: what cannot be split goes to the use-case as it is, which says what is
wrong with it.
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
    """Protocol, host and path."""

    protocol: str
    host: str
    path: str

    @property
    def whole(self) -> str:
        """The three together."""
        return f"{self.protocol}{self.host}{self.path}"


def split_address(text: str) -> Address:
    """An address in its parts; without a scheme the protocol is empty."""
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
    """A host that would be taken in place of one that is not; empty when none comes to mind."""
    host = split_address(text).host.rpartition("@")[2]
    host = re.sub(r"\s+", "", host).replace("\\", "").strip(".")
    return host if host != text and is_host(host) else ""


def repaired_address(text: str) -> str:
    """A whole address that would be taken in place of one that is not, if one comes to mind."""
    address = split_address(text)
    protocol = address.protocol if address.protocol in PROTOCOLS else "https://"
    host = address.host if is_host(address.host) else repaired_host(address.host)
    path = "".join(each for each in address.path if each.isprintable())
    better = Address(protocol, host, path).whole
    return better if host and better != text else ""


def is_host(text: str) -> bool:
    """Whether the use-cases would take a text as a host."""
    try:
        check_host("link", text)
    except InvalidField:
        return False
    return True
