"""Every page of the console: axe finds nothing, the policy holds, nothing overflows, any width."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from portico.domain.people.users import PortalUserSpec
from portico.services.access import operator_writing
from portico.services.people.groups import create_group
from portico.services.people.users import create_user
from portico.services.runtime import Runtime
from tests.harness import AUPS, LINKS, Tenant, as_operator
from tests.web.accessibility import COLOURS, RULES, take_scripts_away, violations
from tests.web.conftest import OpenTab
from tests.web.console.people import Desk, sit_down
from tests.web.console.places import places_of

pytestmark = pytest.mark.one_database
LONG = "Occupational Health and Safety Incident Reporting for the Eastern Treatment Works " * 3
WIDTHS = (390, 768, 1440)
LARGE_TEXT = "document.documentElement.style.fontSize = '200%'"
PRACTICES = (*RULES, "best-practice")
THEMES: tuple[tuple[Literal["light", "dark"], tuple[str, ...]], ...] = (
    ("light", PRACTICES),
    ("dark", COLOURS),
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def member_of(desk: Desk, name: str) -> tuple[int, int]:
    """The ids of a new user with a long name in a new group, and of the group."""

    async def make(runtime: Runtime) -> tuple[int, int]:
        async with operator_writing(runtime, int(desk.tenant.customer_id)) as work:
            group = await create_group(work, name)
            spec = PortalUserSpec(name="ines", display_name=LONG[:250], group_ids=(group.id,))
            return (await create_user(work, spec)).id, group.id

    return as_operator(desk.tenant.server.database, make)


def content_width(page: Page, width: int) -> int:
    """Return how wide the content is in a window of a width."""
    page.set_viewport_size({"width": width, "height": 900})
    wide: int = page.evaluate("document.documentElement.scrollWidth")
    return wide


def every_place(desk: Desk) -> list[str]:
    """The addresses of all pages, with something on each."""
    noticed = {"userNotification": "Closed.", "userNotificationEnabled": True}
    portal = desk.add_portal("Staff", domain="links.example.com", **noticed)
    shown = {"section": "Every day", "groups": ["Finance"]}
    on = {"userPortals": [{"id": portal}], "portico": shown, "linkPath": f"/{LONG}"}
    link = desk.add_link(LONG[:250], link="x.example", description=LONG, **on)
    desk.add_link("مرحبا", enabled=False)
    user, group = member_of(desk, LONG[:240])
    policy = desk.admin.create(AUPS, {"name": "Conditions", "aup": LONG})["id"]
    return places_of(portal=portal, link=link, policy=policy, user=str(user), group=str(group))


def test_axe_finds_nothing_on_any_page_and_none_scrolls_sideways(
    tenant: Tenant, tab: OpenTab
) -> None:
    # German has the longest words.
    desk = sit_down(tenant, tab(reduced_motion="reduce", locale="de-DE"))
    size = desk.page.viewport_size
    assert size
    found: dict[tuple[str, str], object] = {}
    for place in every_place(desk):
        desk.page.set_viewport_size(size)
        page = desk.open(place)
        # In the dark a page differs in its colours alone.
        for theme, rules in THEMES:
            page.emulate_media(color_scheme=theme)
            if wrong := violations(page, rules):
                found[place, theme] = wrong
        page.emulate_media(color_scheme="light")
        wide = [str(width) for width in WIDTHS if content_width(page, width) > width]
        # The size of text in the browser's settings, which the widths of windows do not follow.
        page.evaluate(LARGE_TEXT)
        wide += [f"{width}, large" for width in WIDTHS[2:] if content_width(page, width) > width]
        if wide:
            found[place, "wide"] = wide
    assert found == {}


def test_axe_finds_nothing_on_pages_without_scripts(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(reduced_motion="reduce", locale="de-DE"))
    places = every_place(desk)
    take_scripts_away(desk.page)
    found: dict[str, object] = {}
    for place in places:
        page = desk.open(place)
        wrong = violations(page, PRACTICES)
        wide = [str(width) for width in WIDTHS if content_width(page, width) > width]
        if wrong or wide:
            found[place] = (wrong, wide)
    assert found == {}


def test_axe_finds_nothing_in_what_asks_before_a_change(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(reduced_motion="reduce", viewport={"width": 390, "height": 844}))
    on = [{"id": desk.add_portal(LONG[:80])}]
    desk.add_link("Mail")
    link = desk.add_link(LONG[:250], link="x.example", userPortals=on)
    page = desk.page
    found = {}

    def look_at(state: str) -> None:
        found[state] = violations(page, PRACTICES)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, state

    for action in ("Portals…", "Section…", "Delete…"):
        desk.open("links")
        for box in page.locator(".pick").all():
            box.check()
        page.get_by_role("button", name=action).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        look_at(action)
    body = {"name": "Wiki", "link": "wiki.example"}
    assert desk.admin.put(f"{LINKS}/{link}", body).status_code == 204
    page.get_by_role("button", name="Delete 2 links").click()
    expect(page.get_by_text("One link changed after you opened this page")).to_be_visible()
    look_at("conflict")
    rows = [
        "name,url,description,portals,section,groups,enabled",
        f"Mail,wiki.example.com,,,,,yes\nWiki,new.example,{LONG},,{LONG[:80]},{LONG[:70]},no",
        f"{LONG[:200]},ftp://x,{LONG},{LONG[:79]},,,perhaps",
    ]
    desk.open("links/add-many")
    page.get_by_label("One link in a line").fill("\n".join(rows))
    page.get_by_role("button", name="Check the rows").click()
    expect(page.locator("tr[data-kind]")).to_have_count(3)
    for theme, _ in THEMES:
        page.emulate_media(color_scheme=theme)
        look_at(f"Add many, {theme}")
    desk.open("links/new")
    page.get_by_label("Host").fill("wiki.example")
    page.get_by_text("Confluence", exact=True).click()
    look_at("icons")
    assert not any(found.values()), found


def test_names_in_lists_have_room_on_a_phone(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(viewport={"width": 390, "height": 844}))
    every_place(desk)
    for place in ("links", "portals", "policies", "microtenants", "clients", "administrators"):
        for cell in desk.open(place).locator(".list-rows .link-cell").all():
            box = cell.bounding_box()
            assert box is not None, place
            assert box["width"] > 150, place


def test_every_page_has_the_policy_and_the_headers(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    for place in [*every_place(desk), "no/such/page", "links/12345"]:
        answer = desk.page.request.get(desk.url(place))
        assert answer.headers["content-security-policy"] == POLICY, place
        assert answer.headers["cache-control"] == "no-store", place
        assert answer.headers["referrer-policy"] == "same-origin", place
        assert answer.headers["content-type"] == "text/html; charset=utf-8", place
        text = answer.text()
        assert " style=" not in text, place
        assert "<script>" not in text, place
