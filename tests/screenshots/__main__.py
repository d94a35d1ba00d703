"""The pictures, in the order in which somebody would come by."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.screenshots.camera import PHONE, THEMES, Camera, open_camera
from tests.screenshots.demo_server import DemoServer, running_demo
from tests.web.conftest import QUIET

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
# Who has not accepted the policy yet, since accepting it is asked for once.
NEW_HERE = {"light": "wren", "dark": "omar"}
ROWS = """\
Name, URL, Description, Portals, Section
Flood forecast, https://forecast.meridianwater.example/rivers, "Levels, three days ahead", Staff portal; Control room, Network operations
Tide tables, tides.meridianwater.example, High and low water, Staff portal, Network operations
Parking, https://me@parking.meridianwater.example, Book a space, Staff portal, Every day
Bicycle pool, https://bicycles.meridianwater.example, Keys at the runtime, Staff portal; Visitors, Every day
First aid, https://intranet.meridianwater.example/first-aid, Who is trained, Stuff portal, People and pay
"""  # noqa: E501  # rows as people paste them


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    program = os.environ.get("PORTICO_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory(prefix="portico-pictures-") as name, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=QUIET)
        with running_demo(Path(name)) as server:
            for theme in THEMES:
                _portal(browser, server, theme, folder)
            _change_something(browser, server, folder)
            for theme in THEMES:
                _console(browser, server, theme, folder)
        browser.close()
    taken = sorted(folder.glob("*.png"))
    size = sum(each.stat().st_size for each in taken)
    sys.stdout.write(f"{len(taken)} pictures, {size // 1024} kB, in {folder}\n")
    return 0


def _portal(browser: Browser, server: DemoServer, theme: str, folder: Path) -> None:
    with open_camera(browser, server, theme, folder) as camera:
        camera.open("/p/staff")
        camera.take("sign-in")
        camera.sign_in(NEW_HERE[theme])
        camera.take("policy")
    with open_camera(browser, server, theme, folder) as camera:
        _enter(camera)
        camera.take("portal")
        camera.page.keyboard.press("/")
        camera.page.keyboard.type("re")
        camera.take("find")
        for query, picture in (("salary", "find-by-keyword"), ("payrol", "nothing-found")):
            camera.page.locator("#q").fill(query)
            camera.take(picture)
    with open_camera(browser, server, theme, folder, PHONE) as camera:
        _enter(camera)
        camera.take("phone")


def _enter(camera: Camera) -> None:
    """Ines at her portal, with the policy accepted."""
    camera.open("/p/staff")
    camera.sign_in("ines")
    accept = camera.page.get_by_role("button", name="I accept")
    if accept.count():
        accept.click()
    camera.page.locator("#q").wait_for()


def _change_something(browser: Browser, server: DemoServer, folder: Path) -> None:
    """One edit, so that the audit log has more to tell than how everything was added."""
    with open_camera(browser, server, "light", folder) as camera:
        page = camera.open("/console")
        camera.sign_in("tomas")
        camera.open(f"{page.url}/links?q=Translate")
        page.get_by_role("link", name="Translate").first.click()
        page.get_by_label("Description").fill("Texts and documents, 24 languages")
        page.get_by_label("Name", exact=True).fill("Translation desk")
        page.get_by_role("button", name="Save link").click()
        page.locator("[data-toast]").wait_for()


def _console(browser: Browser, server: DemoServer, theme: str, folder: Path) -> None:
    with open_camera(browser, server, theme, folder) as camera:
        page = camera.open("/console")
        camera.sign_in("tomas")
        base = page.url
        camera.take("dashboard")
        page.keyboard.press("Control+k")
        page.keyboard.type("pa")
        page.get_by_role("option", name="Payslips").wait_for()
        camera.take("search-everything")
        page.keyboard.press("Escape")
        camera.open(f"{base}/links")
        camera.take("links")
        for box in page.locator(".pick").all()[:3]:
            box.check()
        page.get_by_role("button", name="Portals…").click()
        page.get_by_role("dialog").get_by_label("Visitors").first.check()
        page.get_by_text("Visitors: ").wait_for()
        camera.take("bulk-portals")
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Outage map").first.click()
        page.wait_for_url("**/links/*")
        camera.take("editor")
        camera.open(f"{base}/links/add-many")
        page.locator("#lines").fill(ROWS)
        page.get_by_role("button", name="Check the rows").click()
        page.get_by_text("First aid").first.wait_for()
        camera.take("add-many")
        camera.open(f"{base}/portals")
        page.get_by_role("link", name="Staff portal").first.click()
        page.wait_for_url("**/portals/*")
        camera.take("portal-detail")
        page.get_by_role("link", name="Add links").click()
        page.get_by_role("button", name="Tick all of these").click()
        camera.take("add-links")
        camera.open(f"{base}/audit")
        page.get_by_text("Translation desk").first.click()
        camera.take("audit")


if __name__ == "__main__":
    sys.exit(main())
