"""The portal by keyboard alone: moving, opening, starring, the list of keys, the switch."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.harness import Tenant
from tests.web.conftest import OpenTab
from tests.web.keyboard import press, type_text
from tests.web.portal.portals import Portal, make_portal, names, sign_in, wait_for_value

pytestmark = pytest.mark.one_database
FOCUSED = "document.activeElement.dataset.id ?? document.activeElement.id"


@pytest.fixture
def portal(tenant: Tenant) -> Portal:
    """A portal with a grid of links."""
    made = make_portal(tenant)
    for number in range(7):
        made.add_link(f"Link {number}")
    return made


@pytest.fixture
def page(portal: Portal, tab: OpenTab) -> Page:
    """The portal in a tab that goes nowhere else."""
    opened = tab(viewport={"width": 1440, "height": 900}).page
    opened.context.route("https://*.example/", lambda route: route.fulfill(body="there"))
    opened.goto(portal.url)
    return opened


def focused_name(page: Page) -> str:
    return str(page.evaluate("document.activeElement.querySelector('.n')?.textContent ?? ''"))


def test_arrows_walk_the_grid_and_back_to_the_field(page: Page) -> None:
    press(page, "/")
    walked = []
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"):
        press(page, key)
        walked.append(focused_name(page))

    assert walked == ["Link 0", "Link 1", "Link 4", "Link 3", "Link 0", ""]
    assert page.evaluate(FOCUSED) == "q"


def test_f_stars_the_focused_link_and_a_digit_opens_it(page: Page) -> None:
    for name in ("Link 3", "Link 5"):
        page.get_by_role("link", name=name).focus()
        press(page, "f")
    assert names(page, "#favourites bdi") == ["Link 3", "Link 5"]
    with page.expect_popup() as popup:
        press(page, "2")

    assert popup.value.url == "https://link5.example/"


def test_alt_enter_copies_the_address(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Link 2").focus()
    press(page, "Alt+Enter")
    page.get_by_text("Address copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "https://link2.example/"
    press(page, "/")
    type_text(page, "link 6")
    press(page, "Alt+Enter")
    wait_for_value(page, "navigator.clipboard.readText()", "https://link6.example/")


def test_question_mark_lists_the_keys(page: Page) -> None:
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    assert dialog.is_visible()
    press(page, "Escape")

    assert dialog.is_hidden()


def test_single_keys_can_be_switched_off(page: Page) -> None:
    page.get_by_text("Settings").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    press(page, "Escape")
    for _ in range(2):
        page.locator("main").focus()
        press(page, "/", "?")
        assert page.evaluate(FOCUSED) == "main"
        assert page.get_by_role("dialog").is_hidden()
        page.reload()


def test_every_control_is_reached_by_tab(portal: Portal, page: Page) -> None:
    portal.change(userNotification="Away on Friday.", userNotificationEnabled=True)
    portal.add_user("ines")
    sign_in(page, portal, "ines")
    page.get_by_role("button", name="Favourite: Link 1").focus()
    press(page, "Enter")
    page.reload()
    reached = set()
    for _ in range(40):
        press(page, "Tab")
        reached.add(
            page.evaluate(
                "(({tagName, id, className, dataset}) => tagName + '#' + id + '.' + className)"
                "(document.activeElement)"
            )
        )

    assert {"A#.skip", "A#.brand", "SUMMARY#.", "BUTTON#hide.js-only", "INPUT#q."} <= reached
    assert {"A#.", "BUTTON#.star"} <= reached


def test_menu_closes_by_escape_and_by_a_click_elsewhere(page: Page) -> None:
    summary = page.locator("#menu summary")
    sheet = page.locator("#menu .sheet")
    summary.press("Enter")
    assert sheet.is_visible()
    press(page, "Tab", "Escape")
    assert sheet.is_hidden()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    summary.click()
    page.mouse.click(5, 500)

    assert sheet.is_hidden()
