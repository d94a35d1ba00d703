"""One browser window in one theme, and how a picture of it becomes a small file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.screenshots.demo_server import MOMENT, DemoServer

THEMES = ("light", "dark")
DESK = (1440, 900)
PHONE = (390, 844)
COLOURS = 256


@dataclass(frozen=True)
class Camera:
    """A window at a demo server; its pictures are called after the theme."""

    page: Page
    server: DemoServer
    theme: str
    folder: Path

    def open(self, path: str) -> Page:
        """Goes to a path of the server, or to a whole address."""
        self.page.goto(path if "://" in path else self.server.url + path)
        return self.page

    def sign_in(self, name: str) -> None:
        """Fills in the door that is shown and waits for what lies behind it."""
        door = self.page.url
        self.page.locator("input[name=name]").fill(name)
        self.page.locator("input[name=password]").fill(self.server.passwords[name])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: url != door)

    def take(self, name: str) -> None:
        """Writes `name-theme.png` with what the window shows."""
        self.page.evaluate("document.fonts.ready")
        shown = self.page.screenshot(animations="disabled", caret="hide")
        (self.folder / f"{name}-{self.theme}.png").write_bytes(_smaller(shown))


@contextmanager
def open_camera(
    browser: Browser, server: DemoServer, theme: str, folder: Path, size: tuple[int, int] = DESK
) -> Iterator[Camera]:
    """A window of its own cookies whose browser lives at the server's moment."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=1 if size == DESK else 2,
        has_touch=size == PHONE,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    context.clock.set_fixed_time(MOMENT)
    try:
        yield Camera(context.new_page(), server, theme, folder)
    finally:
        context.close()


def _smaller(png: bytes) -> bytes:
    """The picture with a palette, which these pages fit into, and packed as tightly as PNG goes."""
    with Image.open(io.BytesIO(png)) as shown:
        few = shown.convert("RGB").quantize(
            COLOURS, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE
        )
    packed = io.BytesIO()
    few.save(packed, "PNG", optimize=True)
    return packed.getvalue()
