"""The list of links in a browser: found, switched, changed together, put back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portico.domain.tenancy.identity import Role
from tests.harness import LINKS, Tenant
from tests.web.conftest import OpenTab
from tests.web.console.people import Desk, sit_down
from tests.web.frames import first_and_last, watch_frames
from tests.web.keyboard import press, type_text, wait_for_scripts


def shown(page: Page) -> list[str]:
    """The names in the list, in its order."""
    wait_for_scripts(page)
    return page.locator("tbody a.name").all_text_contents()


def select(page: Page, *names: str) -> None:
    """Ticks the boxes of links."""
    for name in names:
        page.get_by_label(f"Select {name}", exact=True).check()


def test_list_narrows_as_one_types_and_keeps_it_in_the_address(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    for name in ("Payslips", "Wiki", "Pay desk 100", "pay desk 20"):
        desk.add_link(name)
    page = desk.open("links")
    everything = ["pay desk 20", "Pay desk 100", "Payslips", "Wiki"]
    assert shown(page) == everything
    heading = page.locator(".head .count")
    expect(heading).to_have_text("4")
    press(page, "/")
    type_text(page, "pay")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(heading).to_have_text("3")
    page.wait_for_url("**q=pay*")
    page.reload()
    assert shown(page) == everything[:3]
    expect(heading).to_have_text("3")
    page.get_by_role("link", name="Clear").click()
    assert shown(page) == everything
    page.get_by_role("link", name="Name", exact=True).click()
    assert shown(page) == everything[::-1]


@pytest.mark.both_databases
def test_filters_by_portal_section_and_state_sort_and_page(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    desk.add_link("Wiki", userPortals=[{"id": portal}], portico={"section": "Every day"})
    desk.add_link("Mail", enabled=False)
    page = desk.open("links")
    page.get_by_text("Portal", exact=True).click()
    page.get_by_role("link", name="Staff").click()
    assert shown(page) == ["Wiki"]
    page.get_by_role("link", name="Remove this filter").click()
    page.get_by_text("State", exact=True).click()
    page.get_by_role("link", name="Disabled").click()
    assert shown(page) == ["Mail"]
    page.get_by_role("link", name="Remove this filter").click()
    page.get_by_text("Section", exact=True).first.click()
    page.get_by_role("link", name="Every day").click()
    assert shown(page) == ["Wiki"]
    page.goto(desk.url("links"))
    page.get_by_role("link", name="Name", exact=True).click()
    assert shown(page) == ["Wiki", "Mail"]


def test_many_links_come_in_pages(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    entries = [{"name": f"Link {n:03}", "link": "x.example", "enabled": True} for n in range(120)]
    assert desk.admin.post(f"{LINKS}/bulk", {LINKS + "s": entries}).status_code == 201
    page = desk.open("links")
    expect(page.get_by_text("1\N{EN DASH}50 of 120 links")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    assert shown(page)[0] == "Link 050"
    press(page, "j", "x")
    page.get_by_role("button", name="Select all 120").click()
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Disable 120 links")).to_be_enabled()
    page.get_by_role("button", name="Disable 120 links").click()
    expect(desk.toast).to_contain_text("Disabled 120 links.")
    assert not any(each.get("enabled") for each in desk.links().values())


def test_filter_is_drawn_a_frame_before_many_rows(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    entries = [{"name": f"Link {n:03}", "link": "x.example"} for n in range(60)]
    assert desk.admin.post(f"{LINKS}/bulk", {LINKS + "s": entries}).status_code == 201
    watch_frames(desk.page, "#found-links", "contentVisibility")
    page = desk.open("links")
    assert first_and_last(page) == ("hidden", "visible")
    # Rows that replace others, as while one types, are there at once.
    page.evaluate(
        """document.addEventListener("htmx:afterSwap", () => {
            window.swapped = getComputedStyle(document.getElementById("found-links"))
                .contentVisibility;
        })"""
    )
    press(page, "/")
    type_text(page, "Link 0")
    page.wait_for_url("**q=Link*")
    assert page.evaluate("swapped") == "visible"
    assert len(shown(page)) == 50


def test_no_more_links_are_offered_than_are_changed(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    entries = [{"name": f"Link {n:03}", "link": "x.example"} for n in range(501)]
    for part in (entries[:500], entries[500:]):
        assert desk.admin.post(f"{LINKS}/bulk", {LINKS + "s": part}).status_code == 201
    page = desk.open("links")
    page.get_by_label("Select Link 000").check()
    page.get_by_role("button", name="Select the first 500 of 501").click()
    expect(page.locator("[data-selected]")).to_have_text("500 selected")
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_text("the first 500 are changed at once")).to_be_visible()
    expect(page.get_by_role("button", name="Enable 500 links")).to_be_enabled()


def test_the_bulk_bar_is_in_sight_wherever_the_list_stands(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(viewport={"width": 1440, "height": 600}))
    entries = [{"name": f"Link {n:03}", "link": "x.example"} for n in range(40)]
    assert desk.admin.post(f"{LINKS}/bulk", {LINKS + "s": entries}).status_code == 201
    page = desk.open("links")
    page.get_by_label("Select Link 000").check()
    expect(page.locator(".bulk")).to_be_in_viewport(ratio=1)


def test_a_link_is_switched_in_its_row_and_put_back(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    link = desk.add_link("Wiki")
    page = desk.open("links")
    switch = page.get_by_role("switch", name="Wiki enabled")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(desk.toast).to_contain_text("Disabled Wiki.")
    assert "enabled" not in desk.link(link) or desk.link(link)["enabled"] is False
    page.get_by_role("button", name="Undo").click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(desk.toast).to_contain_text("It is as it was before.")
    assert desk.link(link)["enabled"] is True


def test_keys_walk_select_and_switch(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    for name in ("Ada", "Bea", "Cy", "Di"):
        desk.add_link(name)
    page = desk.open("links")
    press(page, "j", "j", "x", "Shift+ArrowDown")
    expect(page.locator("[data-selected]")).to_have_text("2 selected")
    press(page, "Escape")
    expect(page.locator(".bulk")).to_be_hidden()
    press(page, "e")
    expect(page.get_by_role("switch", name="Cy enabled")).to_have_attribute("aria-checked", "false")
    press(page, "k", "Enter")
    page.wait_for_url("**/links/*")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Bea")


@pytest.mark.both_databases
def test_links_are_put_on_portals_after_a_preview(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    staff, crew, board = (desk.add_portal(name) for name in ("Staff", "Crew", "Board"))
    spare = [desk.add_portal(f"Spare {number}") for number in range(7)]
    desk.add_link("Wiki", userPortals=[{"id": staff}, {"id": board}])
    desk.add_link("Mail", userPortals=[{"id": board}, {"id": spare[0]}])
    page = desk.open("links")
    select(page, "Wiki", "Mail")
    page.get_by_role("button", name="Portals…").click()
    dialog = page.get_by_role("dialog")
    boxes = dialog.get_by_role("checkbox").filter(visible=True)
    expect(boxes).to_have_count(10)
    # Portals of the links come first; those of some links stay as they are until they are chosen.
    expect(dialog.get_by_text("on 1 of 2")).to_have_count(2)
    expect(dialog.get_by_label("Board")).to_be_checked()
    expect(dialog.get_by_label("Staff", exact=True)).to_be_checked(indeterminate=True)
    expect(dialog.get_by_label("Crew")).not_to_be_checked()
    expect(dialog.get_by_role("button", name="Change 0 links")).to_be_disabled()
    dialog.get_by_label("Find a portal").fill("cre")
    expect(boxes).to_have_count(1)
    dialog.get_by_label("Crew").check()
    expect(dialog).to_contain_text("2 links change. Crew: 0 links, then 2.")
    expect(dialog.get_by_label("Find a portal")).to_have_value("cre")
    dialog.get_by_label("Find a portal").fill("")
    # Three states: on all, on none, as it is.
    staff_box = dialog.get_by_label("Staff", exact=True)
    staff_box.click()
    expect(dialog).to_contain_text("Staff: 1 link, then 2.")
    staff_box.click()
    expect(dialog).to_contain_text("Staff: 1 link, then 0.")
    staff_box.click()
    expect(staff_box).to_be_checked(indeterminate=True)
    expect(dialog).not_to_contain_text("Staff: ")
    dialog.get_by_label("Board").uncheck()
    expect(dialog).to_contain_text("Board: 2 links, then 0.")
    dialog.get_by_role("button", name="Change 2 links").click()
    expect(desk.toast).to_contain_text("Changed")
    on = {name: {p["id"] for p in each["userPortals"]} for name, each in desk.links().items()}  # type: ignore[attr-defined]
    assert on == {"Wiki": {crew, staff}, "Mail": {crew, spare[0]}}
    page.get_by_role("button", name="Undo").click()
    expect(desk.toast).to_contain_text("as it was")
    assert {p["id"] for p in desk.links()["Mail"]["userPortals"]} == {board, spare[0]}  # type: ignore[attr-defined]


def test_without_a_script_links_leave_a_portal_that_shows_some(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab(java_script_enabled=False))
    on = [{"id": desk.add_portal(name)} for name in ("Staff", "Crew")]
    desk.add_link("Wiki", userPortals=on)
    desk.add_link("Mail")
    page = desk.open("links")
    select(page, "Wiki", "Mail")
    page.get_by_role("button", name="Portals…").click()
    page.get_by_label("Take off Staff").check()
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_text("Staff: 1 link, then 0.")).to_be_visible()
    page.get_by_role("button", name="Change 1 link").click()
    assert [p["name"] for p in desk.links()["Wiki"]["userPortals"]] == ["Crew"]  # type: ignore[attr-defined]


@pytest.mark.both_databases
def test_links_move_to_a_section_that_was_chosen(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_link("Wiki", portico={"section": "Every day"})
    page = desk.open("links")
    select(page, "Wiki")
    page.get_by_role("button", name="Section…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Change 0 links")).to_be_disabled()
    expect(dialog).to_contain_text('Choose a section, or "No section".')
    section = dialog.get_by_role("combobox", name="Section")
    section.fill("Dai")
    expect(dialog.get_by_role("button", name="Change 0 links")).to_be_disabled()
    section.fill("Daily")
    dialog.get_by_role("option", name='Create section "Daily"').click()
    expect(dialog).to_contain_text("The section Daily is created.")
    dialog.get_by_role("button", name="Change 1 link").click()
    expect(desk.toast).to_contain_text("Moved Wiki.")
    assert desk.links()["Wiki"]["portico"]["section"] == "Daily"  # type: ignore[index]
    select(page, "Wiki")
    page.get_by_role("button", name="Section…").click()
    section.click()
    dialog.get_by_role("option", name="No section").click()
    dialog.get_by_role("button", name="Change 1 link").click()
    expect(desk.toast).to_contain_text("Moved Wiki.")
    assert not desk.links()["Wiki"]["portico"].get("section")  # type: ignore[attr-defined]


@pytest.mark.both_databases
def test_deleting_says_what_it_touches_and_can_be_undone(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    kept = desk.add_link("Wiki", userPortals=[{"id": portal}])
    desk.add_link("Mail")
    page = desk.open("links")
    select(page, "Wiki", "Mail")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 2 links from 1 portal").click()
    expect(desk.toast).to_contain_text("Deleted 2 links.")
    assert desk.links() == {}
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    assert desk.links()["Wiki"]["id"] == kept


def test_a_full_portal_refuses_by_its_name(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Full")
    entries = [
        {"name": f"L{n}", "link": "x.example", "userPortals": [{"id": portal}]} for n in range(500)
    ]
    assert desk.admin.post(f"{LINKS}/bulk", {LINKS + "s": entries}).status_code == 201
    one_more = {"name": "One more", "link": "x.example"}
    desk.admin.create(LINKS, one_more)
    page = desk.open("links?q=One+more")
    select(page, "One more")
    page.get_by_role("button", name="Portals…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Full").check()
    expect(dialog.locator(".wrong")).to_have_text(
        '"Full" would have more than 500 links, which is the limit.'
    )
    expect(dialog.get_by_role("button", name="Change 1 link")).to_be_disabled()


def test_a_viewer_sees_everything_and_changes_nothing(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(), role=Role.VIEWER)
    link = desk.add_link("Wiki")
    page = desk.open("links")
    assert shown(page) == ["Wiki"]
    for name in ("New link", "Add many"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
    expect(page.get_by_role("switch")).to_have_count(0)
    page.get_by_role("link", name="Wiki").click()
    expect(page.get_by_role("button", name="Save link")).to_have_count(0)
    expect(page.get_by_label("Name", exact=True)).to_be_disabled()
    csrf = page.locator("body").get_attribute("data-csrf")
    answer = page.request.post(desk.url(f"links/{link}/disable"), form={"csrf": csrf or ""})
    assert answer.status == 403
    assert desk.link(link)["enabled"] is True


def test_without_a_script_links_are_switched_and_changed(tenant: Tenant, tab: OpenTab) -> None:
    plain = tab(java_script_enabled=False)
    desk: Desk = sit_down(tenant, plain)
    link = desk.add_link("Wiki")
    page = desk.open("links")
    page.get_by_role("switch", name="Wiki enabled").click()
    expect(page.locator("[data-toast]")).to_contain_text("Disabled Wiki.")
    page.get_by_role("button", name="Undo").click()
    assert desk.link(link)["enabled"] is True
    select(page, "Wiki")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete 1 link").click()
    expect(page.get_by_text("No links yet")).to_be_visible()
