"""Portals at the console: made, arranged, dressed, opened to people, looked at as somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.harness import LINKS, PORTALS, Tenant
from tests.web.conftest import OpenTab
from tests.web.console.people import Desk, sit_down
from tests.web.keyboard import press, wait_for_scripts
from tests.web.portal.portals import many_links, names


def places(page: Page) -> list[str]:
    """The names of the links in their order."""
    wait_for_scripts(page)
    return page.locator(".order-row[data-id] .name").all_text_contents()


def with_three_links(desk: Desk) -> str:
    """A portal with three links in one section and one in another."""
    portal = desk.add_portal("Staff", portico={"audience": "public"})
    for place, name in enumerate(("Ada", "Bea", "Cy"), 1):
        shown = {"section": "First", "order": place}
        desk.add_link(name, userPortals=[{"id": portal}], portico=shown)
    desk.add_link("Di", userPortals=[{"id": portal}], portico={"section": "Second"})
    return portal


@pytest.mark.both_databases
def test_a_portal_is_made_and_people_find_its_link_at_once(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("portals/new")
    page.get_by_label("Name", exact=True).fill(f"Welcome {tenant.customer_id}")
    page.get_by_label("Everyone").check()
    page.get_by_role("button", name="Create portal").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    page.get_by_role("main").get_by_role("link", name="New link").click()
    page.get_by_label("Name", exact=True).fill("Wiki")
    page.get_by_label("Host").fill("wiki.example")
    page.get_by_role("button", name="Save link").click()
    visitor = tab().page
    visitor.goto(f"{tenant.server.url}/p/welcome-{tenant.customer_id}")
    assert names(visitor) == ["Wiki"]


def test_links_are_ordered_by_keys_across_sections(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = with_three_links(desk)
    page = desk.open(f"portals/{portal}")
    assert places(page) == ["Ada", "Bea", "Cy", "Di"]
    page.get_by_role("button", name="Move Ada", exact=True).focus()
    press(page, "Space", "ArrowDown")
    expect(page.locator("#says")).to_contain_text("Place 2 of 3 in First.")
    press(page, "Space")
    expect(desk.toast).to_contain_text("The order is saved.")
    assert places(desk.open(f"portals/{portal}")) == ["Bea", "Ada", "Cy", "Di"]
    page.get_by_role("button", name="Move Cy", exact=True).focus()
    press(page, "Space", "ArrowDown", "Space")
    expect(desk.toast).to_contain_text("The order is saved.")
    assert desk.links()["Cy"]["portico"]["section"] == "Second"  # type: ignore[index]
    page.get_by_role("button", name="Move Bea", exact=True).focus()
    press(page, "Space", "ArrowDown", "Escape")
    assert places(page)[0] == "Bea"
    visitor = tab().page
    visitor.goto(f"{tenant.server.url}/p/{portal}")
    assert names(visitor) == ["Bea", "Ada", "Cy", "Di"]


def test_links_are_ordered_by_dragging_and_put_back(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = with_three_links(desk)
    page = desk.open(f"portals/{portal}")
    grip = page.get_by_role("button", name="Move Cy", exact=True).bounding_box()
    top = page.locator(".order-row[data-id]").first.bounding_box()
    assert grip is not None
    assert top is not None
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(grip["x"] + 8, top["y"] + 20, steps=6)
    page.mouse.move(grip["x"] + 8, top["y"] + 3)
    page.mouse.up()
    expect(desk.toast).to_contain_text("The order is saved.")
    assert places(desk.open(f"portals/{portal}")) == ["Cy", "Ada", "Bea", "Di"]


@pytest.mark.both_databases
def test_sections_move_and_are_renamed_and_deleted_without_a_script(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab(java_script_enabled=False))
    portal = with_three_links(desk)
    page = desk.open(f"portals/{portal}")
    second = page.locator(".order-section").nth(1)
    second.locator("summary", has_text="More for the section Second").click()
    second.locator(".order-head").get_by_role("button", name="Move up").click()
    assert places(page) == ["Di", "Ada", "Bea", "Cy"]
    first = page.locator(".order-section").first
    first.locator("summary", has_text="More for the section Second").click()
    first.get_by_label("Name of the section").fill("Daily")
    first.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="Daily")).to_be_visible()
    bea = page.locator(".order-row[data-id]", has_text="Bea")
    bea.get_by_role("link", name="More").click()
    bea.get_by_role("button", name="Move up").click()
    assert places(page) == ["Di", "Bea", "Ada", "Cy"]
    page.locator("summary", has_text="More for the section Daily").click()
    page.get_by_role("link", name="Delete…").first.click()
    page.get_by_role("button", name="Delete section").click()
    assert desk.links()["Di"].get("portico", {}).get("section") is None  # type: ignore[attr-defined]


def test_a_portal_of_500_links_is_light_and_each_row_has_its_menu(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff", portico={"audience": "public"})
    made = desk.admin.post(f"{LINKS}/bulk", {"userPortalLinks": many_links(portal, 500)})
    assert made.status_code == 201, made.text
    page = desk.open(f"portals/{portal}")
    sent = desk.page.request.get(desk.url(f"portals/{portal}")).body()
    assert 100_000 < len(sent) < 300_000
    row = page.locator(".order-row[data-id]", has_text="number 13 of")
    row.get_by_role("link", name="More for Link number 13 of a large portal").click()
    expect(row.get_by_role("button", name="Section 1", exact=True)).to_have_count(0)
    row.get_by_role("button", name="Section 2", exact=True).click()
    moved = page.get_by_role("region", name="Section 2", exact=True)
    expect(moved.locator(".order-row[data-id]", has_text="number 13 of")).to_have_count(1)


def test_a_name_that_a_section_has_is_refused_beside_it(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open(f"portals/{with_three_links(desk)}")
    page.get_by_label("Name of a new section").fill("first")
    page.get_by_role("button", name="Add section").click()
    expect(page.locator("#section-new-wrong")).to_contain_text("is already taken")
    expect(page.get_by_label("Name of a new section")).to_have_value("first")
    expect(page.get_by_role("alert")).to_contain_text("One field needs a change")
    page.get_by_label("Name of a new section").fill("Third")
    page.get_by_role("button", name="Add section").click()
    expect(page.locator("#section-new-wrong")).to_have_count(0)
    second = page.locator(".order-section", has=page.get_by_role("heading", name="Second"))
    second.locator("summary", has_text="More for the section Second").click()
    second.get_by_label("Name of the section").fill("FIRST")
    second.get_by_role("button", name="Rename").click()
    expect(second.get_by_text("is already taken")).to_be_visible()
    expect(second.get_by_label("Name of the section")).to_have_value("FIRST")
    second.get_by_label("Name of the section").fill("Daily")
    second.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="Daily")).to_be_visible()


def test_appearance_takes_pictures_and_readable_colours_alone(
    tenant: Tenant, tab: OpenTab, tmp_path: Path
) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    Image.new("RGB", (900, 300), "#334455").save(tmp_path / "logo.webp")
    page = desk.open(f"portals/{portal}/appearance")
    page.get_by_label("Title").fill("Home of Meridian")
    page.locator("#logo").set_input_files(tmp_path / "logo.webp")
    page.locator("#accent").fill("#ffee00")
    page.get_by_role("button", name="Save appearance").click()
    expect(page.locator("#accent-wrong")).to_contain_text("contrast")
    page.locator("#accent-wrong").get_by_role("button").click()
    page.locator("#logo").set_input_files(tmp_path / "logo.webp")
    page.get_by_role("button", name="Save appearance").click()
    expect(desk.toast).to_contain_text("Changed Staff.")
    stored = desk.portal(portal)
    assert str(stored["imageData"]).startswith("data:image/png;base64,")
    assert stored["portico"]["title"] == "Home of Meridian"  # type: ignore[index]
    page.get_by_role("button", name="Undo").click()
    expect(desk.toast).to_contain_text("as it was")
    assert "imageData" not in desk.portal(portal)


def test_access_and_notice_reach_the_visitor(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    page = desk.open(f"portals/{portal}/notice")
    page.get_by_role("textbox", name="Notice").fill("The <b>north</b> lift is closed.")
    expect(page.locator("[data-look=notice]")).to_have_text("The <b>north</b> lift is closed.")
    page.get_by_role("switch", name="Show the notice").check()
    page.get_by_role("button", name="Save notice").click()
    expect(desk.toast).to_be_visible()
    page = desk.open(f"portals/{portal}/access")
    page.get_by_label("Everyone").check()
    page.get_by_label("Short address").fill("12345")
    page.get_by_role("button", name="Save access").click()
    expect(page.locator("#slug-wrong")).to_contain_text("not only digits")
    page.get_by_label("Short address").fill(f"s{tenant.customer_id}")
    page.get_by_role("button", name="Save access").click()
    expect(desk.toast).to_be_visible()
    visitor = tab().page
    visitor.goto(f"{tenant.server.url}/p/s{tenant.customer_id}")
    expect(visitor.get_by_text("The <b>north</b> lift is closed.")).to_be_visible()


@pytest.mark.both_databases
def test_a_portal_changed_in_between_is_shown(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    page = desk.open(f"portals/{portal}/notice")
    body = desk.portal(portal) | {"userNotification": "Theirs"}
    assert desk.admin.put(f"{PORTALS}/{portal}", body).status_code == 204
    page.get_by_role("textbox", name="Notice").fill("Mine")
    page.get_by_role("button", name="Save notice").click()
    expect(page.get_by_role("alert")).to_contain_text("Theirs")
    page.get_by_role("button", name="Save notice").click()
    expect(desk.toast).to_be_visible()
    assert desk.portal(portal)["userNotification"] == "Mine"


@pytest.mark.both_databases
def test_preview_shows_what_a_group_and_a_user_see(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    desk.add_link("All", userPortals=[{"id": portal}])
    desk.add_link("Money", userPortals=[{"id": portal}], portico={"groups": ["Finance"]})
    page = desk.open(f"portals/{portal}/preview")
    expect(page.locator(".preview-tiles b")).to_have_text(["All"])
    page.get_by_label("Member of").select_option("Finance")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("A member of Finance sees 2 of the 2 links shown now.")).to_be_visible()
    expect(page.locator(".preview-tiles b")).to_have_text(["All", "Money"])


def test_a_portal_with_links_is_not_deleted(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = with_three_links(desk)
    page = desk.open(f"portals/{portal}/delete")
    page.get_by_role("button", name="Delete portal").click()
    expect(page.get_by_role("alert")).to_have_text(
        'The link "Ada" still uses it. Change or delete that first.'
    )
    empty = desk.add_portal("Empty")
    page = desk.open(f"portals/{empty}/delete")
    page.get_by_role("button", name="Delete portal").click()
    expect(desk.toast).to_contain_text("Deleted Empty.")


def test_access_says_whether_the_domain_opens_the_portal(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    domain = f"links.{tenant.customer_id}.example"
    page = desk.open(f"portals/{portal}/access")
    hint = page.locator("#domain-hint")
    expect(hint).to_contain_text("The operator of this server has to allow it.")
    page.get_by_label("Own domain").fill(domain)
    page.get_by_role("button", name="Save access").click()
    expect(hint).to_contain_text(f"{domain} does not open this portal")
    expect(page.locator(".command code")).to_have_text(
        f"portico domain allow {domain} --customer {tenant.customer_id}"
    )
    expect(page.locator(".facts")).to_contain_text("does not open this portal")
    expect(page.locator(".facts")).not_to_contain_text("CNAME")

    tenant.allow_domain(domain)
    page = desk.open(f"portals/{portal}/access")
    expect(hint).to_contain_text(f"{domain} opens this portal.")
    expect(page.locator(".command")).to_have_count(0)
    expect(desk.open("portals").locator(".rows")).to_contain_text(domain)
    expect(desk.open("audit").locator("main")).to_contain_text(domain)

    second = desk.add_portal("Second", domain=domain)
    desk.open(f"portals/{second}/access")
    expect(hint).to_contain_text(f"{domain} opens the portal Staff, which had it first.")
    expect(desk.open("portals").locator(f"#portal-{second}")).not_to_contain_text(domain)
