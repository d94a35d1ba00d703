"""A new link in few clicks, and who sees it while it is edited."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from portico.domain.people.users import PortalUserSpec
from portico.services.access import operator_writing
from portico.services.people.users import create_user
from portico.services.runtime import Runtime
from tests.harness import Tenant, as_operator
from tests.web.clicks import clicks_of, count_clicks
from tests.web.conftest import OpenTab
from tests.web.console.people import sit_down

PASTE = """text => {
    const data = new DataTransfer();
    data.setData("text", text);
    document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    );
}"""


def add_people(tenant: Tenant) -> None:
    """Four users: one in Finance, one whose provider says so, one in no group, one elsewhere."""

    async def make(runtime: Runtime) -> None:
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            groups = await work.groups.ids_by_name(["Finance"])
            assigned = PortalUserSpec(name="ana", group_ids=tuple(groups.values()))
            await create_user(work, assigned)
            for name, claimed in (("bo", ("FINANCE", "Pay")), ("cy", ("Pay",)), ("di", ())):
                user = await create_user(work, PortalUserSpec(name=name))
                claims = replace(user, provider_id=1, subject=name, claimed_groups=claimed)
                await work.users.replace(claims)
            await create_user(work, PortalUserSpec(name="gone", enabled=False))

    as_operator(tenant.server.database, make)


@pytest.mark.one_database
def test_a_link_is_added_in_four_clicks(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_portal("Control room")
    staff = desk.add_portal("Staff")
    count_clicks(desk.page)
    page = desk.open("policies")
    page.get_by_role("link", name="New link").click()
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    page.evaluate(PASTE, "https://www.pay.example/slips")
    expect(name).to_have_value("pay.example")
    expect(page.get_by_label("Host")).to_have_value("www.pay.example")
    portals = page.get_by_role("combobox", name="Add a portal")
    portals.click()
    page.get_by_role("option", name="Staff").click()
    page.get_by_role("button", name="Save link").click()
    expect(desk.toast).to_contain_text("Added pay.example.")
    assert clicks_of(page) == 4
    desk.toast.get_by_role("link", name="See it on Staff").click()
    expect(page.locator(".tile-look")).to_contain_text("pay.example")
    # The next one has the portal already.
    desk.open("links/new")
    expect(page.locator("[data-picker=portals] input:checked")).to_have_value(staff)


@pytest.mark.both_databases
def test_seen_by_follows_the_form_and_counts_people(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_portal("Closed", enabled=False)
    desk.add_portal("Staff", enabled=True)
    desk.add_portal("Visitors", enabled=True, portico={"audience": "public"})
    desk.add_link("Other", portico={"groups": ["Finance"]})
    add_people(tenant)
    page = desk.open("links/new")
    seen = page.locator("#seen-by")
    expect(seen).to_have_text("Nobody: it is on no portal.")
    portals = page.get_by_role("combobox", name="Add a portal")
    for name, words in (
        ("Closed", "Nobody while its portals are disabled."),
        ("Staff", "Everybody who signs in, on Staff: 4 users."),
        (
            "Visitors",
            "Everybody who has the address of Visitors. Signed in, on Staff and Visitors: 4 users.",
        ),
    ):
        portals.click()
        page.get_by_role("option", name=name).click()
        expect(seen).to_have_text(words)
    page.get_by_role("combobox", name="Add a group").click()
    page.get_by_role("option", name="Finance").click()
    expect(seen).to_have_text("Members of Finance, on Staff and Visitors: 2 users.")
    page.get_by_role("switch", name="Enabled").uncheck()
    expect(seen).to_have_text("Nobody while it is disabled.")
