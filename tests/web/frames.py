"""What a page shows in its first frames."""

from __future__ import annotations

from playwright.sync_api import Page

FRAMES = 9


def watch_frames(page: Page, selector: str, style: str) -> None:
    """Note the value of a style in the first frames of pages that open from now on."""
    page.add_init_script(
        f"""window.seen = [];
        const look = () => {{
            const element = document.querySelector("{selector}");
            if (element) seen.push(getComputedStyle(element).{style});
            if (seen.length < {FRAMES}) requestAnimationFrame(look);
        }};
        requestAnimationFrame(look);"""
    )


def first_and_last(page: Page) -> tuple[str, str]:
    """Return the value in the first frame that had the element, and some frames later."""
    first, last = page.evaluate(
        f"""async () => {{
            while (seen.length < {FRAMES}) await new Promise(requestAnimationFrame);
            return [seen[0], seen.at(-1)];
        }}"""
    )
    return first, last
