"""Rules of user portals, and the domains that the service computes."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from portico.domain.errors import InvalidField
from portico.domain.links.hosts import check_host
from portico.domain.portals.portals import (
    IMAGE_LIMIT_BYTES,
    UserPortal,
    UserPortalSpec,
    canonical_name,
    check_portal,
    is_managed,
)
from portico.domain.records import MAX_ID

SUFFIX = "p.zscalerportal.net"
STAFF = UserPortalSpec(name="Staff")
MANAGED = UserPortalSpec(
    name="tests-uport-vcr0003",
    enabled=True,
    managed_by_zs=True,
    domain="securitygeek.io",
    ext_domain="securitygeek.io",
    ext_domain_name="-securitygeek-io.b.zscalerportal.net",
    ext_label="tests-uport-vcr0003",
)
CUSTOM = UserPortalSpec(
    name="Custom", managed_by_zs=False, certificate_id=72, domain="portal.example.com"
)

REFUSED = {
    "no name": ("name", replace(STAFF, name=" ")),
    "name over 255": ("name", replace(STAFF, name="n" * 256)),
    "name with a line feed": ("name", replace(STAFF, name="a\nb")),
    "description over 2000": ("description", replace(STAFF, description="d" * 2_001)),
    "description with a zero byte": ("description", replace(STAFF, description="\0")),
    "notification over 4000": ("userNotification", replace(STAFF, user_notification="n" * 4_001)),
    "notification with an escape": ("userNotification", replace(STAFF, user_notification="\x1b")),
    "certificate name over 255": ("certificateName", replace(STAFF, certificate_name="c" * 256)),
    "image over 512 KiB": ("imageData", replace(STAFF, image_data="i" * (IMAGE_LIMIT_BYTES + 1))),
    "image with a zero byte": ("imageData", replace(STAFF, image_data="\0")),
    "image with half a pair": ("imageData", replace(STAFF, image_data="\ud83d")),
    "prefix of two": ("extLabel", replace(STAFF, ext_label="ab")),
    "prefix of 32": ("extLabel", replace(STAFF, ext_label="a" * 32)),
    "prefix in capitals": ("extLabel", replace(STAFF, ext_label="Staff")),
    "prefix with a dot": ("extLabel", replace(STAFF, ext_label="my.staff")),
    "prefix with an underscore": ("extLabel", replace(STAFF, ext_label="my_staff")),
    "prefix with a line feed": ("extLabel", replace(STAFF, ext_label="staff\n")),
    "prefix outside ASCII": ("extLabel", replace(STAFF, ext_label="büro")),
    "suffix with a scheme": ("extDomain", replace(STAFF, ext_domain="https://example.com")),
    "suffix with a port": ("extDomain", replace(STAFF, ext_domain="example.com:443")),
    "suffix with a path": ("extDomain", replace(STAFF, ext_domain="example.com/a")),
    "domain with a port": ("domain", replace(STAFF, domain="portal.example.com:443")),
    "domain with a space": ("domain", replace(STAFF, domain="portal example.com")),
    "own certificate without one": ("certificateId", replace(STAFF, managed_by_zs=False)),
    "certificate zero": ("certificateId", replace(CUSTOM, certificate_id=0)),
    "negative certificate": ("certificateId", replace(CUSTOM, certificate_id=-1)),
    "certificate over 63 bits": ("certificateId", replace(CUSTOM, certificate_id=MAX_ID + 1)),
}


@pytest.mark.parametrize(("field", "spec"), REFUSED.values(), ids=REFUSED)
def test_portal_that_breaks_a_rule_names_the_field(field: str, spec: UserPortalSpec) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_portal(spec, SUFFIX)

    assert refusal.value.params == (field,)


@pytest.mark.parametrize(
    "spec",
    [
        replace(STAFF, name="n" * 255, description="d" * 2_000),
        replace(STAFF, user_notification="one\ntwo", user_notification_enabled=True),
        replace(STAFF, image_data="i" * IMAGE_LIMIT_BYTES),
        replace(STAFF, ext_label="abc"),
        replace(STAFF, ext_label="a" * 31),
        CUSTOM,
    ],
)
def test_portal_is_kept_as_it_is(spec: UserPortalSpec) -> None:
    assert check_portal(spec, SUFFIX) == spec


def test_portal_name_loses_the_white_space_around_it() -> None:
    assert check_portal(replace(STAFF, name="  Staff \n"), SUFFIX).name == "Staff"


def test_managed_portal_gets_the_recorded_domains() -> None:
    checked = check_portal(MANAGED, SUFFIX)

    assert checked.domain == "tests-uport-vcr0003-securitygeek-io.p.zscalerportal.net"
    assert checked.ext_domain_name == "securitygeek-io.p.zscalerportal.net"
    assert checked.ext_domain == "securitygeek.io"
    assert checked.ext_domain_translation == "securitygeek.io"


def test_managed_portal_keeps_no_certificate() -> None:
    checked = check_portal(replace(MANAGED, certificate_id=72, certificate_name="old"), SUFFIX)

    assert checked.certificate_id is None
    assert checked.certificate_name == ""


def test_own_certificate_keeps_the_caller_s_domain() -> None:
    spec = replace(CUSTOM, ext_label="staff", ext_domain="example.com")

    checked = check_portal(spec, SUFFIX)

    assert checked.domain == "portal.example.com"
    assert checked.certificate_id == 72
    assert checked.ext_domain_name == "example-com.p.zscalerportal.net"


def test_checked_portal_stays_the_same_when_it_is_sent_back() -> None:
    for spec in (STAFF, MANAGED, CUSTOM):
        once = check_portal(spec, SUFFIX)

        assert check_portal(replace(once, managed_by_zs=None), SUFFIX) == replace(
            once, managed_by_zs=None
        )


def test_portal_without_certificate_or_word_is_managed() -> None:
    assert is_managed(STAFF)
    assert is_managed(replace(STAFF, certificate_id=7, managed_by_zs=True))
    assert not is_managed(replace(STAFF, certificate_id=7))
    assert not is_managed(CUSTOM)


@pytest.mark.parametrize(
    "spec",
    [
        replace(MANAGED, ext_label="-staff"),
        replace(MANAGED, ext_label="a" * 31, ext_domain="long-name-of-a-company.example.com"),
        replace(MANAGED, ext_domain="[2001:db8::1]"),
    ],
    ids=["hyphen first", "label over 63", "IPv6 address"],
)
def test_computed_domain_that_is_no_host_is_refused(spec: UserPortalSpec) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_portal(spec, SUFFIX)

    assert refusal.value.field in ("extLabel", "extDomain")


def test_computed_domains_are_hosts() -> None:
    checked = check_portal(replace(MANAGED, ext_domain="Sub.Example.com."), SUFFIX)

    assert check_host("domain", checked.domain) == checked.domain
    assert checked.domain == "tests-uport-vcr0003-Sub-Example-com.p.zscalerportal.net"


def test_canonical_name_is_for_portals_on_their_own_certificate() -> None:
    def stored(spec: UserPortalSpec) -> UserPortal:
        return UserPortal(
            **asdict(spec),
            customer_id=1,
            microtenant_id=0,
            id=7,
            creation_time=1,
            modified_time=1,
            modified_by=1,
        )

    assert canonical_name(stored(CUSTOM), SUFFIX) == "7.p.zscalerportal.net"
    assert canonical_name(stored(check_portal(MANAGED, SUFFIX)), SUFFIX) == ""
    assert canonical_name(stored(replace(CUSTOM, domain="")), SUFFIX) == ""
