"""The portal page in a browser: who sees which links, how they look, where they lead."""

from __future__ import annotations

import pytest

from portico.domain.tenancy.identity import Role
from tests.harness import Tenant, create_tenant
from tests.web.conftest import OpenTab
from tests.web.keyboard import press
from tests.web.portal.portals import make_portal, names, sign_in
from tests.web.visits import Visit, add_administrator


def test_public_portal_shows_its_enabled_links_by_section(tenant: Tenant, tab: OpenTab) -> None:
    portal = make_portal(tenant)
    portal.add_link("Wiki", description="All we know", portico={"section": "Every day"})
    portal.add_link("Mail", linkPath="/inbox", portico={"section": "Every day", "order": 1})
    portal.add_link("Pay", portico={"section": "People"})
    portal.add_link("Weather")
    portal.add_link("Gone", enabled=False)
    page = tab().page
    page.goto(portal.url)

    assert names(page) == ["Mail", "Wiki", "Pay", "Weather"]
    assert names(page, "#all h2 bdi") == ["Every day", "People", "Other links"]
    mail = page.get_by_role("link", name="Mail")
    assert mail.get_attribute("href") == "https://mail.example/inbox"
    assert mail.get_attribute("target") == "_blank"
    assert mail.get_attribute("rel") == "noopener noreferrer"
    assert page.locator(".tile .h").first.inner_text() == "mail.example/inbox"
    assert page.locator(".tile .d").all_inner_texts() == ["All we know"]


def test_portal_for_signed_in_users_leads_to_the_door_and_back(
    tenant: Tenant, tab: OpenTab
) -> None:
    portal = make_portal(tenant, audience="signed_in")
    portal.add_link("Wiki")
    portal.add_user("ines", email="ines@example.com")
    page = tab().page
    page.goto(f"{portal.url}?q=wiki")
    assert "/sign-in" in page.url
    page.get_by_label("Name").fill("ines")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**q=wiki")

    assert names(page, ".results .n") == ["Wiki"]


@pytest.mark.both_databases
def test_links_with_groups_are_for_their_members(tenant: Tenant, tab: OpenTab) -> None:
    portal = make_portal(tenant)
    portal.add_link("All")
    portal.add_link("Crew only", portico={"groups": ["Crew"]})
    portal.add_user("ines", "Crew")
    portal.add_user("tom")
    page = tab().page
    page.goto(portal.url)
    assert names(page) == ["All"]
    sign_in(page, portal, "ines")
    assert names(page) == ["All", "Crew only"]
    other = tab().page
    sign_in(other, portal, "tom")

    assert names(other) == ["All"]


def test_new_link_is_seen_at_once(tenant: Tenant, tab: OpenTab) -> None:
    portal = make_portal(tenant)
    page = tab().page
    page.goto(portal.url)
    assert page.get_by_text("Nothing here yet").is_visible()
    portal.add_link("Wiki")
    page.reload()

    assert names(page) == ["Wiki"]


@pytest.mark.both_databases
@pytest.mark.parametrize("javascript", [True, False])
def test_favourite_is_kept_by_the_server(tenant: Tenant, tab: OpenTab, javascript: bool) -> None:
    portal = make_portal(tenant)
    portal.add_link("Mail")
    portal.add_link("Wiki")
    portal.add_user("ines")
    page = tab(java_script_enabled=javascript).page
    sign_in(page, portal, "ines")
    star = page.get_by_role("button", name="Favourite: Wiki")
    star.focus()
    press(page, "Enter")
    page.locator("#favourites").get_by_text("Wiki").wait_for()
    assert star.get_attribute("aria-pressed") == "true"
    if javascript:
        page.get_by_text("Added to your favourites.").wait_for()
    page.goto(portal.url)
    assert names(page, "#favourites bdi") == ["Wiki"]
    star.focus()
    press(page, "Enter")
    page.locator("#favourites").wait_for(state="hidden")
    if javascript:
        page.get_by_text("Removed from your favourites.").wait_for()
    page.goto(portal.url)

    assert page.locator("#favourites").is_hidden()


@pytest.mark.parametrize(("role", "offered"), [(Role.ADMIN, True), (Role.VIEWER, False)])
def test_empty_portal_offers_links_to_its_administrator(
    tenant: Tenant, role: Role, offered: bool
) -> None:
    portal = make_portal(tenant)
    name = add_administrator(tenant, "tomas", role=role)
    visit = Visit(portal.server.http)
    assert "Add links" not in visit.get(portal.base).text
    visit.sign_in("/console/sign-in", name)
    assert ("Add links" in visit.get(portal.base).text) == offered
    elsewhere = make_portal(create_tenant(portal.server))

    assert "Add links" not in visit.get(elsewhere.base).text
