"""Seeds that hypothesis makes: one or two small tenants that use every field of the format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from portico.domain.portals.pages import Audience
from portico.domain.records import fold
from portico.domain.tenancy.identity import Role
from portico.emulator.seeds.format import (
    AdministratorEntry,
    ApplicationSegmentEntry,
    CertificateEntry,
    ClientEntry,
    GrantEntry,
    LinkEntry,
    LinkPresentationEntry,
    MicrotenantEntry,
    PolicyEntry,
    PortalEntry,
    PortalPageEntry,
    Seed,
    TenantEntry,
    UserEntry,
)

T = TypeVar("T")
# Letters of several scripts, and characters and words that mean something in YAML.
_CHARACTERS = "aBé9漢🙂 :#-'\"\\{}[]&*!|>%@`,?~="
_WORDS = ["yes", "null", "12", "0x1f", "1e3", "2024-01-01", "<<", "=", "~", "- a", "a: b", "on"]

names = st.one_of(st.sampled_from(_WORDS), st.text(_CHARACTERS, min_size=1, max_size=12)).filter(
    lambda name: bool(name.strip())
)
texts = st.one_of(
    st.just(""), st.sampled_from(_WORDS), st.text(f"{_CHARACTERS}\n\t\r", max_size=30)
)
hosts = st.sampled_from(["wiki.example.com", "[2001:db8::1]:8080", "10.1.2.3", "bücher.example"])
roles = st.sampled_from(Role)
passwords = st.sampled_from(["a long password", "  with spaces  ", "0123456789012"])


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | UnsetType]:
    """A value, or nothing."""
    return st.one_of(st.just(UNSET), strategy)


def distinct(most: int = 3) -> st.SearchStrategy[list[str]]:
    """Names that differ by more than their case."""
    return st.lists(names, max_size=most, unique_by=lambda name: fold(name.strip()))


def some_of(values: Sequence[str]) -> st.SearchStrategy[list[str]]:
    """Some of the values, each at most once."""
    if not values:
        return st.just([])
    return st.lists(st.sampled_from(list(values)), unique=True, max_size=3)


@st.composite
def seeds(draw: st.DrawFn) -> Seed:
    """Seeds of one or two tenants."""
    tenant_names = draw(
        st.lists(names, min_size=1, max_size=2, unique_by=lambda n: fold(n.strip()))
    )
    managers = draw(distinct(2))
    tenants = [
        draw(_tenant(name, position, managers if position == 0 else []))
        for position, name in enumerate(tenant_names)
    ]
    return Seed(set=draw(names), cloud_letter=draw(maybe(st.sampled_from("bp"))), tenants=tenants)


@st.composite
def _tenant(draw: st.DrawFn, name: str, position: int, managers: list[str]) -> TenantEntry:
    groups = draw(distinct())
    inner = [each for each in draw(distinct(2)) if fold(each.strip()) != "default"]
    microtenants = [
        MicrotenantEntry(
            name=each,
            description=draw(maybe(texts)),
            enabled=draw(maybe(st.booleans())),
            privileged_approvals_enabled=draw(maybe(st.booleans())),
            criteria_attribute_values=[f"d{number}.example.com"] if draw(st.booleans()) else UNSET,
            **draw(_content(groups)),
        )
        for number, each in enumerate(inner)
    ]
    return TenantEntry(
        name=name,
        customer_id=str(100 + position),
        allowed_domains=draw(maybe(st.just([f"t{position}.example.com"]))),
        groups=list(groups),
        microtenants=microtenants,
        clients=[
            draw(_client(each, 200 + 10 * position + number, inner))
            for number, each in enumerate(draw(distinct(2)))
        ],
        administrators=[draw(_administrator(each, inner)) for each in managers],
        users=[draw(_user(each, groups)) for each in draw(distinct(2))],
        **draw(_content(groups)),
    )


@st.composite
def _client(draw: st.DrawFn, name: str, number: int, microtenants: list[str]) -> ClientEntry:
    places = st.sampled_from(microtenants) if microtenants else st.nothing()
    return ClientEntry(
        name=name,
        id=number,
        secret=draw(names),
        role=draw(maybe(roles)),
        microtenant=draw(maybe(places)),
    )


@st.composite
def _administrator(draw: st.DrawFn, name: str, microtenants: list[str]) -> AdministratorEntry:
    inner = [GrantEntry(role=draw(roles), microtenant=each) for each in microtenants]
    grants = [GrantEntry(role=draw(roles)), *inner] if draw(st.booleans()) else inner
    return AdministratorEntry(
        name=name,
        display_name=draw(maybe(names)),
        email=draw(maybe(st.just("someone@example.com"))),
        enabled=draw(maybe(st.booleans())),
        password=draw(maybe(passwords)),
        role=UNSET if grants else draw(roles),
        grants=grants or UNSET,
    )


@st.composite
def _user(draw: st.DrawFn, name: str, groups: list[str]) -> UserEntry:
    return UserEntry(
        name=name,
        display_name=draw(maybe(names)),
        email=draw(maybe(st.just("someone@example.com"))),
        enabled=draw(maybe(st.booleans())),
        password=draw(maybe(passwords)),
        groups=draw(maybe(some_of(groups))),
    )


@st.composite
def _content(draw: st.DrawFn, groups: list[str]) -> dict[str, Any]:
    certificates = draw(distinct(1))
    applications = draw(distinct(2))
    portals = draw(distinct())
    sections = draw(distinct())
    return {
        "certificates": [
            CertificateEntry(name=each, description=draw(maybe(texts)), domains=["a.example.com"])
            for each in certificates
        ],
        "application_segments": [
            ApplicationSegmentEntry(
                name=each, enabled=draw(maybe(st.booleans())), domain_names=[draw(hosts)]
            )
            for each in applications
        ],
        "portals": [draw(_portal(each, certificates)) for each in portals],
        "sections": list(sections),
        "links": [
            draw(_link(each, applications, portals, sections, groups)) for each in draw(distinct(4))
        ],
        "policies": [draw(_policy(each)) for each in draw(distinct(1))],
    }


@st.composite
def _portal(draw: st.DrawFn, name: str, certificates: list[str]) -> PortalEntry:
    certificate = draw(maybe(st.sampled_from(certificates))) if certificates else UNSET
    page = PortalPageEntry(
        audience=draw(maybe(st.sampled_from(Audience))),
        title=draw(maybe(names)),
        accent=draw(maybe(st.just("#1d5fae"))),
        accepts_requests=draw(maybe(st.booleans())),
        notice_starts=draw(maybe(st.integers(0, 9))),
        notice_ends=draw(maybe(st.integers(10, 19))),
    )
    return PortalEntry(
        name=name,
        description=draw(maybe(texts)),
        enabled=draw(maybe(st.booleans())),
        managed_by_zs=draw(st.sampled_from([UNSET, None, True])),
        certificate=certificate,
        domain=draw(maybe(st.just("portal01"))),
        ext_domain=draw(maybe(st.just("example.com"))),
        ext_label=draw(maybe(st.just("staff"))),
        user_notification=draw(maybe(texts)),
        user_notification_enabled=draw(maybe(st.booleans())),
        portico=draw(maybe(st.just(page))),
    )


@st.composite
def _link(
    draw: st.DrawFn,
    name: str,
    applications: list[str],
    portals: list[str],
    sections: list[str],
    groups: list[str],
) -> LinkEntry:
    shown = LinkPresentationEntry(
        section=draw(maybe(st.sampled_from(sections))) if sections else UNSET,
        order=draw(maybe(st.integers(0, 9))),
        groups=draw(maybe(some_of(groups))),
        icon_is_dark=draw(maybe(st.booleans())),
        starts=draw(maybe(st.integers(0, 9))),
        ends=draw(maybe(st.integers(10, 19))),
        keywords=draw(maybe(some_of(["salary", "Löhne", "tax form"]))),
    )
    return LinkEntry(
        name=name,
        description=draw(maybe(texts)),
        enabled=draw(maybe(st.booleans())),
        link=draw(hosts),
        link_path=draw(maybe(st.just("/a?b=c#d"))),
        protocol=draw(maybe(st.just("http://"))),
        icon_text=draw(maybe(texts)),
        application_segment=draw(maybe(st.sampled_from(applications))) if applications else UNSET,
        portals=draw(maybe(some_of(portals))),
        portico=draw(maybe(st.just(shown))),
    )


@st.composite
def _policy(draw: st.DrawFn, name: str) -> PolicyEntry:
    return PolicyEntry(
        name=name,
        description=draw(maybe(texts)),
        enabled=draw(maybe(st.booleans())),
        aup=draw(maybe(texts)),
        email=draw(maybe(names)),
        phone_num=draw(maybe(names)),
    )
