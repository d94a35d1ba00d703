"""The page of a group: its members, many at once, and what they see on every portal."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.harness import LINKS, MICROTENANTS, PORTALS, Tenant
from tests.web.conftest import OpenTab
from tests.web.console.clerks import hire
from tests.web.console.people import sit_down
from tests.web.portal.portals import PASSWORD
from tests.web.visits import Visit, add_user


@pytest.mark.one_database
def test_people_are_added_and_taken_out_together(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_link("Money", portico={"groups": ["Finance"]})
    for name in ("ada", "bo", "cy"):
        add_user(tenant, name)
    page = desk.open("groups")
    page.get_by_role("link", name="Finance").click()
    expect(page.get_by_role("heading", name="Nobody is in this group")).to_be_visible()
    page.get_by_role("link", name="Add people").first.click()
    page.get_by_label("Filter by name or e-mail").fill("b")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(desk.url("groups"))
    page.get_by_role("link", name="Finance").click()
    page.get_by_role("link", name="Add people").first.click()
    page.get_by_label("Select all on this page").check()
    page.get_by_label("Select cy").uncheck()
    page.get_by_role("button", name="Add to the group").click()
    expect(page.locator("tbody a.name")).to_have_text(["ada", "bo"])
    expect(desk.toast).to_contain_text("Changed 2 users.")
    page.get_by_label("Select ada").check()
    page.get_by_role("button", name="Take out of the group").click()
    expect(page.locator("tbody a.name")).to_have_text(["bo"])


def test_sees_lists_what_the_portals_show(tenant: Tenant) -> None:
    admin, clerk = tenant.caller(), hire(tenant)
    east = str(admin.create(MICROTENANTS, {"name": "East", "enabled": True})["id"])
    staff, crews = admin.create_portal("Staff"), admin.create_portal("Crews")
    admin.create_portal("Off", enabled=False)
    far = admin.post(PORTALS, {"name": "Far", "enabled": True}, microtenantId=east)
    assert far.status_code == 201, far.text
    for name, portal, shown in (
        ("Wiki", staff, {}),
        ("Money", staff, {"groups": ["Finance"]}),
        ("Secrets", staff, {"groups": ["Board"]}),
        ("Hidden", crews, {"groups": ["Board"]}),
        ("Disabled", staff, {"enabled": False}),
    ):
        enabled = shown.pop("enabled", True)
        body = {"name": name, "link": "x.example", "enabled": enabled, "portico": shown}
        admin.create(LINKS, body | {"userPortals": [{"id": portal}]})
    user = add_user(tenant)
    group = re.findall(r'/groups/(\d+)" dir="auto">Finance', clerk.get("groups").text)[0]
    assert clerk.post(f"groups/{group}/add", user=str(user)).status_code == 303

    visit = Visit(tenant.server.http)
    assert visit.sign_in(f"/p/{staff}/sign-in", "uma", PASSWORD).status_code == 303
    on_portal = visit.get(visit.get(f"/p/{staff}").headers.get("location", f"/p/{staff}")).text

    for place in (f"users/{user}/sees", f"groups/{group}/sees"):
        page = clerk.get(place).text
        listed = re.findall(r'/links/\d+"><bdi>([^<]+)<', page)
        assert listed == ["Money", "Wiki"]
        assert all(f">{name}<" in on_portal for name in listed)
        assert "Secrets" not in page
        assert "Off</bdi>" not in page
        assert "Far</bdi>" in page
        assert "· East" in page
    clerk.post(f"users/{user}/disable")
    assert "is disabled and sees nothing now" in clerk.get(f"users/{user}/sees").text


def test_members_are_for_those_who_manage_people(tenant: Tenant) -> None:
    admin = tenant.caller()
    east = str(admin.create(MICROTENANTS, {"name": "East", "enabled": True})["id"])
    clerk = hire(tenant)
    assert clerk.post("groups", name="Finance").status_code == 303
    group = re.findall(r"/groups/(\d+)", clerk.get("groups").text)[0]
    nobody = clerk.post(f"groups/{group}/add")
    assert nobody.status_code == 422
    assert "Choose at least one person first." in nobody.text
    assert clerk.post(f"groups/{group}/add", user="5").status_code == 404
    assert clerk.get("groups/5").status_code == 404
    confined = hire(tenant, microtenant=east)
    for tab in ("", "/add", "/sees"):
        assert confined.get(f"groups/{group}{tab}").status_code == 403
    assert confined.post(f"groups/{group}/add", user="5").status_code == 403
