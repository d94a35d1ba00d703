"""Nothing of the console is out of place: what sticks, opens inside the window, is round."""

from __future__ import annotations

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.harness import LINKS, Tenant
from tests.web.conftest import OpenTab
from tests.web.console.people import sit_down
from tests.web.portal.portals import many_links, wait_for_value

pytestmark = pytest.mark.one_database
TOP_LEFT = "(it) => getComputedStyle(it).borderStartStartRadius"


def box_of(place: Locator) -> FloatRect:
    """Where something is in the window."""
    box = place.bounding_box()
    assert box is not None
    return box


def test_bars_and_heads_stick_and_menus_stay_in_the_window(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(viewport={"width": 1440, "height": 600}))
    portal = desk.add_portal("Staff")
    made = desk.admin.post(f"{LINKS}/bulk", {"userPortalLinks": many_links(portal, 50)})
    assert made.status_code == 201, made.text
    page = desk.open("links")
    page.mouse.wheel(0, 1500)
    wait_for_value(page, "scrollY > 1200", True)
    assert box_of(page.locator(".bar"))["y"] == 0
    assert box_of(page.locator("thead th").nth(1))["y"] == box_of(page.locator(".bar"))["height"]
    page.evaluate("scrollTo(0, 0)")
    for width in (1440, 1160, 900):
        page.set_viewport_size({"width": width, "height": 600})
        for menu in page.locator("details.filter").all():
            menu.locator("summary").click()
            panel = box_of(menu.locator(".menu-panel"))
            assert panel["x"] >= 0, width
            assert panel["x"] + panel["width"] <= width
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    page = desk.open("clients")
    assert page.locator("thead tr > :first-child").evaluate(TOP_LEFT) == "12px"
    for place in ("users/new", "administrators/new", "clients/new"):
        assert box_of(desk.open(place).locator("form.sheet"))["width"] <= 560, place
    page = desk.open("links/new")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_label("Name", exact=True).fill("N" * 200)
    arch = box_of(page.locator(".tile-look .arch").first)
    assert (arch["width"], round(arch["height"])) == (44, 49)


def test_filters_of_a_list_share_one_line(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(viewport={"width": 768, "height": 900}, locale="de-DE"))
    desk.add_link("Wiki", userPortals=[{"id": desk.add_portal("Staff")}])
    places = (("links", ".filter"), ("links?q=nothing", ".filter"), ("audit", ".narrow-select"))
    for place, filters in places:
        page = desk.open(place)
        for width in (768, 900, 1120):
            page.set_viewport_size({"width": width, "height": 900})
            tops = {box_of(each)["y"] for each in page.locator(filters).all()}
            assert len(tops) == 1, (place, width)


def test_bar_of_the_selection_has_room_for_long_words(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(locale="de-DE"))
    desk.add_link("Wiki")
    page = desk.open("links")
    page.locator(".pick").check()
    bar = page.get_by_role("toolbar")
    for width, text in ((360, 100), (768, 100), (1120, 100), (1440, 200)):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(f"document.documentElement.style.fontSize = '{text}%'")
        end = box_of(bar)["x"] + box_of(bar)["width"]
        for button in bar.get_by_role("button").all():
            assert box_of(button)["x"] + box_of(button)["width"] <= end, (width, text)


def test_long_words_and_names_have_room_on_a_phone(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(viewport={"width": 360, "height": 844}, locale="es-ES"))
    shown = {"section": "Every day", "groups": ["Finance"]}
    portal = desk.add_portal("Staff")
    on = {"userPortals": [{"id": portal}], "portico": shown, "enabled": False}
    desk.add_link("Contracts register", **on)
    for place in ("administrators/new", "users/new", "links?q=nothing"):
        for button in desk.open(place).locator(".btn:visible").all():
            assert button.evaluate("(it) => it.scrollWidth <= it.clientWidth + 1"), place
    desk.add_portal(
        "Betriebssicherheitsverordnungen und Arbeitsschutzunterweisungen", enabled=False
    )
    page = desk.open()
    expect(page.get_by_text("Arbeitsschutzunterweisungen").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    name = desk.open(f"portals/{portal}").locator(".order-row .name")
    assert box_of(name)["width"] >= 100


def test_counts_of_the_navigation_stand_in_one_column(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(viewport={"width": 1440, "height": 900}))
    desk.add_link("Wiki", userPortals=[{"id": desk.add_portal("Staff")}])
    navigation = desk.open().get_by_role("navigation", name="Console", exact=True)
    boxes = [box_of(each) for each in navigation.locator(".count").all()]
    assert len(boxes) == 4
    assert len({round(box["x"] + box["width"]) for box in boxes}) == 1


def test_a_phone_has_room_for_fingers_and_shows_the_chosen_tab(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab(viewport={"width": 390, "height": 844}))
    portal = desk.add_portal("Staff")
    desk.add_link("Wiki", userPortals=[{"id": portal}])
    page = desk.open(f"portals/{portal}/history")
    chosen = box_of(page.locator(".tabs [aria-current]"))
    assert chosen["x"] >= 0
    assert chosen["x"] + chosen["width"] <= 390
    page = desk.open("links")
    table = box_of(page.locator("#links .sheet"))
    assert table["x"] == 390 - table["x"] - table["width"] == 16
    page.locator("details.filter summary").first.click()
    panel = page.locator("details.filter[open] .menu-panel")
    sheet = box_of(panel)
    assert (sheet["x"], sheet["width"], sheet["y"] + sheet["height"]) == (0, 390, 844)
    assert min(box_of(row)["height"] for row in panel.locator("a").all()) >= 44
