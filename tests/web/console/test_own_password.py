"""The administrator's own password, changed in the console."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from portico.domain.tenancy.identity import Role
from portico.services.access import operator_writing
from portico.services.runtime import Runtime
from tests.harness import Tenant, as_operator
from tests.web.conftest import OpenTab
from tests.web.console.people import make_administrator, sit_down, take_place
from tests.web.portal.portals import PASSWORD

NEW = "a new password of mine"


def fill(page: Page, present: str, password: str, again: str) -> None:
    """Fills the form in and sends it."""
    page.get_by_label("Present password").fill(present)
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("New password again").fill(again)
    page.get_by_role("button", name="Change password").click()


@pytest.mark.both_databases
def test_even_a_viewer_changes_its_own_password(tenant: Tenant, tab: OpenTab) -> None:
    name = make_administrator(tenant, role=Role.VIEWER)
    elsewhere = take_place(tenant, tab(), name)
    desk = take_place(tenant, tab(), name)
    page = desk.page
    page.locator("summary", has_text="Your menu").click()
    page.get_by_role("link", name="Change password").click()

    fill(page, PASSWORD, NEW, "something else again")
    expect(page.locator("#again-wrong")).to_contain_text("not the same")
    fill(page, "not my password at all", NEW, NEW)
    expect(page.locator("#present-wrong")).to_contain_text("not your present password")
    fill(page, PASSWORD, "short", "short")
    expect(page.locator("#password-wrong")).to_contain_text("12")
    assert NEW not in page.content()
    fill(page, PASSWORD, NEW, NEW)
    expect(desk.toast).to_contain_text("Your password is changed.")

    desk.open("links")
    expect(page.get_by_role("heading", name="Links", level=1)).to_be_visible()
    elsewhere.open("links")
    expect(elsewhere.page.get_by_label("Password")).to_be_visible()
    elsewhere.page.get_by_label("Name").fill(name)
    elsewhere.page.get_by_label("Password").fill(NEW)
    elsewhere.page.get_by_role("button", name="Sign in").click()
    expect(elsewhere.page.get_by_role("heading", name="Links", level=1)).to_be_visible()


def test_guessing_the_present_password_locks(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("password")
    for _ in range(5):
        fill(page, "not my password at all", NEW, NEW)
        expect(page.locator("#present-wrong")).to_contain_text("not your present password")
    fill(page, PASSWORD, NEW, NEW)
    expect(page.locator("#present-wrong")).to_contain_text("Too many sign-ins failed")


def test_whom_a_provider_signs_in_is_not_asked(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())

    async def take_passwords(runtime: Runtime) -> None:
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            for each in await work.administrators.of_tenant(work.scope.customer_id):
                await work.administrators.replace(replace(each, password_hash=""))

    as_operator(tenant.server.database, take_passwords)

    page = desk.open("links")
    page.locator("summary", has_text="Your menu").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(page.get_by_role("link", name="Change password")).to_have_count(0)
    csrf = page.locator("body").get_attribute("data-csrf") or ""
    form: dict[str, str | float | bool] = {
        "csrf": csrf,
        "present": "",
        "password": NEW,
        "again": NEW,
    }
    for answer in (
        page.request.get(desk.url("password")),
        page.request.post(desk.url("password"), form=form),
    ):
        assert answer.status == 403
        assert "a provider signs it in" in answer.text()
