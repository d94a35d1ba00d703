"""Finding and undoing changes: the reminder on later pages, and the rows of the audit log."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from portico.domain.audit import Action, AuditEntry
from portico.services.audit.log import SEARCHED_ENTRIES
from portico.services.runtime import Runtime
from portico.storage.audit.trail import AuditTrail
from tests.harness import LINKS, Tenant, as_operator
from tests.web.conftest import OpenTab
from tests.web.console.clerks import hire
from tests.web.console.people import Desk, sit_down
from tests.web.keyboard import press, type_text
from tests.web.portal.portals import wait_for_value

DISABLED = "Disabled 29 links."


def disable_many(desk: Desk) -> None:
    """Adds 29 links and disables all of them from the list."""
    entries = [{"name": f"Pump {n}", "link": "x.example", "enabled": True} for n in range(29)]
    desk.admin.create(f"{LINKS}/bulk", {LINKS + "s": entries})
    page = desk.open("links")
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Disable…").click()
    page.get_by_role("button", name="Disable 29 links").click()
    expect(desk.toast).to_contain_text(DISABLED)


@pytest.mark.both_databases
def test_bulk_is_undone_after_visiting_another_page(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    disable_many(desk)
    assert "done=" not in desk.page.url
    clicks = 2
    desk.page.get_by_role("navigation", name="Console", exact=True).get_by_role(
        "link", name="Portals"
    ).click()
    expect(desk.page).to_have_url(desk.url("portals"))
    expect(desk.toast).to_contain_text(f"{DISABLED} Can be undone for")
    desk.page.get_by_role("button", name="Undo").click()

    assert clicks == 2
    expect(desk.toast).to_contain_text("It is as it was before.")
    assert all(link["enabled"] for link in desk.links().values())
    desk.open("microtenants")
    expect(desk.toast).to_have_count(0)


def test_reminder_is_dismissed_on_every_page(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    link = desk.add_link("Wiki")
    page = desk.open("links")
    page.get_by_role("switch", name="Wiki enabled").click()
    expect(desk.toast).to_contain_text("Disabled Wiki.")
    desk.open("portals")
    desk.toast.get_by_role("button", name="Hide this message").click()
    expect(desk.toast).to_have_count(0)
    desk.open(f"links/{link}")
    expect(desk.toast).to_have_count(0)
    desk.open("audit")
    page.get_by_role("button", name="Undo: Disabled Wiki").click()
    expect(page.locator(".what").first).to_have_text("Enabled Wiki link")


def test_reminder_belongs_to_one_microtenant_and_needs_no_script(tenant: Tenant) -> None:
    clerk, other = hire(tenant), hire(tenant)
    admin = tenant.caller()
    link = admin.create_link("Wiki", enabled=True)
    done = clerk.post(f"links/{link}/disable")
    assert "Can be undone for" in clerk.visit.get(done.headers["location"]).text
    east = admin.create("microtenants", {"name": "East", "enabled": True})["id"]

    assert "Can be undone for" in clerk.get("portals").text
    assert "Can be undone for" not in other.get("portals").text
    assert "Can be undone for" not in clerk.visit.get(f"{clerk.base[:-1]}{east}/portals").text
    admin.put(f"{LINKS}/{link}", {"name": "Wiki 2", "link": "x.example", "enabled": True})
    assert "Can be undone for" not in clerk.get("portals").text
    clerk.visit.get(clerk.post(f"links/{link}/disable").headers["location"])
    back = clerk.post("undo/dismiss", back=f"{clerk.base}/links")
    assert back.headers["location"] == f"{clerk.base}/links"
    assert "Can be undone for" not in clerk.get("portals").text


@pytest.mark.both_databases
def test_who_changed_what_is_found_in_two_clicks(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    disable_many(desk)
    page = desk.page
    desk.admin.put(
        f"{LINKS}/{desk.links()['Pump 7']['id']}",
        {"name": "Pump seven", "link": "x.example", "enabled": True},
    )
    page.get_by_role("link", name="Audit log").first.click()
    rows = page.locator(".request .what")
    expect(rows.filter(has_text="Pump seven")).to_have_count(1)
    expect(rows.filter(has_text="Disabled 29 links")).to_have_count(1)
    expect(rows.filter(has_text="Added 29 links")).to_have_count(1)
    press(page, "/")
    type_text(page, "pump SEV")
    expect(rows).to_have_text(["Changed Pump seven link"])
    expect(page.get_by_role("link", name="Download CSV")).to_have_attribute(
        "href", f"{desk.base}/audit.csv?q=pump+SEV"
    )
    wait_for_value(page, "document.querySelectorAll('.htmx-request, .htmx-swapping').length", 0)
    searches: list[str] = []
    page.on("request", lambda request: searches.append(request.url))
    page.locator("details.entry summary").click()
    expect(page.get_by_role("row", name="Name")).to_contain_text("Pump 7")
    # Leaving the field for the row asks for nothing again, which would close the row.
    assert [each for each in searches if "/audit?" in each] == []


def add_entries(tenant: Tenant, count: int) -> None:
    """Adds entries of changes in the last hour."""

    async def add(runtime: Runtime) -> None:
        customer_id, now = int(tenant.customer_id), int(time.time())
        entries = [
            AuditEntry(
                customer_id=customer_id,
                id=runtime.new_id(),
                microtenant_id=0,
                time=now,
                actor_id=0,
                action=Action.UPDATE,
                object_type="userPortalLink",
                object_id=number,
                object_name=f"Pump {number}",
                before="",
                after="",
                transaction_id=f"pump-{number}",
            )
            for number in range(count)
        ]
        async with runtime.database.write(customer_id) as connection:
            await AuditTrail(connection, customer_id).append(*entries)

    as_operator(tenant.server.database, add)


def test_search_of_a_long_log_says_how_far_it_came(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_link("Wiki")
    add_entries(tenant, SEARCHED_ENTRIES)
    page = desk.open("audit?q=wiki")
    expect(page.get_by_text("Older entries have not been searched yet.")).to_be_visible()
    page.get_by_role("link", name="Search older entries").click()
    expect(page.locator(".request .what")).to_have_text(["Added Wiki link"])
    desk.add_link("Wiki of the east")
    page = desk.open("audit?q=wiki")
    expect(page.locator(".request .what")).to_have_text(["Added Wiki of the east link"])
    expect(page.get_by_text("Searched back to")).to_be_visible()
    page.get_by_role("link", name="Search older entries").click()
    expect(page.locator(".request .what")).to_have_text(["Added Wiki link"])
    expect(page.get_by_text("Newest first")).to_be_visible()
    rows = hire(tenant).get("audit.csv?q=wiki").text
    assert rows.count("userPortalLink") == 2


def test_one_row_opens_to_what_the_request_did(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    disable_many(desk)
    page = desk.open("audit")
    row = page.locator("details.entry", has_text="Disabled 29 links").first
    row.locator("summary").first.click()
    entries = row.locator(".entry-list details.entry")
    expect(entries).to_have_count(29)
    entries.first.locator("summary").click()
    expect(entries.first.get_by_role("row", name="Enabled")).to_contain_text("No")
    page.get_by_label("Any change").select_option("Added")
    expect(page.locator(".request .what").filter(has_text="Disabled")).to_have_count(0)
    page.get_by_label("Find by name of an object or person").fill("Tomas")
    expect(page.get_by_text("No change matches")).to_be_visible()
    plain = tab(java_script_enabled=False)
    plain.context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    plain.page.goto(desk.url("audit?q=tomas&action=update"))
    plain.page.locator("summary", has_text="Disabled 29 links").click()
    plain.page.get_by_role("link", name="All 29 changes on a page of their own").click()
    expect(plain.page.locator("details.entry")).to_have_count(29)
