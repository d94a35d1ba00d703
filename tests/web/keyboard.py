"""Keys that no page misses: they wait until the page's scripts listen."""

from __future__ import annotations

from playwright.sync_api import Page


def wait_for_scripts(page: Page) -> None:
    """Waits until the page's scripts listen, as they do once it is loaded: all are deferred.

    For what follows a click on a link or a button, which waits only until the next page begins.
    """
    page.wait_for_load_state("load")


def press(page: Page, *keys: str) -> None:
    """Presses keys one after another."""
    wait_for_scripts(page)
    for key in keys:
        page.keyboard.press(key)


def type_text(page: Page, text: str) -> None:
    """Types text where the focus is."""
    wait_for_scripts(page)
    page.keyboard.type(text)
