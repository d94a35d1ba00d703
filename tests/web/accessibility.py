"""What axe finds wrong on a page, asked at little cost."""

from __future__ import annotations

import re
from collections.abc import Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, Route

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
    which is most of its work, unless it is asked for violations alone. The pages have no frames,
    and no rule in use reads style sheets or media (`preload`).
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {
        "resultTypes": ["violations"],
        "selectors": False,
        "preload": False,
        "iframes": False,
    }
    found: list[list[str]] = page.evaluate(
        _RUN, {**options, "runOnly": list(rules)} if rules else options
    )
    return found


def take_scripts_away(page: Page) -> None:
    """Show pages from now on as a browser without scripts does, though axe itself can run.

    Their own scripts are not loaded, and what is inside `noscript` is shown.
    """

    def without(route: Route) -> None:
        if route.request.resource_type == "script":
            route.abort()
        elif route.request.resource_type != "document" or route.request.method != "GET":
            route.continue_()
        else:
            answer = route.fetch()
            plain = re.sub(
                r"<script\b.*?</script>|</?noscript>", "", answer.text(), flags=re.DOTALL
            )
            route.fulfill(response=answer, body=plain)

    page.route("**/*", without)
