"""People at the console: administrators, users, groups, clients; who sees and does what."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from portico.domain.tenancy.identity import Role
from tests.harness import LINKS, MICROTENANTS, Caller, Credentials, Tenant, create_tenant
from tests.web.conftest import OpenTab
from tests.web.console.people import make_administrator, sit_down, take_place
from tests.web.keyboard import press
from tests.web.portal.portals import PASSWORD
from tests.web.visits import add_user


@pytest.mark.both_databases
def test_an_administrator_is_made_signs_in_and_is_shut_out(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    name = f"vera-{tenant.customer_id}"
    page = desk.open("administrators/new")
    page.get_by_label("Sign-in name").fill(name)
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Save administrator").click()
    expect(page.locator("#password-wrong")).to_contain_text("12")
    expect(page.get_by_label("Password")).to_have_value("")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Save administrator").click()
    expect(desk.toast).to_contain_text(f"Added {name}.")
    vera = take_place(tenant, tab(), name)
    expect(vera.open("links").get_by_role("link", name="New link")).to_have_count(0)
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Disable").click()
    expect(page.locator(".state").first).to_have_text("Disabled")
    vera.open("links")
    expect(vera.page.get_by_label("Password")).to_be_visible()


def test_an_administrator_has_a_role_in_each_place(tenant: Tenant, tab: OpenTab) -> None:
    admin = tenant.caller()
    east, west = (
        admin.create(MICROTENANTS, {"name": name, "enabled": True})["id"]
        for name in ("East", "West")
    )
    name = f"vera-{tenant.customer_id}"
    page = sit_down(tenant, tab()).open("administrators/new")
    page.get_by_label("Sign-in name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("radio", name="No role They work").check()
    page.get_by_role("button", name="Save administrator").click()
    expect(page.locator("#role-wrong")).to_contain_text("at least one microtenant")
    page.get_by_label("Password").fill(PASSWORD)
    for place, microtenant in (("Administrator in", "East"), ("Viewer in", "West")):
        page.get_by_role("group", name=place).get_by_role("combobox").fill(microtenant)
        press(page, "Enter")
    page.get_by_role("button", name="Save administrator").click()
    row = page.get_by_role("row", name=name)
    expect(row).to_contain_text("Administrator in East; Viewer in West")
    row.get_by_role("link").first.click()
    expect(page.get_by_role("radio", name="No role They work")).to_be_checked()
    page.locator("#display_name").fill("Vera")
    page.get_by_role("button", name="Save administrator").click()
    expect(page.get_by_role("row", name=name)).to_contain_text(
        "Administrator in East; Viewer in West"
    )

    vera = take_place(tenant, tab(), name, microtenant_id=int(min(east, west, key=int)))
    for microtenant, links in ((east, 1), (west, 0)):
        vera.page.goto(f"{tenant.server.url}/console/{tenant.customer_id}/{microtenant}/links")
        expect(vera.page.locator("a[data-new]")).to_have_count(links)


def test_nobody_shuts_oneself_out(tenant: Tenant, tab: OpenTab) -> None:
    first = tab()
    name = make_administrator(tenant)
    desk = take_place(tenant, first, name)
    page = desk.open("administrators")
    page.get_by_role("link", name="Tomas Lind").click()
    answer = page.request.post(
        f"{page.url}/disable",
        form={"csrf": page.locator("body").get_attribute("data-csrf") or ""},
    )
    assert answer.status == 403
    assert "another one can" in answer.text()


def test_an_administrator_of_a_microtenant_sees_that_alone(tenant: Tenant, tab: OpenTab) -> None:
    admin = tenant.caller()
    body = {"name": "East", "enabled": True}
    east = admin.create(MICROTENANTS, body)["id"]
    outside = admin.create(LINKS, {"name": "Outside", "link": "x.example", "enabled": True})["id"]
    inside = {"name": "Inside", "link": "x.example", "enabled": True}
    assert admin.post(LINKS, inside, microtenantId=east).status_code == 201
    desk = sit_down(tenant, tab(), microtenant_id=int(east))
    page = desk.open("links")
    expect(page.locator("tbody a.name")).to_have_text(["Inside"])
    for name in ("Administrators", "API clients", "Users and groups"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
    default = desk.base.rpartition("/")[0] + "/0"
    csrf = page.locator("body").get_attribute("data-csrf") or ""
    server = tenant.server.url
    for path in (f"{default}/links", f"{default}/links/{outside}", f"{desk.base}/links/{outside}"):
        assert page.request.get(server + path).status == 404, path
    for path in (f"{default}/links/{outside}/delete", f"{desk.base}/links/{outside}/disable"):
        assert page.request.post(server + path, form={"csrf": csrf}).status == 404, path
    for path in ("administrators", "users", "clients"):
        assert page.request.get(f"{server}{desk.base}/{path}").status == 403, path
    somebody = f"users/{add_user(tenant)}", f"clients/{admin.credentials.client_id}/revoke"
    for path in (*somebody, "users/1", "administrators/1"):
        assert page.request.get(f"{server}{desk.base}/{path}").status == 404, path
        answer = page.request.post(f"{server}{desk.base}/{path}", form={"csrf": csrf, "name": "x"})
        assert answer.status == 404, path
    assert admin.get(f"{LINKS}/{outside}").json()["enabled"] is True


def test_foreign_tenants_are_not_there(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    other = create_tenant(tenant.server)
    for customer in (other.customer_id, "1", "x", "9" * 30):
        address = f"{tenant.server.url}/console/{customer}/0/links"
        assert desk.page.request.get(address).status == 404


def test_the_switcher_leads_to_a_microtenant_and_remembers_it(tenant: Tenant, tab: OpenTab) -> None:
    east = tenant.caller().create(MICROTENANTS, {"name": "East", "enabled": True})["id"]
    desk = sit_down(tenant, tab())
    page = desk.open("links")
    page.locator("summary", has_text="Change tenant").click()
    page.locator(".bar").get_by_role("link", name="East").click()
    page.wait_for_url(f"**/{east}")
    page.goto(f"{tenant.server.url}/console")
    page.wait_for_url(f"**/{east}")


def test_the_secret_of_a_client_is_shown_once_and_works(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("clients/new")
    page.get_by_label("Name", exact=True).fill("terraform")
    page.get_by_role("button", name="Create and show the secret").click()
    credentials = Credentials(
        page.get_by_label("Client ID").input_value(),
        page.get_by_label("Client secret").input_value(),
    )
    caller = Caller(tenant.server, tenant.customer_id, credentials)
    assert caller.get(LINKS).status_code == 200
    done = page.get_by_role("link", name="Done")
    expect(done).to_have_attribute("href", f"{desk.base}/clients")
    page.reload()
    assert credentials.client_secret not in page.content()
    page.get_by_role("link", name="API clients").first.click()
    expect(page.get_by_role("columnheader", name="Last used")).to_be_visible()
    expect(page.get_by_role("row", name="terraform")).to_have_count(1)
    expect(page.get_by_role("row", name="terraform")).not_to_contain_text("Not yet")
    assert credentials.client_secret not in page.content()
    page.get_by_role("link", name="Revoke… terraform").click()
    page.get_by_role("button", name="Revoke API client").click()
    expect(desk.toast).to_contain_text("Revoked terraform.")
    assert caller.get(LINKS).status_code == 401


@pytest.mark.both_databases
def test_a_user_gets_groups_and_a_password(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("groups")
    page.get_by_label("Name of a new group").fill("Finance")
    page.get_by_role("button", name="Add group").click()
    expect(page.get_by_role("cell", name="Finance")).to_be_visible()
    page = desk.open("users/new")
    page.get_by_label("Sign-in name").fill("ines")
    page.get_by_label("Name optional").fill("Ines Ruiz")
    page.get_by_role("combobox", name="Add a group").click()
    page.get_by_role("option", name="Finance").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Save user").click()
    row = page.get_by_role("row", name="Ines Ruiz")
    expect(row).to_contain_text("Finance")
    portal = desk.add_portal("Staff")
    desk.add_link("Money", userPortals=[{"id": portal}], portico={"groups": ["Finance"]})
    visitor = tab().page
    visitor.goto(f"{tenant.server.url}/p/{portal}/sign-in")
    visitor.get_by_label("Name").fill("ines")
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.get_by_role("link", name="Money")).to_be_visible()
    page.get_by_role("link", name="Ines Ruiz").click()
    page.get_by_role("button", name="Disable").click()
    visitor.reload()
    expect(visitor.get_by_label("Password")).to_be_visible()


@pytest.mark.both_databases
def test_a_group_that_a_link_names_is_not_deleted(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_link("Money", portico={"groups": ["Finance"]})
    page = desk.open("groups")
    page.locator("summary", has_text="More for Finance").click()
    page.get_by_role("link", name="Delete…").click()
    expect(page.get_by_text("1 link names it.")).to_be_visible()
    page.get_by_role("button", name="Delete group").click()
    expect(page.get_by_role("alert")).to_contain_text("Money")


def test_a_viewer_is_refused_every_write(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(), role=Role.VIEWER)
    portal = desk.add_portal("Staff")
    csrf = desk.open().locator("body").get_attribute("data-csrf") or ""
    for place in (
        "links/new",
        "links/add-many",
        "links/bulk",
        "portals/new",
        f"portals/{portal}/notice",
        f"portals/{portal}/order",
        "sections",
        "policies/new",
        "microtenants/new",
        "clients/new",
        "administrators/new",
        "users/new",
        "groups",
        "undo",
    ):
        form = {"csrf": csrf, "name": "x", "host": "x.example", "lines": "x.example"}
        answer = desk.page.request.post(desk.url(place), form={**form, "action": "enable"})
        assert answer.status in {403, 404}, (place, answer.status)
        if answer.status == 403:
            assert "You can only read: your role is viewer." in answer.text(), place
        if place.endswith(("/new", "/add-many")):
            assert desk.page.request.get(desk.url(place)).status == 403, place
    assert desk.links() == {}
