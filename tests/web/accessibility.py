"""What axe finds wrong on a page, asked at little cost."""

from __future__ import annotations

from collections.abc import Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
COLOURS = ("color-contrast",)
"""What a page can break in a dark theme alone."""

_RUN = """
options => axe.run(options).then(report => report.violations.map(
    each => [each.id, ...each.nodes.map(node => node.html.slice(0, 160))]
))
"""


def violations(page: Page, rules: Sequence[str] = ()) -> list[list[str]]:
    """Return the id of each rule that the page breaks, with the elements that break it.

    Without rules axe checks its own choice. Axe describes every element that passes as well,
    which is most of its work, unless it is asked for violations alone.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], "selectors": False}
    found: list[list[str]] = page.evaluate(
        _RUN, {**options, "runOnly": list(rules)} if rules else options
    )
    return found
