"""A portal's own files: its brand before signing in, its accent, its manifest."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image

from portico.domain.portals.accent import contrast
from tests.harness import Tenant
from tests.web.conftest import OpenTab
from tests.web.portal.portals import make_portal


def drawn(side: int) -> str:
    stream = io.BytesIO()
    Image.new("RGB", (side, side), "#7a1fa2").save(stream, "png")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


def test_brand_is_shown_at_the_door_and_on_the_page(tenant: Tenant, tab: OpenTab) -> None:
    portal = make_portal(
        tenant,
        audience="signed_in",
        imageData=drawn(192),
        portico={"title": "Meridian Water", "favicon": drawn(32), "accent": "#7a1fa2"},
    )
    page = tab().page
    page.goto(portal.url)

    assert page.get_by_role("heading", name="Meridian Water").is_visible()
    assert (
        page.locator("img.sign").evaluate("(it) => it.decode().then(() => it.naturalWidth)") == 192
    )
    button = page.get_by_role("button", name="Sign in")
    assert button.evaluate("(it) => getComputedStyle(it).backgroundColor") == "rgb(122, 31, 162)"
    icon = page.locator('link[rel="icon"]').get_attribute("href") or ""
    assert portal.server.http.get(icon).headers["content-type"] == "image/png"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accent_colours_the_page_in_both_themes(tenant: Tenant, tab: OpenTab, scheme: str) -> None:
    portal = make_portal(tenant, portico={"accent": "#7a1fa2"})
    portal.add_link("Wiki")
    page = tab(color_scheme=scheme).page
    page.goto(portal.url)
    page.get_by_role("button", name="Favourite: Wiki").click(force=True)
    page.mouse.move(0, 0)
    page.get_by_label("Find a link by name or address").focus()
    colours = [
        page.locator(selector).evaluate(f"(it) => getComputedStyle(it).{name}")
        for selector, name in ((".star", "color"), (".tile", "backgroundColor"))
    ]
    star, surface = (
        "#" + "".join(f"{int(part):02x}" for part in colour[4:-1].split(",")) for colour in colours
    )

    assert contrast(star, surface) >= 4.5


def test_portal_can_be_installed(tenant: Tenant) -> None:
    portal = make_portal(tenant, imageData=drawn(192), portico={"title": "Grün & Töchter"})
    page = portal.server.http.get(portal.base).text
    address = page.partition('rel="manifest" href="')[2].partition('"')[0]
    answer = portal.server.http.get(address)
    manifest = json.loads(answer.content)

    assert answer.headers["content-type"] == "application/manifest+json"
    assert manifest["name"] == "Grün & Töchter"
    assert manifest["start_url"] == manifest["scope"] == portal.base
    assert manifest["display"] == "standalone"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        assert portal.server.http.get(icon["src"]).status_code == 200


@pytest.mark.parametrize("image", ["", "logo.png", "data:image/svg+xml;base64,PHN2Zy8+"])
def test_logo_that_is_no_picture_is_not_shown(tenant: Tenant, image: str) -> None:
    portal = make_portal(tenant, imageData=image)

    assert "<img" not in portal.server.http.get(portal.base).text
    assert portal.server.http.get(f"{portal.base}/logo").status_code == 404


def test_portal_without_an_accent_has_no_colours_of_its_own(tenant: Tenant) -> None:
    portal = make_portal(tenant)

    assert "theme.css" not in portal.server.http.get(portal.base).text
    assert portal.server.http.get(f"{portal.base}/theme.css").status_code == 404
