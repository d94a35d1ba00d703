"""Second factors in a browser: set up, used at sign-in, required of everybody, and removed."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.harness import Tenant
from tests.web.accessibility import violations
from tests.web.conftest import OpenTab
from tests.web.console.people import make_administrator
from tests.web.console.second_factors import (
    add_virtual_authenticator,
    code_of,
    codes_of,
    secret_of,
)
from tests.web.portal.portals import PASSWORD

WIDTHS = (390, 768, 1440)


def at_localhost(tenant: Tenant) -> str:
    """The server under the name at which browsers allow passkeys without HTTPS."""
    return f"http://localhost:{urlsplit(tenant.server.url).port}"


def give_password(page: Page, home: str, name: str) -> None:
    """Takes the first step of a sign-in."""
    page.goto(f"{home}/console/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def inspect(page: Page) -> None:
    """Checks that axe finds nothing on a page, and that it fits every width."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert violations(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def open_set_up(page: Page) -> None:
    """Goes to the second factor from the menu, and gives a wrong password before the right one."""
    page.locator("summary", has_text="Your menu").click()
    page.get_by_role("link", name="Second factor").click()
    expect(page.get_by_role("button", name="Add app")).to_have_count(0)
    inspect(page)
    page.get_by_label("Your password").fill("not my password at all")
    page.get_by_role("button", name="Set up a second factor").click()
    expect(page.locator("#password-wrong")).to_contain_text("not your password")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set up a second factor").click()


def add_app(page: Page) -> tuple[str, str, list[str]]:
    """Adds an app by a wrong code and a right one; its secret, that code and the recovery codes."""
    secret = secret_of(page.content())
    page.get_by_label("Code").fill("000000")
    page.get_by_label("Name of the app").fill("Phone")
    page.get_by_role("button", name="Add app").click()
    expect(page.locator("#code-wrong")).to_contain_text("not the code of this moment")
    assert secret_of(page.content()) == secret
    inspect(page)
    used = code_of(secret)
    page.get_by_label("Code").fill(used)
    page.get_by_role("button", name="Add app").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    codes = codes_of(page.content())
    assert len(set(codes)) == 10
    inspect(page)
    page.get_by_role("link", name="I have saved them").click()
    return secret, used, codes


def add_passkey(page: Page) -> None:
    """Adds a passkey, which cannot be added twice."""
    page.get_by_label("Name of the passkey").fill("Laptop")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.locator("[data-toast]")).to_contain_text("Added Laptop.")
    expect(page.get_by_role("row", name="Laptop")).to_contain_text("Passkey")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.locator("[data-passkey-fault]")).to_contain_text("set up already")
    inspect(page)


def give_code(page: Page, used: str, unused: str) -> None:
    """Takes the second step of a sign-in by a code, which counts once."""
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    inspect(page)
    page.get_by_label("Code of your app").fill(used)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#fault")).to_contain_text("was used already")
    page.get_by_label("Code of your app").fill(unused)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Your menu")).to_be_attached()


@pytest.mark.both_databases
def test_app_and_passkey_from_set_up_to_removal(tenant: Tenant, tab: OpenTab) -> None:
    home, name = at_localhost(tenant), make_administrator(tenant)
    page = tab(reduced_motion="reduce").page
    add_virtual_authenticator(page)
    give_password(page, home, name)
    open_set_up(page)
    secret, used, codes = add_app(page)
    add_passkey(page)

    page.context.clear_cookies()
    give_password(page, home, name)
    give_code(page, used, code_of(secret, 1))

    page.context.clear_cookies()
    give_password(page, home, name)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Your menu")).to_be_attached()
    place = page.url
    page.goto(f"{place}/second-factor")
    expect(page.get_by_role("row", name="Laptop")).not_to_contain_text("Not yet")

    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Make new codes").click()
    assert not set(codes_of(page.content())) & set(codes)
    page.get_by_role("link", name="I have saved them").click()
    page.get_by_role("button", name="Remove Phone").click()
    page.get_by_role("button", name="Remove Laptop").click()
    expect(page.get_by_text("You have no second factor.")).to_be_visible()
    page.goto(f"{place}/audit")
    expect(page.get_by_role("main")).to_contain_text("Laptop")
    expect(page.get_by_role("main")).not_to_contain_text(secret)


def test_without_scripts_and_required_of_everybody(tenant: Tenant, tab: OpenTab) -> None:
    home, chief, bea = at_localhost(tenant), make_administrator(tenant), make_administrator(tenant)
    page = tab(java_script_enabled=False).page
    base = f"{home}/console/{tenant.customer_id}/0"

    give_password(page, home, chief)
    page.goto(f"{base}/second-factor-rule")
    expect(page.get_by_role("button", name="Require a second factor")).to_have_count(0)
    page.get_by_role("link", name="Set up your own first").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set up a second factor").click()
    expect(page.get_by_role("button", name="Add passkey")).to_be_hidden()
    page.get_by_label("Code").fill(code_of(secret_of(page.content())))
    page.get_by_role("button", name="Add app").click()
    page.goto(f"{base}/administrators")
    page.get_by_role("link", name="Second factor", exact=True).first.click()
    expect(page.get_by_text("1 administrator has none yet.")).to_be_visible()

    other = tab(java_script_enabled=False).page
    give_password(other, home, bea)
    page.get_by_role("button", name="Require a second factor").click()
    expect(page.locator("[data-toast]")).to_contain_text("A second factor is now required.")

    other.goto(f"{base}/links")
    expect(other.get_by_label("Password")).to_be_visible()
    give_password(other, home, bea)
    expect(other.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    other.goto(f"{base}/links")
    expect(other.get_by_label("Password")).to_be_visible()
    give_password(other, home, bea)
    other.get_by_label("Code of the app").fill("000000")
    other.get_by_role("button", name="Use this app").click()
    expect(other.get_by_role("alert")).to_contain_text("not the one of this moment")
    other.get_by_label("Code of the app").fill(code_of(secret_of(other.content())))
    other.get_by_role("button", name="Use this app").click()
    codes = codes_of(other.content())
    other.get_by_role("link", name="I have saved them").click()
    expect(other.get_by_text("Your menu")).to_be_attached()
    other.goto(f"{base}/second-factor")
    other.get_by_label("Your password").fill(PASSWORD)
    other.get_by_role("button", name="Continue").click()
    other.get_by_role("button", name="Remove Authenticator app").click()
    expect(other.get_by_role("alert")).to_contain_text("your last second factor")

    other.context.clear_cookies()
    give_password(other, home, bea)
    other.locator("summary", has_text="Use a recovery code").click()
    other.get_by_label("Recovery code").fill("aaaa-aaaa-aaaa-aaaa")
    other.get_by_role("button", name="Sign in with the code").click()
    expect(other.get_by_role("alert")).to_contain_text("not one of your unused")
    other.get_by_label("Recovery code").fill(codes[0].upper())
    other.get_by_role("button", name="Sign in with the code").click()
    other.goto(f"{base}/second-factor")
    expect(other.get_by_text("9 recovery codes are left.")).to_be_visible()


def test_passkeys_are_not_offered_where_browsers_refuse_them(tenant: Tenant, tab: OpenTab) -> None:
    page, name = tab().page, make_administrator(tenant)
    give_password(page, tenant.server.url, name)
    page.goto(f"{tenant.server.url}/console/{tenant.customer_id}/0/second-factor")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set up a second factor").click()

    expect(page.get_by_text("Browsers allow passkeys only on HTTPS")).to_be_visible()
    expect(page.get_by_role("button", name="Add passkey")).to_have_count(0)
