"""What the templates are given: notices, initials, times, addresses, sections."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portico.domain.links.links import LinkSpec
from portico.domain.links.presentation import LinkPresentation, PortalSection, PresentedLink
from portico.domain.portals.activity import RecentLink
from portico.domain.portals.pages import PortalPage, PresentedPortal
from portico.web.portal.view import (
    ago,
    find_tiles,
    make_notice,
    make_recents,
    make_sections,
    make_tile,
    make_visitor,
    nearest_tile,
)
from portico.web.shared.branding import make_branding
from portico.web.shared.languages import load_language

ENGLISH = load_language("en")
NOON = 1_764_000_000 // 86_400 * 86_400 + 43_200  # a Monday
STAMPS: dict[str, Any] = {
    "customer_id": 1,
    "creation_time": 0,
    "modified_time": 0,
    "modified_by": 1,
}
PORTAL = PresentedPortal(
    **STAMPS, id=72, microtenant_id=0, name="Staff", page=PortalPage(slug="staff")
)


def link(name: str, *, id_: int = 1, **fields: Any) -> PresentedLink:  # noqa: ANN401
    spec = LinkSpec(name=name, link="wiki.example", **fields)
    values = {each: getattr(spec, each) for each in LinkSpec.__dataclass_fields__}
    return PresentedLink(**values, **STAMPS, id=id_, microtenant_id=0)


@pytest.mark.parametrize(
    ("text", "lead", "rest"),
    [
        ("Away on Friday.", "Away on Friday.", ""),
        ("Away on Friday. Save first.", "Away on Friday.", "Save first."),
        ("Version 2.1 is out", "Version 2.1 is out", ""),
        ("Notice:\nsave first", "Notice:", "save first"),
        ("a" * 200 + ". b", "a" * 200 + ". b", ""),
        ("  \n", None, None),
    ],
)
def test_notice_leads_with_its_first_sentence(
    text: str, lead: str | None, rest: str | None
) -> None:
    portal = replace(PORTAL, user_notification=text, user_notification_enabled=True)
    notice = make_notice(portal, 0)

    assert (notice.lead, notice.rest) == (lead, rest) if notice else lead is None
    assert make_notice(replace(portal, user_notification_enabled=False), 0) is None


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Ines Okafor", "IO"),
        ("ines", "I"),
        ("ines.okafor@example.com", "IC"),
        ("Maria del Carmen Ruiz", "MR"),
        ("(admin)", "?"),
        ("李 小龍", "李小"),
    ],
)
def test_visitor_has_initials(name: str, initials: str) -> None:
    assert make_visitor(name, "").initials == initials


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "Now"),
        (59, "Now"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "Today"),
        (43_200, "Today"),
        (43_201, "Yesterday"),
        (86_400 * 2, "Sat"),
        (86_400 * 6, "Tue"),
        (86_400 * 7, "17 November"),
    ],
)
def test_ago_is_as_few_words_as_tell_it(seconds: int, words: str) -> None:
    assert ago(NOON - seconds, NOON, ENGLISH) == words


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("", "wiki.example"),
        ("/", "wiki.example"),
        ("/a?b=c#d", "wiki.example/a?b=c#d"),
        ("/grün", "wiki.example/grün"),
        ("/\N{RIGHT-TO-LEFT OVERRIDE}gpj", "wiki.example/%E2%80%AEgpj"),
    ],
)
def test_address_is_host_and_path_to_read(path: str, address: str) -> None:
    assert make_tile(link("Wiki", link_path=path), "/p/staff").address == address


def test_face_is_titled_by_its_page_else_by_its_portal() -> None:
    plain = make_branding(PORTAL)
    titled = make_branding(replace(PORTAL, page=PortalPage(slug="staff", title="Meridian")))

    assert (plain.title, plain.subtitle) == ("Staff", "")
    assert (titled.title, titled.subtitle) == ("Meridian", "Staff")
    assert (plain.base, plain.home) == ("/p/staff", "/p/staff")
    assert make_branding(PORTAL, home="/").home == "/"
    assert make_branding(replace(PORTAL, page=PortalPage())).base == "/p/72"


def test_links_without_a_section_are_titled_only_beside_sections() -> None:
    loose = PortalSection(name="", links=(link("Wiki"),))
    named = PortalSection(name="Every day", links=(link("Mail"),))

    assert [each.heading for each in make_sections([loose], "/p/x", ENGLISH)] == [""]
    both = make_sections([named, loose], "/p/x", ENGLISH)
    assert [each.heading for each in both] == ["Every day", "Other links"]
    assert [tile.section for each in both for tile in each.tiles] == ["Every day", "Other links"]


def test_first_tiles_of_a_page_are_drawn_at_once() -> None:
    sections = [PortalSection(name=f"S{each}", links=(link("Wiki"),) * 15) for each in range(4)]
    made = make_sections(sections, "/p/x", ENGLISH)

    assert [each.first for each in made] == [15, 15, 6, 0]
    assert [len(each.tiles) for each in made] == [15] * 4


def test_picture_for_dark_needs_a_picture() -> None:
    dark = LinkPresentation(icon_is_dark=True)
    tile = make_tile(replace(link("Wiki", icon_text="no picture"), presentation=dark), "/p/x")

    assert tile.arch.picture == ""
    assert not tile.arch.for_dark


def test_recents_leave_out_what_is_not_there() -> None:
    tiles = {number: make_tile(link(f"L{number}", id_=number), "/p/x") for number in range(8)}
    opened = [RecentLink(link_id=number, time=NOON - number) for number in (9, 3, 1, 2, 7, 6, 5)]
    recents = make_recents(opened, tiles, NOON, ENGLISH)

    assert [each.tile.id for each in recents] == [3, 1, 2, 7, 6]


def test_found_tiles_are_in_parts_that_make_the_whole() -> None:
    tiles = [make_tile(link("Café", description="All in one"), "/p/x")]
    (found,) = find_tiles("cafe in", tiles)

    assert found.parts["name"] == (("Café", True),)
    assert found.parts["description"] == (("All ", False), ("in", True), (" one", False))
    assert "".join(text for text, _ in found.parts["address"]) == "wiki.example"
    assert nearest_tile("caffe", tiles) == tiles[0]
    assert nearest_tile("zzz", tiles) is None
