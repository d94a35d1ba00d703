"""Hosts in one form, the domains that cover them, and the one rule of which portal a host opens."""

from __future__ import annotations

import pytest

from portico.domain.errors import InvalidField
from portico.domain.links.hosts import host_address
from portico.domain.portals.domains import (
    AllowedDomain,
    DomainClaim,
    DomainState,
    check_allowed_domain,
    covering_domains,
    domain_status,
    host_of,
    routes,
)

ALDER, BIRCH = 1, 2


def allowed(name: str, customer_id: int = ALDER) -> AllowedDomain:
    """An allowed domain."""
    return AllowedDomain(name=name, customer_id=customer_id, creation_time=0)


def claim(
    host: str, portal_id: int = 5, *, customer_id: int = ALDER, claim_id: int = 0
) -> DomainClaim:
    """A portal's claim, made in the order of the portals' ids unless it says otherwise."""
    return DomainClaim(
        customer_id=customer_id,
        portal_id=portal_id,
        host=host,
        claim_id=claim_id or portal_id,
        microtenant_id=0,
        portal_name=f"Portal {portal_id}",
    )


def opened(
    claims: list[DomainClaim], domains: list[AllowedDomain], public_host: str = ""
) -> dict[str, int]:
    """The id of the portal that each host opens."""
    found = routes(claims, domains, public_host=public_host)
    return {host: each.portal_id for host, each in found.items()}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("Portal.Example.COM.", "portal.example.com"),
        ("BÜRO.example", "xn--bro-hoa.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("example.ΟΔΟΣ", "example.xn--pxavbq"),
        ("a\ue000b.example", ""),
        ("", ""),
        ("a\nb", ""),
        ("x" * 300, ""),
    ],
)
def test_host_is_named_as_browsers_name_it(host: str, address: str) -> None:
    assert host_address(host) == address


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("links.example.com", "links.example.com"),
        ("Links.Example.com.:8443", "links.example.com"),
        ("links.example.com:", "links.example.com"),
        ("portal01", "portal01"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("[::1]:8080", ""),
        ("a..b", ""),
        ("....", ""),
        (".", ""),
        ("a b.example", ""),
        ("a.b:c:d", ""),
        ("x" * 9_999, ""),
    ],
)
def test_host_header_is_read_without_case_port_and_last_dot(authority: str, host: str) -> None:
    assert host_of(authority) == host


def test_a_domain_is_covered_by_itself_and_those_above_it() -> None:
    assert covering_domains("a.b.example") == ["a.b.example", "b.example", "example"]


@pytest.mark.parametrize(
    ("name", "stored"),
    [(" Example.COM. ", "example.com"), ("BÜRO.example", "xn--bro-hoa.example")],
)
def test_allowed_domain_is_stored_as_browsers_name_it(name: str, stored: str) -> None:
    assert check_allowed_domain(name) == stored


@pytest.mark.parametrize(
    "name", ["", "example", "10.0.0.1", "a.example:80", "https://a.b", "*.b.c"]
)
def test_what_is_no_domain_cannot_be_allowed(name: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_allowed_domain(name)

    assert refusal.value.field == "domain"


def test_a_host_opens_a_portal_of_the_tenant_that_may_use_it() -> None:
    hosts = ["example.com", "links.example.com", "a.b.example.com", "badexample.com", "com"]
    claims = [claim(host, place) for place, host in enumerate(hosts, 1)]

    assert opened(claims, []) == {}
    assert opened(claims, [allowed("example.com", BIRCH)]) == {}
    assert opened(claims, [allowed("example.com")]) == {
        "example.com": 1,
        "links.example.com": 2,
        "a.b.example.com": 3,
    }
    assert opened(claims, [allowed("links.example.com")]) == {"links.example.com": 2}


def test_the_most_specific_domain_decides() -> None:
    claims = [
        claim("x.east.example.com", 1),
        claim("x.east.example.com", 2, customer_id=BIRCH),
        claim("x.west.example.com", 3),
        claim("x.west.example.com", 4, customer_id=BIRCH),
    ]
    domains = [allowed("example.com"), allowed("east.example.com", BIRCH)]

    assert opened(claims, domains) == {"x.east.example.com": 2, "x.west.example.com": 3}


def test_the_first_claim_of_the_tenant_has_the_host() -> None:
    claims = [
        claim("links.example.com", 9, claim_id=30),
        claim("links.example.com", 7, claim_id=20),
        claim("links.example.com", 8, claim_id=10, customer_id=BIRCH),
    ]

    assert opened(claims, [allowed("example.com")]) == {"links.example.com": 7}


def test_the_public_host_and_a_name_without_a_dot_open_nothing() -> None:
    claims = [claim("portico.example.com", 1), claim("portal01", 2), claim("a.example.com", 3)]
    domains = [allowed("example.com"), allowed("portico.example.com"), allowed("portal01")]

    assert opened(claims, domains, "portico.example.com") == {"a.example.com": 3}


@pytest.mark.parametrize(
    ("host", "portal_id", "state"),
    [
        ("links.example.com", 1, DomainState.ROUTES),
        ("links.example.com", 2, DomainState.TAKEN),
        ("other.example.org", 2, DomainState.NOT_ALLOWED),
        ("birch.example.com", 2, DomainState.NOT_ALLOWED),
        ("portico.example.com", 2, DomainState.PUBLIC_HOST),
        ("portal01", 2, DomainState.WITHOUT_DOT),
    ],
)
def test_status_says_why_a_domain_does_not_open_a_portal(
    host: str, portal_id: int, state: DomainState
) -> None:
    claims = [
        claim("links.example.com", 1),
        claim(host, 2),
        claim("birch.example.com", 3, customer_id=BIRCH),
    ]
    domains = [allowed("example.com"), allowed("birch.example.com", BIRCH)]
    routed = routes(claims, domains, public_host="portico.example.com")

    status = domain_status(portal_id, ALDER, host, routed, public_host="portico.example.com")

    assert status.state is state
    assert (status.holder is not None) == (state is DomainState.TAKEN)
