"""Own domains of portals: comparing hosts, the tenant of a host, and the portal that it opens.

The operator allows a domain for one tenant, with every name below it. If several allowed domains
cover a host, the most specific one decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from portico.domain.errors import InvalidField
from portico.domain.links.hosts import check_domain_name, host_address

KIND = "allowedDomain"
_PORT = re.compile(r":[0-9]*\Z")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\Z", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class AllowedDomain:
    """A domain that the portals of one tenant can use, with every name below it."""

    name: str
    customer_id: int
    creation_time: int

    @property
    def id(self) -> int:
        """Return the id for audit entries: a domain has no id, so this is the tenant's."""
        return self.customer_id


@dataclass(frozen=True, kw_only=True)
class DomainClaim:
    """A portal that has `host` as its domain. Among equal hosts, the lowest `claim_id` wins.

    A claim is stored whether or not the domain is allowed.
    """

    customer_id: int
    portal_id: int
    host: str
    claim_id: int
    microtenant_id: int
    portal_name: str


class DomainState(StrEnum):
    """Whether the domain of a portal opens it, and if not, why."""

    ROUTES = "routes"
    NOT_ALLOWED = "not_allowed"
    TAKEN = "taken"
    PUBLIC_HOST = "public_host"
    WITHOUT_DOT = "without_dot"


@dataclass(frozen=True, kw_only=True)
class DomainStatus:
    """The state of a portal's domain. `holder` is the portal that has it if it is taken."""

    host: str
    state: DomainState
    holder: DomainClaim | None = None


def host_of(authority: str) -> str:
    """Return the host of a Host header or of a URL's authority, in the form of `host_address`.

    The port is removed. Returns "" for IPv6 addresses and malformed hosts.
    """
    host = host_address(_PORT.sub("", authority))
    return host if _HOST.match(host) else ""


def public_host(public_url: str) -> str:
    """Return the host of the public URL, in the form of `host_of`."""
    return host_of(urlsplit(public_url).netloc)


def check_allowed_domain(name: str) -> str:
    """Return the domain in the form of `host_address`. Raises InvalidField."""
    host = host_of(check_domain_name("domain", name.strip()))
    if "." not in host:
        raise InvalidField("domain", f"{name} has no dot; use a domain such as example.com.")
    return host


def covering_domains(host: str) -> list[str]:
    """Return the domains that cover a host, most specific first: itself and its parents."""
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def owner_of(host: str, allowed: Mapping[str, AllowedDomain]) -> int | None:
    """Return the id of the tenant that may use a host, or None. `allowed` is keyed by name."""
    for name in covering_domains(host):
        if name in allowed:
            return allowed[name].customer_id
    return None


def routes(
    claims: Iterable[DomainClaim], allowed: Iterable[AllowedDomain], *, public_host: str
) -> dict[str, DomainClaim]:
    """Return the portal that each host opens. No other code decides this.

    A host must have a dot and must not be that of the public URL. It opens the first portal that
    claims it, among the portals of the tenant that can use the host.
    """
    by_name = {each.name: each for each in allowed}
    by_host: dict[str, DomainClaim] = {}
    for claim in sorted(claims, key=lambda each: each.claim_id):
        if "." not in claim.host or claim.host == public_host:
            continue
        if owner_of(claim.host, by_name) == claim.customer_id:
            by_host.setdefault(claim.host, claim)
    return by_host


def domain_status(
    portal_id: int,
    customer_id: int,
    host: str,
    routed: Mapping[str, DomainClaim],
    *,
    public_host: str,
) -> DomainStatus:
    """Return the state of a portal's domain. `routed` is the result of `routes`."""
    if "." not in host:
        return DomainStatus(host=host, state=DomainState.WITHOUT_DOT)
    if host == public_host:
        return DomainStatus(host=host, state=DomainState.PUBLIC_HOST)
    holder = routed.get(host)
    if holder is None or holder.customer_id != customer_id:
        return DomainStatus(host=host, state=DomainState.NOT_ALLOWED)
    if holder.portal_id != portal_id:
        return DomainStatus(host=host, state=DomainState.TAKEN, holder=holder)
    return DomainStatus(host=host, state=DomainState.ROUTES)
