"""A real browser for the tests of the pages; every tab has to stay free of complaints."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.secret_watch import secret_watch
from tests.web.portal.portals import Tab, open_tab

OpenTab = Callable[..., Tab]
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    # Chromium makes these, which are pages themselves, anew for the window of each test.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
    # Saves a quarter of the CPU time of a new tab: tabs share a process, and scripts that run for
    # less than a second are not optimised.
    "--renderer-process-limit=1",
    "--js-flags=--no-opt",
)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium: PORTICO_CHROMIUM's, or the one of the machine, or Playwright's own.

    The headless shell needs half the CPU time of Chromium, which draws its own windows too.

    For this package alone: its driver's event loop is in the way of tests that run one themselves.
    """
    program = (
        os.environ.get("PORTICO_CHROMIUM")
        or shutil.which("chromium-headless-shell")
        or shutil.which("chromium")
    )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[OpenTab]:
    """Opens tabs, each with cookies of its own; the test fails when one of them complained."""
    tabs: list[Tab] = []

    def open_one(**options: object) -> Tab:
        tabs.append(open_tab(browser, **options))
        return tabs[-1]

    yield open_one
    for each in tabs:
        cookies = each.context.cookies()
        secret_watch().learn_cookies({str(one["name"]): str(one["value"]) for one in cookies})
        each.context.close()
    assert [each.faults for each in tabs] == [[] for _ in tabs]
