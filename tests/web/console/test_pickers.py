"""Pickers: what is typed finds, and only an entry chooses or creates."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.harness import Tenant
from tests.web.conftest import OpenTab
from tests.web.console.clerks import hire
from tests.web.console.people import sit_down
from tests.web.forms import editor_of
from tests.web.keyboard import press, type_text

pytestmark = pytest.mark.one_database


def test_typed_text_alone_creates_no_section(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    link = desk.add_link("Wiki", portico={"section": "Every day"})
    desk.add_link("Chat", portico={"section": "Eventos"})
    page = desk.open(f"links/{link}")
    section = page.get_by_role("combobox", name="Section")
    expect(section).to_have_value("Every day")
    section.fill("Evx")
    options = page.locator("#section-options [role=option]")
    expect(options).to_have_text(['Create section "Evx"'])
    expect(options).to_have_attribute("aria-selected", "false")
    press(page, "Enter")
    expect(page.locator("#section-missing")).to_contain_text('There is no section "Evx".')
    expect(section).to_have_attribute("aria-invalid", "true")
    # Neither the key nor the button sends what was not chosen.
    press(page, "Control+s")
    page.get_by_role("button", name="Save link").click()
    expect(section).to_be_focused()
    expect(page).to_have_url(desk.url(f"links/{link}"))
    # The best match is marked, and chosen by Enter.
    section.fill("")
    type_text(page, "éve")
    expect(options).to_have_text(["Every day", "Eventos", 'Create section "éve"'])
    press(page, "Enter")
    expect(section).to_have_value("Every day")
    expect(section).to_have_attribute("aria-expanded", "false")
    expect(section).not_to_have_attribute("aria-invalid", "true")
    # The exact name needs no choice.
    section.fill("eventos")
    press(page, "Tab")
    expect(section).to_have_value("Eventos")
    press(page, "Control+s")
    expect(desk.toast).to_contain_text("Moved Wiki.")
    assert desk.link(link)["portico"]["section"] == "Eventos"  # type: ignore[index]


def test_pickers_of_many_are_filled_by_keys_and_close_by_themselves(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab(viewport={"width": 390, "height": 844}))
    ids = [desk.add_portal(name) for name in ("Field staff", "Staff", "Visitors")]
    link = desk.add_link("Wiki", userPortals=[{"id": ids[2]}])
    page = desk.open(f"links/{link}")
    portals = page.get_by_role("combobox", name="Add a portal")
    options = page.locator("#portals-options")
    portals.focus()
    expect(options).to_be_hidden()
    type_text(page, "sta")
    # A name that begins with the text is before one that has it within.
    expect(options.get_by_role("option")).to_have_text(["Staff", "Field staff"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    press(page, "Enter")
    expect(options).to_be_hidden()
    press(page, "ArrowDown", "ArrowDown", "Enter")
    expect(page.locator(".picker").first).to_contain_text("Staff")
    expect(page.get_by_text("3 of 3")).to_be_visible()
    page.get_by_role("button", name="Remove Visitors").click()
    expect(page.get_by_text("2 of 3")).to_be_visible()
    press(page, "Escape", "Control+s")
    expect(desk.toast).to_contain_text("Changed Wiki.")
    stored = {each["id"] for each in desk.link(link)["userPortals"]}  # type: ignore[attr-defined]
    assert stored == set(ids[:2])


def test_form_with_a_section_or_group_that_is_gone_is_refused(tenant: Tenant) -> None:
    clerk, admin = hire(tenant), tenant.caller()
    link = admin.create_link(name="Wiki", portico={"section": "Old", "groups": ["Finance"]})
    form = editor_of(clerk.get(f"links/{link}").text).fields
    for field, name in (("section", "Olds"), ("groups", "Finances")):
        refused = clerk.post(f"links/{link}", **form | {field: [name]})
        assert refused.status_code == 422
        assert f"&#34;{name}&#34;. Choose another, or create it." in refused.text
