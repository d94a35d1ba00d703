"""Existing links come to a portal: on its page, when it is made, and back off it from their row."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.harness import LINKS, PORTALS, Tenant
from tests.http.bodies import create_bulk, link
from tests.web.clicks import clicks_of, count_clicks
from tests.web.conftest import OpenTab
from tests.web.console.clerks import hire
from tests.web.console.people import Desk, sit_down
from tests.web.keyboard import press, type_text, wait_for_scripts


def on_portal(desk: Desk, portal: str) -> set[str]:
    """The names of the links on a portal."""
    found = desk.admin.get(f"{LINKS}/userPortal/{portal}", pagesize=500).json()
    return {each["name"] for each in found.get("list", [])}


def rows(page: Page) -> list[str]:
    """The names of the links on the page of a portal."""
    wait_for_scripts(page)
    return page.locator(".order-row[data-id] .name").all_text_contents()


@pytest.mark.both_databases
def test_existing_links_are_found_and_added_together(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    desk.add_link("Payslips", userPortals=[{"id": portal}])
    for name in ("Pay desk", "Payroll", "Wiki", "Mail"):
        desk.add_link(name)
    page = desk.open(f"portals/{portal}")
    page.get_by_role("link", name="Add links").click()
    boxes = page.get_by_role("list", name="Links").get_by_role("checkbox")
    expect(boxes).to_have_count(4)
    add = page.get_by_role("button", name="Add to this portal")
    expect(add).to_be_disabled()
    page.get_by_label("Wiki").check()
    page.get_by_label("Find by name, description or host").fill("pay")
    expect(page.get_by_text("2 links match")).to_be_visible()
    # What is ticked stays, whatever somebody looks for.
    expect(boxes).to_have_count(3)
    expect(page.get_by_label("Wiki")).to_be_checked()
    page.get_by_role("button", name="Tick all of these").click()
    expect(page.get_by_text("3 links are ticked.")).to_be_visible()
    add.click()
    expect(desk.toast).to_contain_text("Changed 3 links.")
    assert rows(page) == ["Pay desk", "Payroll", "Payslips", "Wiki"]
    page.get_by_role("button", name="Undo").click()
    expect(desk.toast).to_contain_text("as it was")
    assert on_portal(desk, portal) == {"Payslips"}


def test_a_portal_takes_no_more_links_than_it_has_room_for(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    create_bulk(desk.admin, [link(f"On {number}") for number in range(499)], portal)
    off = create_bulk(desk.admin, [link(f"Off {number}") for number in range(120)])
    page = desk.open(f"portals/{portal}/add-links")
    expect(page.get_by_text("The first 100 of 120. Type to find others.")).to_be_visible()
    page.get_by_role("button", name="Tick all of these").click()
    words = "100 links are ticked. There is room for 1 more on this portal, so untick some."
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.get_by_role("button", name="Add to this portal")).to_be_disabled()
    clerk, place = hire(tenant), f"portals/{portal}/add-links"
    refused = clerk.post(place, link=[each["id"] for each in off[:2]])
    assert refused.status_code == 422
    assert "This one has room for 1 more link, and you ticked 2." in refused.text
    assert "Tick the links to add." in clerk.post(place).text
    assert clerk.post(place, link=off[0]["id"]).status_code == 303
    desk.open(place)
    expect(page.get_by_role("heading", name="This portal is full")).to_be_visible()


def test_without_a_script_links_are_found_and_added(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(java_script_enabled=False))
    portal = desk.add_portal("Staff")
    for name in ("Payroll", "Wiki"):
        desk.add_link(name)
    page = desk.open(f"portals/{portal}/add-links")
    page.get_by_label("Wiki").check()
    page.get_by_label("Find by name, description or host").fill("pay")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_label("Wiki")).to_be_checked()
    page.get_by_label("Payroll").check()
    page.get_by_role("button", name="Add to this portal").click()
    assert on_portal(desk, portal) == {"Payroll", "Wiki"}


@pytest.mark.both_databases
def test_a_portal_is_created_with_existing_links_in_four_clicks(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    for name in ("Pay desk", "Payroll", "Wiki"):
        desk.add_link(name)
    count_clicks(desk.page)
    page = desk.open()
    page.get_by_role("link", name="Portals").first.click()
    page.get_by_role("link", name="New portal").first.click()
    page.get_by_label("Name", exact=True).fill(f"Finance {tenant.customer_id}")
    page.get_by_label("Find by name, description or host").focus()
    type_text(page, "pay")
    expect(page.get_by_text("2 links match")).to_be_visible()
    # Enter ticks the first match, and creates nothing yet.
    press(page, "Enter")
    expect(page.get_by_text("1 link is ticked.")).to_be_visible()
    page.get_by_role("button", name="Tick all of these").click()
    page.get_by_role("button", name="Create portal").click()
    expect(desk.toast).to_contain_text(f"Added Finance {tenant.customer_id}.")
    assert rows(page) == ["Pay desk", "Payroll"]
    assert clicks_of(page) == 4
    page.get_by_role("button", name="Undo").click()
    expect(desk.toast).to_contain_text("as it was")
    # The page of the portal is gone, so the list follows.
    expect(page.get_by_text("No portal yet")).to_be_visible()
    assert desk.admin.get(PORTALS).json().get("list", []) == []


def test_a_link_is_disabled_edited_and_taken_off_in_its_row(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    wiki = desk.add_link("Wiki", userPortals=[{"id": portal}])
    page = desk.open(f"portals/{portal}")

    def choose(action: str) -> None:
        wait_for_scripts(page)
        page.get_by_role("link", name="More for Wiki").click()
        page.get_by_role("button", name=action).click()

    choose("Disable")
    expect(desk.toast).to_contain_text("Disabled Wiki.")
    page.get_by_role("button", name="Undo").click()
    expect(desk.toast).to_contain_text("as it was")
    assert desk.link(wiki)["enabled"] is True
    choose("Disable")
    expect(desk.toast).to_contain_text("Disabled Wiki.")
    choose("Enable")
    expect(desk.toast).to_contain_text("Enabled Wiki.")
    choose("Take off this portal")
    expect(page.get_by_text("No link on this portal yet")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(desk.toast).to_contain_text("as it was")
    page.get_by_role("link", name="More for Wiki").click()
    page.get_by_role("link", name="Edit").click()
    page.wait_for_url(f"**/links/{wiki}")


def test_the_list_of_portals_opens_and_copies_the_address_that_works(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    slug, domain = f"staff-{tenant.customer_id}", f"crew.{tenant.customer_id}.example"
    tenant.allow_domain(domain)
    desk.add_portal("Staff", portico={"slug": slug, "audience": "public"})
    crew = desk.add_portal("Crew", domain=domain, certificateId="7")
    off = desk.add_portal("Closed", enabled=False)
    page = desk.open("portals")
    address = f"{tenant.server.url}/p/{slug}"
    expect(page.get_by_role("link", name="Open Staff")).to_have_attribute("href", address)
    page.get_by_role("button", name="Copy the address of Staff").click()
    expect(page.locator("#says")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == address
    own = page.get_by_role("link", name="Open Crew")
    expect(own).to_have_attribute("href", f"https://{domain}")
    expect(page.locator(f"#portal-{off}").get_by_role("link", name="Open")).to_have_count(0)

    # The target of its DNS stands where the text says.
    desk.open(f"portals/{crew}/access")
    expect(page.locator("#domain-hint")).to_contain_text("Its CNAME target is below.")
    expect(page.locator(".command code")).to_contain_text(f"{crew}.")


def test_a_group_gets_a_private_link_in_four_clicks(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_portal("Staff")
    assert hire(tenant).post("groups", name="Finance").status_code == 303
    count_clicks(desk.page)
    page = desk.open()
    page.get_by_role("link", name="Portals").first.click()
    page.get_by_role("link", name="Staff", exact=True).click()
    page.get_by_role("main").get_by_role("link", name="New link").click()
    page.get_by_label("Name", exact=True).fill("Ledger")
    page.get_by_label("Host").fill("ledger.example")
    page.locator("[data-picker=groups] [role=combobox]").focus()
    type_text(page, "fin")
    press(page, "Enter")
    page.get_by_role("button", name="Save link").click()
    expect(desk.toast).to_contain_text("Added Ledger.")
    assert clicks_of(page) == 4
    stored = desk.links()["Ledger"]
    assert stored["portico"]["groups"] == ["Finance"]  # type: ignore[index]
    assert [each["name"] for each in stored["userPortals"]] == ["Staff"]  # type: ignore[attr-defined]
