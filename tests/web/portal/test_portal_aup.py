"""The acceptable use policy stands before everything, and is asked again when its text changes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.harness import AUPS, Tenant
from tests.web.conftest import OpenTab
from tests.web.portal.portals import Portal, make_portal, names, sign_in

TEXT = "Use your own account.\n\n<b>Do not</b> share it & mind the rules."


@pytest.fixture
def portal(tenant: Tenant) -> Portal:
    """A public portal with a link, a user and an enabled policy."""
    made = make_portal(tenant)
    made.add_link("Wiki")
    made.add_user("ines")
    body = {"name": "Rules", "enabled": True, "aup": TEXT, "email": "it@example.com"}
    made.admin.create(AUPS, body | {"phoneNum": "+1 (555) 123-4567"})
    return made


def accept(page: Page) -> None:
    page.get_by_role("button", name="I accept").click()
    page.locator(".tile").first.wait_for()


@pytest.mark.parametrize("javascript", [True, False])
def test_policy_comes_first_and_once(portal: Portal, tab: OpenTab, javascript: bool) -> None:
    page = tab(java_script_enabled=javascript).page
    page.goto(portal.url)
    assert page.get_by_role("heading", name="Acceptable use").is_visible()
    assert page.locator(".aup .text").inner_text() == TEXT
    assert page.locator(".tile").count() == 0
    assert page.get_by_role("link", name="it@example.com").get_attribute("href") == (
        "mailto:it@example.com"
    )
    phone = page.get_by_role("link", name="+1 (555) 123-4567")
    assert phone.get_attribute("href") == "tel:+15551234567"
    accept(page)
    assert page.url == portal.url
    page.goto(portal.url)

    assert names(page) == ["Wiki"]


def test_policy_is_asked_again_when_its_text_changes(portal: Portal, tab: OpenTab) -> None:
    page = tab().page
    sign_in(page, portal, "ines")
    accept(page)
    stored = portal.admin.get(AUPS).json()["list"][0]
    path = f"{AUPS}/{stored['id']}"
    assert portal.admin.put(path, stored | {"name": "Same words"}).status_code == 204
    page.goto(portal.url)
    assert names(page) == ["Wiki"]
    assert portal.admin.put(path, stored | {"aup": "New words."}).status_code == 204
    page.goto(portal.url)

    assert page.locator(".aup .text").inner_text() == "New words."


def test_words_that_changed_meanwhile_are_shown_before_they_count(
    portal: Portal, tab: OpenTab
) -> None:
    page = tab().page
    page.goto(portal.url)
    stored = portal.admin.get(AUPS).json()["list"][0]
    portal.admin.put(f"{AUPS}/{stored['id']}", stored | {"aup": "New words."})
    page.get_by_role("button", name="I accept").click()
    page.get_by_text("New words.").wait_for()
    accept(page)

    assert names(page) == ["Wiki"]


@pytest.mark.both_databases
def test_acceptance_is_each_ones_own(portal: Portal, tab: OpenTab) -> None:
    first, second = tab().page, tab().page
    sign_in(first, portal, "ines")
    accept(first)
    second.goto(portal.url)
    assert second.locator(".aup").is_visible()
    sign_in(second, portal, "ines")

    assert names(second) == ["Wiki"]


def test_hostile_contacts_lead_nowhere(portal: Portal, tab: OpenTab) -> None:
    stored = portal.admin.get(AUPS).json()["list"][0]
    hostile = {"email": 'a@b?bcc=all"><script>', "phoneNum": "javascript:alert(1)"}
    portal.admin.put(f"{AUPS}/{stored['id']}", stored | hostile)
    page = tab().page
    page.goto(portal.url)
    links = page.locator(".ask a")

    assert links.nth(0).get_attribute("href") == "mailto:a@b%3Fbcc%3Dall%22%3E%3Cscript%3E"
    assert links.nth(1).get_attribute("href") == "tel:1"
    assert links.all_inner_texts() == list(hostile.values())
