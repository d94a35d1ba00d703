"""Policies, microtenants, audit log, search, dashboard: the rest of the console in a browser."""

from __future__ import annotations

import csv
import io

import pytest
from playwright.sync_api import Route, expect

from tests.certificates import certificate_pem
from tests.harness import AUPS, CERTIFICATES, LINKS, MICROTENANTS, Tenant, create_applications
from tests.web.conftest import OpenTab
from tests.web.console.people import sit_down
from tests.web.keyboard import press, wait_for_scripts


def test_a_policy_is_written_with_its_preview(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("policies/new")
    page.get_by_label("Name").fill("Conditions")
    page.get_by_label("Text").fill("First line\nSecond <i>line</i>")
    expect(page.locator("[data-look=text]")).to_have_text("First line\nSecond <i>line</i>")
    page.get_by_role("button", name="Save policy").click()
    expect(desk.toast).to_contain_text("Added Conditions.")
    (stored,) = desk.admin.get(AUPS).json()["list"]
    assert stored["aup"] == "First line\nSecond <i>line</i>"
    page.get_by_role("link", name="Conditions").click()
    desk.admin.put(f"{AUPS}/{stored['id']}", stored | {"aup": "Theirs"})
    page.get_by_label("Text").fill("Mine")
    page.get_by_role("button", name="Save policy").click()
    expect(page.get_by_role("alert")).to_contain_text("Theirs")


@pytest.mark.both_databases
def test_microtenants_are_made_and_refused_in_the_words_of_the_api(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("microtenants/new")
    page.get_by_label("Name").fill("East")
    page.get_by_role("button", name="Save microtenant").click()
    expect(desk.toast).to_contain_text("Added East.")
    page.get_by_role("link", name="New microtenant").click()
    page.get_by_label("Name").fill("east")
    page.get_by_role("button", name="Save microtenant").click()
    expect(page.locator("#name-wrong")).to_contain_text("is already taken")
    page.get_by_role("link", name="Microtenants").first.click()
    page.get_by_role("link", name="East").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete microtenant").click()
    expect(desk.toast).to_contain_text("Deleted East.")


def test_work_that_takes_long_shows_that_it_goes_on(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_link("Wiki")
    page = desk.open("links")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/disable", hold)
    page.get_by_role("switch", name="Wiki enabled").click()
    expect(page.locator("body")).to_have_class("busy")
    expect(page.locator("#says")).to_have_text("Working…")
    held[0].continue_()
    expect(page.locator("body")).not_to_have_class("busy")
    expect(page.get_by_role("switch", name="Wiki enabled")).not_to_be_checked()


def test_a_microtenant_changed_in_between_is_compared(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    body = {"name": "East", "enabled": True, "description": "First"}
    east = desk.admin.create(MICROTENANTS, body)["id"]
    page = desk.open(f"microtenants/{east}")
    page.get_by_label("Description").fill("Mine")
    desk.admin.put(f"{MICROTENANTS}/{east}", body | {"description": "Theirs"})
    page.get_by_role("button", name="Save microtenant").click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("changed this microtenant today")
    row = told.get_by_role("row", name="Description")
    expect(row).to_contain_text("Theirs")
    expect(row).to_contain_text("Mine")
    expect(told.get_by_role("row", name="Name")).to_have_count(0)
    page.get_by_role("button", name="Save microtenant").click()
    expect(desk.toast).to_contain_text("Changed East.")


def test_the_audit_log_of_the_tenant_tells_where(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    east = desk.admin.create(MICROTENANTS, {"name": "East", "enabled": True})["id"]
    body = {"name": "Outpost", "link": "x.example"}
    assert desk.admin.post(LINKS, body, microtenantId=east).status_code == 201
    desk.add_link("Home")

    page = desk.open("audit?kind=userPortalLink")

    expect(page.locator(".what")).to_have_text(["Added Home link", "Added Outpost link in East"])


def test_the_audit_log_names_certificates_and_applications(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    body = {"name": "Sales", "certBlob": certificate_pem("sales.example.com")}
    made = desk.admin.create(CERTIFICATES, body)
    create_applications(desk.admin, "AppPortal01")
    desk.admin.put(f"{CERTIFICATES}/{made['id']}", {"name": "Renamed"})
    page = desk.open("audit")
    expect(page.locator("main")).to_contain_text("application segment")
    expect(page.locator("main")).to_contain_text("Domains")
    page = desk.open("audit?kind=certificate")
    expect(page.locator("main")).to_contain_text("Common name")
    expect(page.locator("main")).to_contain_text("2035-11-24T21:18:07Z")
    expect(page.locator("main")).not_to_contain_text("AppPortal01")


@pytest.mark.both_databases
def test_the_audit_log_tells_who_did_what_as_a_difference(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    link = desk.add_link("=Wiki", description="Before")
    page = desk.open(f"links/{link}")
    page.get_by_label("Description").fill("After")
    page.get_by_role("button", name="Save link").click()
    page = desk.open("audit")
    entry = page.locator("details.entry").first
    expect(entry).to_contain_text("Tomas Lind")
    expect(entry).to_contain_text("Changed =Wiki")
    entry.locator("summary").click()
    row = entry.get_by_role("row", name="Description")
    expect(row).to_contain_text("Before")
    expect(row).to_contain_text("After")
    page.get_by_label("Any change").select_option("Deleted")
    expect(page.get_by_text("Nothing changed in this period")).to_be_visible()
    rows = list(csv.reader(io.StringIO(page.request.get(desk.url("audit.csv")).text())))
    assert "'=Wiki" in {cell for row in rows for cell in row}


@pytest.mark.both_databases
def test_the_dashboard_answers_its_questions(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Full")
    desk.add_portal("Bare")
    entries = [
        {"name": f"L{n}", "link": "x.example", "userPortals": [{"id": portal}]} for n in range(470)
    ]
    assert desk.admin.post(f"{LINKS}/bulk", {LINKS + "s": entries}).status_code == 201
    page = desk.open()
    for words in (
        "Full is near its limit: 470 of 500 links.",
        "470 links are disabled, so nobody sees them.",
    ):
        expect(page.get_by_text(words, exact=True)).to_be_visible()
    expect(page.get_by_text("Bare has no link").first).to_be_visible()
    expect(page.get_by_role("img", name="Mostly additions")).to_be_visible()
    page.get_by_role("link", name="Review").click()
    expect(page.get_by_text("of 470 links")).to_be_visible()
    desk.add_link("Nowhere")
    page = desk.open()
    told = page.get_by_role("listitem").filter(
        has_text="1 link is on no portal, so nobody sees it."
    )
    told.get_by_role("link", name="Review").click()
    expect(page.locator("tbody a.name")).to_have_text(["Nowhere"])
    expect(page.get_by_role("link", name="Portal On no portal")).to_be_visible()


def test_theme_and_keys_are_remembered(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("links")
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    press(page, "Escape")
    page.locator("summary", has_text="Your menu").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    wait_for_scripts(page)
    page.locator("summary", has_text="Your menu").click()
    page.get_by_role("button", name="Keyboard shortcuts on").click()
    press(page, "Escape", "?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()


def test_a_session_that_ended_leads_to_the_door_and_back(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_link("Wiki")
    page = desk.open("links?q=wiki")
    page.context.clear_cookies()
    page.get_by_role("switch", name="Wiki enabled").click()
    page.wait_for_url("**/sign-in?next=*")
    assert "links" in page.url


def test_a_form_of_another_site_changes_nothing(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    link = desk.add_link("Wiki")
    address = desk.url(f"links/{link}/disable")
    csrf = desk.open().locator("body").get_attribute("data-csrf") or ""
    request = desk.page.request
    assert request.post(address, form={"csrf": "x"}).status == 403
    assert request.post(address, form={}).status == 403
    foreign = {"Origin": "https://evil.example"}
    assert request.post(address, form={"csrf": csrf}, headers=foreign).status == 403
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert request.post(address, form={"csrf": csrf}, headers=cross).status == 403
    back = request.post(
        address, form={"csrf": csrf, "back": "https://evil.example/"}, max_redirects=0
    )
    assert back.headers["location"].startswith(f"{desk.base}/links")
    back = request.post(address, form={"csrf": csrf, "back": "//evil.example"}, max_redirects=0)
    assert back.headers["location"].startswith(f"{desk.base}/links")
