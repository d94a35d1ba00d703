"""What the portal remembers: of a user on the server, of a visitor in the browser alone."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.harness import Tenant
from tests.web.conftest import OpenTab
from tests.web.keyboard import press
from tests.web.portal.portals import (
    VALUE_SECONDS,
    Portal,
    make_portal,
    names,
    sign_in,
    wait_for_value,
)

SHIFTS = """() => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) sum += entry.value;
    }).observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(sum), 300);
})"""


@pytest.fixture
def portal(tenant: Tenant) -> Portal:
    """A public portal with three links and a user."""
    made = make_portal(tenant)
    for name in ("Mail", "Pay", "Wiki"):
        made.add_link(name)
    made.add_user("ines")
    return made


def visit(portal: Portal, page: Page) -> None:
    page.context.route("https://*.example/", lambda route: route.fulfill(body="there"))
    page.goto(portal.url)


def follow(page: Page, name: str) -> None:
    with page.expect_popup() as popup:
        page.locator(".tile").get_by_role("link", name=name).click()
    popup.value.close()


def test_visitor_keeps_favourites_and_recent_in_the_browser(portal: Portal, tab: OpenTab) -> None:
    page = tab().page
    visit(portal, page)
    page.get_by_role("button", name="Favourite: Wiki").click(force=True)
    follow(page, "Pay")
    follow(page, "Mail")
    page.reload()

    assert names(page, "#favourites bdi") == ["Wiki"]
    assert names(page, "#recent bdi") == ["Mail", "Pay"]
    assert names(page, "#recent [data-id] > span:last-child") == ["Now", "Now"]
    other = tab().page
    visit(portal, other)
    assert other.locator("#favourites").is_hidden()
    assert other.locator("#recent").is_hidden()


def test_nothing_moves_while_a_visitors_rows_are_filled(portal: Portal, tab: OpenTab) -> None:
    page = tab().page
    visit(portal, page)
    page.get_by_role("button", name="Favourite: Wiki").click(force=True)
    follow(page, "Pay")
    page.reload()

    assert names(page, "#favourites bdi") == ["Wiki"]
    assert page.evaluate(SHIFTS) == 0


def test_nothing_moves_while_a_users_page_is_drawn(portal: Portal, tab: OpenTab) -> None:
    portal.change(userNotification="Away.", userNotificationEnabled=True)
    page = tab().page
    sign_in(page, portal, "ines")
    page.get_by_role("button", name="Favourite: Wiki").click(force=True)
    page.get_by_text("Added to your favourites.").wait_for()
    page.reload()

    assert page.evaluate(SHIFTS) == 0


@pytest.mark.both_databases
def test_user_finds_favourites_and_recent_on_another_machine(portal: Portal, tab: OpenTab) -> None:
    page = tab().page
    visit(portal, page)
    sign_in(page, portal, "ines")
    page.get_by_role("button", name="Favourite: Wiki").click(force=True)
    page.get_by_text("Added to your favourites.").wait_for()
    with page.expect_request("**/opened/*"):
        follow(page, "Pay")
    other = tab().page
    sign_in(other, portal, "ines")

    assert names(other, "#favourites bdi") == ["Wiki"]
    assert names(other, "#recent bdi") == ["Pay"]


def test_favourite_that_is_gone_is_left_out(portal: Portal, tab: OpenTab) -> None:
    page = tab().page
    visit(portal, page)
    page.get_by_role("button", name="Favourite: Wiki").click(force=True)
    page.evaluate(
        """() => {
            const name = Object.keys(localStorage).find((key) => key.includes("favourites"));
            const ids = [1, "x", null, ...JSON.parse(localStorage[name])];
            localStorage.setItem(name, JSON.stringify(ids));
            localStorage.setItem(name.replace("favourites", "recent"), '{"broken');
        }"""
    )
    page.reload()

    assert names(page, "#favourites bdi") == ["Wiki"]


def test_notice_stays_hidden_until_its_text_changes(portal: Portal, tab: OpenTab) -> None:
    portal.change(userNotification="Pay is away. Save first.", userNotificationEnabled=True)
    page = tab().page
    visit(portal, page)
    notice = page.get_by_role("region", name="Notice")
    assert notice.locator("b").inner_text() == "Pay is away."
    page.get_by_role("button", name="Hide this notice").click()
    assert notice.is_hidden()
    page.reload()
    assert notice.is_hidden()
    portal.change(userNotification="Pay is back.", userNotificationEnabled=True)
    page.reload()
    assert notice.is_visible()
    portal.change(userNotificationEnabled=False)
    page.reload()

    assert notice.count() == 0


@pytest.mark.parametrize("javascript", [True, False])
def test_theme_and_language_are_remembered(portal: Portal, tab: OpenTab, javascript: bool) -> None:
    page = tab(java_script_enabled=javascript, color_scheme="light", locale="en-GB").page
    visit(portal, page)
    page.locator("#menu summary").click()
    page.get_by_role("button", name="Dark").click()
    page.locator('html[data-theme="dark"]').wait_for()
    if javascript:
        wait_for_value(page, "document.cookie.includes('theme=dark')", True)
    page.goto(portal.url)
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.locator("#menu summary").click()
    page.get_by_label("Language").select_option("de")
    if not javascript:
        page.get_by_role("button", name="Set language").click()
    page.locator('html[lang="de"]').wait_for()

    assert page.get_by_placeholder("Nach Name oder Adresse suchen").is_visible()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_page_follows_the_language_of_the_browser(portal: Portal, tab: OpenTab) -> None:
    page = tab(locale="es-MX").page
    visit(portal, page)

    assert page.get_by_placeholder("Buscar por nombre o dirección").is_visible()
    assert page.locator("#all .head span").last.inner_text() == "3 enlaces"


def test_session_that_ended_leads_to_the_door_and_back(portal: Portal, tab: OpenTab) -> None:
    portal.change(portico={"audience": "signed_in"})
    page = tab().page
    sign_in(page, portal, "ines")
    cookies = [each for each in page.context.cookies() if "portal" not in each["name"]]
    page.context.clear_cookies()
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # read and write differ in name
    page.get_by_role("button", name="Favourite: Wiki").click(force=True)
    page.wait_for_url("**/sign-in?next=*")
    page.get_by_label("Name").fill("ines")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{portal.base}")

    assert names(page) == ["Mail", "Pay", "Wiki"]


def test_sign_out_ends_the_session(portal: Portal, tab: OpenTab) -> None:
    portal.change(portico={"audience": "signed_in"})
    page = tab().page
    sign_in(page, portal, "ines")
    page.locator("#menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*")
    page.goto(portal.url)

    assert "/sign-in" in page.url


def test_favourites_are_moved_with_the_keyboard_and_the_mouse(portal: Portal, tab: OpenTab) -> None:
    page = tab().page
    sign_in(page, portal, "ines")
    for name in ("Mail", "Pay", "Wiki"):
        page.get_by_role("button", name=f"Favourite: {name}").click(force=True)
        page.get_by_text("Added to your favourites.").wait_for()
    row = page.locator("#favourites")
    row.get_by_role("link", name="Wiki").focus()
    with page.expect_response("**/favourites/order"):
        press(page, "Shift+ArrowLeft")
    assert names(page, "#favourites bdi") == ["Mail", "Wiki", "Pay"]
    assert page.locator("#said").inner_text() == "Place 2 of 3"
    assert "Wiki" in page.evaluate("document.activeElement.innerText")
    with page.expect_response("**/favourites/order"):
        row.get_by_role("link", name="Pay").drag_to(row.get_by_role("link", name="Mail"))
    page.get_by_role("button", name="Favourite: Wiki").click(force=True)
    with page.expect_response(lambda each: (each.request.post_data or "").endswith("on=1")):
        page.get_by_role("button", name="Favourite: Wiki").click(force=True)
    page.reload()
    assert names(page, "#favourites bdi") == ["Pay", "Mail", "Wiki"]

    stranger = tab().page
    visit(portal, stranger)
    for name in ("Mail", "Pay"):
        stranger.get_by_role("button", name=f"Favourite: {name}").click(force=True)
    stranger.locator("#favourites a").last.focus()
    press(stranger, "Shift+ArrowLeft")
    stranger.reload()
    assert names(stranger, "#favourites bdi") == ["Pay", "Mail"]


def test_favourites_are_saved_when_the_visitor_leaves_at_once(portal: Portal, tab: OpenTab) -> None:
    page = tab().page
    sign_in(page, portal, "ines")
    slow = {"offline": False, "latency": 500, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    for name in ("Mail", "Pay", "Wiki"):
        page.get_by_role("button", name=f"Favourite: {name}").press("Enter")
    page.goto("about:blank")

    later = tab().page
    sign_in(later, portal, "ines")
    deadline = time.monotonic() + VALUE_SECONDS
    while (found := sorted(names(later, "#favourites bdi"))) != ["Mail", "Pay", "Wiki"]:
        assert time.monotonic() < deadline, found
        later.reload()


def test_favourites_are_moved_without_scripts(portal: Portal, tab: OpenTab) -> None:
    page = tab(java_script_enabled=False).page
    sign_in(page, portal, "ines")
    order = page.locator("summary", has_text="Change the order")
    for count, name in enumerate(("Mail", "Pay", "Wiki")):
        expect(order).to_have_count(int(count > 1))
        page.get_by_role("button", name=f"Favourite: {name}").click(force=True)
    order.click()
    page.get_by_role("button", name="Move Wiki up").click()
    page.get_by_role("button", name="Move Mail down").click()
    expect(page.locator("#favourites .favs bdi")).to_have_text(["Wiki", "Mail", "Pay"])
