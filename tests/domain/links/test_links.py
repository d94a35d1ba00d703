"""Rules of user portal links, and the address that a tile opens."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.domain.errors import InvalidField, InvalidInput, LinkLimitExceeded
from portico.domain.links.links import (
    ICON_LIMIT_BYTES,
    LINKS_PER_PORTAL,
    LinkSpec,
    check_link,
    check_portal_room,
    target_url,
)
from portico.domain.records import MAX_ID

WIKI = LinkSpec(name="Wiki", link="wiki.example.com")
PNG = "data:image/png;base64,iVBORw0KGgo="

ACCEPTED = {
    "required fields alone": WIKI,
    "name of 255": replace(WIKI, name="n" * 255),
    "name in any script": replace(WIKI, name="Übersicht 日本語 🎉 <b>&amp;"),
    "description of 2000": replace(WIKI, description="d" * 2_000),
    "description of several lines": replace(WIKI, description="one\r\n\ttwo\n"),
    "link path of 2048": replace(WIKI, link_path="/" + "p" * 2_047),
    "link path with a query and fragment": replace(WIKI, link_path="/a?b=c&d#e"),
    "https": replace(WIKI, protocol="https://"),
    "http": replace(WIKI, protocol="http://"),
    "icon": replace(WIKI, icon_text=PNG),
    "icon of any text": replace(WIKI, icon_text="<svg onload=x>\n\t\x01"),
    "largest icon": replace(WIKI, icon_text="i" * ICON_LIMIT_BYTES),
    "smallest application": replace(WIKI, application_id=1),
    "greatest application": replace(WIKI, application_id=MAX_ID),
    "enabled": replace(WIKI, enabled=True),
    "500 portals": replace(WIKI, portal_ids=tuple(range(1, 501))),
}

REFUSED = {
    "no name": ("name", replace(WIKI, name="")),
    "name of white space": ("name", replace(WIKI, name=" \t\u00a0\n")),
    "name over 255": ("name", replace(WIKI, name="n" * 256)),
    "name with a line feed": ("name", replace(WIKI, name="Wi\nki")),
    "name with a tab": ("name", replace(WIKI, name="Wi\tki")),
    "name with a zero byte": ("name", replace(WIKI, name="Wi\0ki")),
    "name with a control character": ("name", replace(WIKI, name="Wi\x85ki")),
    "name with half a surrogate pair": ("name", replace(WIKI, name="Wi\ud83dki")),
    "description over 2000": ("description", replace(WIKI, description="d" * 2_001)),
    "description with a zero byte": ("description", replace(WIKI, description="a\0b")),
    "description with an escape": ("description", replace(WIKI, description="\x1b[31m")),
    "over 500 portals": ("userPortals", replace(WIKI, portal_ids=tuple(range(1, 502)))),
    "no link": ("link", replace(WIKI, link="")),
    "link with a scheme": ("link", replace(WIKI, link="https://wiki.example.com")),
    "link with a path": ("link", replace(WIKI, link="wiki.example.com/a")),
    "link over 255": ("link", replace(WIKI, link="a." * 128)),
    "link path without a slash": ("linkPath", replace(WIKI, link_path="home")),
    "link path that starts with a space": ("linkPath", replace(WIKI, link_path=" /home")),
    "link path that continues the host": ("linkPath", replace(WIKI, link_path=".evil.example")),
    "link path that adds a user": ("linkPath", replace(WIKI, link_path="@evil.example")),
    "link path that adds a port": ("linkPath", replace(WIKI, link_path=":8443/home")),
    "link path of a query alone": ("linkPath", replace(WIKI, link_path="?a=b")),
    "link path over 2048": ("linkPath", replace(WIKI, link_path="/" + "p" * 2_048)),
    "link path with a line feed": ("linkPath", replace(WIKI, link_path="/a\nb")),
    "link path with a tab": ("linkPath", replace(WIKI, link_path="/a\tb")),
    "link path with half a pair": ("linkPath", replace(WIKI, link_path="/\udc00")),
    "script as protocol": ("protocol", replace(WIKI, protocol="javascript:")),
    "data as protocol": ("protocol", replace(WIKI, protocol="data:")),
    "file as protocol": ("protocol", replace(WIKI, protocol="file://")),
    "ftp as protocol": ("protocol", replace(WIKI, protocol="ftp://")),
    "protocol without its separator": ("protocol", replace(WIKI, protocol="https")),
    "protocol in capitals": ("protocol", replace(WIKI, protocol="HTTPS://")),
    "protocol with more": ("protocol", replace(WIKI, protocol="https://evil.example/")),
    "protocol with white space": ("protocol", replace(WIKI, protocol="https:// ")),
    "icon over 128 KiB": ("iconText", replace(WIKI, icon_text="i" * (ICON_LIMIT_BYTES + 1))),
    "icon over 128 KiB of UTF-8": (
        "iconText",
        replace(WIKI, icon_text="é" * (ICON_LIMIT_BYTES // 2 + 1)),
    ),
    "icon with a zero byte": ("iconText", replace(WIKI, icon_text="a\0b")),
    "icon with half a surrogate pair": ("iconText", replace(WIKI, icon_text="\ud83d")),
    "application zero": ("applicationId", replace(WIKI, application_id=0)),
    "negative application": ("applicationId", replace(WIKI, application_id=-1)),
    "application over 63 bits": ("applicationId", replace(WIKI, application_id=MAX_ID + 1)),
}


@pytest.mark.parametrize("spec", ACCEPTED.values(), ids=ACCEPTED)
def test_link_is_kept_as_it_is(spec: LinkSpec) -> None:
    assert check_link(spec) == spec


@pytest.mark.parametrize(("field", "spec"), REFUSED.values(), ids=REFUSED)
def test_link_that_breaks_a_rule_names_the_field(field: str, spec: LinkSpec) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_link(spec)

    assert refusal.value.params == (field,)
    assert refusal.value.code == "invalid.resource.argument"
    assert refusal.value.reason.startswith(f"One or more input fields {field} are not valid.")


def test_link_name_loses_the_white_space_around_it() -> None:
    checked = check_link(replace(WIKI, name=" \t Payroll  Office\u00a0\n"))

    assert checked.name == "Payroll  Office"


def test_link_name_is_limited_after_trimming() -> None:
    checked = check_link(replace(WIKI, name=" " * 300 + "n" * 255 + " " * 300))

    assert checked.name == "n" * 255


def test_link_portals_are_distinct_and_sorted() -> None:
    checked = check_link(replace(WIKI, portal_ids=(7, 3, 7, 5, 3)))

    assert checked.portal_ids == (3, 5, 7)


@given(
    st.builds(
        LinkSpec,
        name=st.text(),
        description=st.text(),
        icon_text=st.text(),
        link=st.one_of(st.just("wiki.example.com"), st.text()),
        link_path=st.one_of(st.just(""), st.text(), st.text().map("/".__add__)),
        protocol=st.one_of(st.sampled_from(("", "http://", "https://")), st.text(max_size=8)),
        application_id=st.none() | st.integers(),
    )
)
@settings(max_examples=300, deadline=None)
def test_checked_link_opens_its_own_host_over_http(spec: LinkSpec) -> None:
    try:
        checked = check_link(spec)
    except InvalidInput:
        return

    url = target_url(checked)
    assert url.isprintable()
    assert " " not in url
    assert urlsplit(url).scheme in ("http", "https")
    assert urlsplit(url).netloc == checked.link
    assert check_link(checked) == checked


@pytest.mark.parametrize(
    ("spec", "url"),
    [
        (WIKI, "https://wiki.example.com"),
        (replace(WIKI, protocol="https://"), "https://wiki.example.com"),
        (replace(WIKI, protocol="http://"), "http://wiki.example.com"),
        (replace(WIKI, link="10.0.0.1:8080", link_path="/"), "https://10.0.0.1:8080/"),
        (replace(WIKI, link="[2001:db8::1]:80"), "https://[2001:db8::1]:80"),
        (replace(WIKI, link_path="/a?b=c&d=%20e#f"), "https://wiki.example.com/a?b=c&d=%20e#f"),
        (replace(WIKI, link_path="/a b"), "https://wiki.example.com/a%20b"),
        (replace(WIKI, link_path="/ä"), "https://wiki.example.com/%C3%A4"),
        (replace(WIKI, link_path='/"<b>'), "https://wiki.example.com/%22%3Cb%3E"),
        (replace(WIKI, link_path="/\\evil"), "https://wiki.example.com/%5Cevil"),
        (replace(WIKI, link_path="/{id}"), "https://wiki.example.com/%7Bid%7D"),
        (replace(WIKI, link_path="/@me:x;v=1,2"), "https://wiki.example.com/@me:x;v=1,2"),
        (replace(WIKI, link_path="//evil.example"), "https://wiki.example.com//evil.example"),
    ],
)
def test_target_url_is_host_and_encoded_path(spec: LinkSpec, url: str) -> None:
    assert target_url(check_link(spec)) == url


def test_portal_room_ends_at_the_documented_limit() -> None:
    assert LINKS_PER_PORTAL == 500
    check_portal_room(7, 500)

    with pytest.raises(LinkLimitExceeded) as refusal:
        check_portal_room(7, 501)

    assert refusal.value.code == "portal.link.limit.exceeded"
    assert refusal.value.params == ("7",)
