"""Counting the clicks of a journey, over all of its pages."""

from __future__ import annotations

from playwright.sync_api import Page

# When bubbling: the browser driver stops a press that misses its moving target, and presses again.
_COUNTER = """addEventListener("pointerdown", () => {
  sessionStorage.setItem("clicks", Number(sessionStorage.getItem("clicks") ?? 0) + 1);
});"""


def count_clicks(page: Page) -> None:
    """Counts every press of the mouse from the next page on."""
    page.add_init_script(_COUNTER)


def clicks_of(page: Page) -> int:
    """The number of clicks so far."""
    return int(page.evaluate("Number(sessionStorage.getItem('clicks') ?? 0)"))
