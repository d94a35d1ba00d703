"""All microtenants in one view: for administrators of the whole tenant alone, and read-only."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from portico.domain.tenancy.identity import Role
from tests.harness import LINKS, MICROTENANTS, PORTALS, Caller, Tenant, create_tenant
from tests.web.conftest import OpenTab
from tests.web.console.clerks import hire
from tests.web.console.people import sit_down

PAGES = ("everywhere/links", "everywhere/portals", "everywhere/audit")


def add_east(admin: Caller) -> str:
    """The id of a microtenant with a link and a portal."""
    east = str(admin.create(MICROTENANTS, {"name": "East", "enabled": True})["id"])
    link = {"name": "Outpost", "link": "x.example", "enabled": True}
    assert admin.post(LINKS, link, microtenantId=east).status_code == 201
    assert admin.post(PORTALS, {"name": "Crews"}, microtenantId=east).status_code == 201
    return east


@pytest.mark.both_databases
def test_rows_of_all_microtenants_lead_into_theirs(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    east = add_east(desk.admin)
    desk.add_link("Home")
    desk.add_portal("Staff")
    add_east(create_tenant(tenant.server).caller())
    page = desk.open()
    page.locator("summary", has_text="Change tenant or microtenant").click()
    page.get_by_role("link", name="All microtenants").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Default")
    expect(rows.nth(1)).to_contain_text("East")
    expect(page.locator(".bar .scope")).to_contain_text("All microtenants")
    expect(page.get_by_role("switch")).to_have_count(0)
    page.get_by_label("Filter by name, description or host").fill("OUTP")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Outpost").click()
    page.wait_for_url(f"**/console/{tenant.customer_id}/{east}/links/*")

    page = desk.open("everywhere/portals")
    expect(page.locator("tbody a.name")).to_have_text(["Staff", "Crews"])
    page.get_by_role("navigation", name="Console", exact=True).get_by_role(
        "link", name="Audit log"
    ).click()
    row = page.locator(".request", has_text="Outpost")
    expect(row.locator(".what")).to_have_text("Added Outpost link in East")
    expect(page.locator(".request", has_text="Home").locator(".what")).to_have_text(
        "Added Home link in Default"
    )
    row.get_by_role("link", name="Open in East").click()
    page.wait_for_url(f"**/console/{tenant.customer_id}/{east}/audit?request=*")
    expect(page.locator("details.entry")).to_contain_text(["Outpost"])


def test_only_grants_of_the_whole_tenant_see_everything(tenant: Tenant, admin: Caller) -> None:
    east = add_east(admin)
    reader = hire(tenant, role=Role.VIEWER)
    confined = [hire(tenant, microtenant=east), hire(tenant, role=Role.VIEWER, microtenant=east)]

    assert "All microtenants" in reader.get("links").text
    assert [reader.get(place).status_code for place in PAGES] == [200] * 3
    inside = f"/console/{tenant.customer_id}/{east}"
    assert [reader.visit.get(f"{inside}/{place}").status_code for place in PAGES] == [403] * 3
    for clerk in confined:
        assert "All microtenants" not in clerk.get("links").text
        assert [clerk.get(place).status_code for place in PAGES] == [403] * 3
        outside = f"/console/{tenant.customer_id}/0"
        assert [clerk.visit.get(f"{outside}/{place}").status_code for place in PAGES] == [404] * 3
