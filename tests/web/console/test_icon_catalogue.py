"""The catalogue of icons: found by words and by host, drawn as pictures, chosen in the editor."""

from __future__ import annotations

import base64
import io
from importlib.resources import files

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import expect

from portico.web.console.links.catalogue import (
    CELL,
    COLUMNS,
    FOLDER,
    CatalogueIcon,
    draw_icon,
    find_icons,
    icon_of,
    icons_for_host,
)
from portico.web.shared.branding import picture_digest
from portico.web.shared.pictures import read_picture
from tests.harness import Tenant
from tests.web.conftest import OpenTab
from tests.web.console.clerks import hire
from tests.web.console.people import sit_down

BUDGET_BYTES = 700_000


def every_icon() -> list[CatalogueIcon]:
    """The icons of the list, in the order of the sheet."""
    content = files("portico.web").joinpath(FOLDER, "catalogue.json").read_bytes()
    return msgspec.json.decode(content, type=list[CatalogueIcon])


@pytest.mark.parametrize(
    ("host", "first"),
    [
        ("jira.example.com", "Jira"),
        ("JIRA-prod.corp.example", "Jira"),
        ("mail.google.com", "Gmail"),
        ("github.com", "GitHub"),
        ("grafana2.ops.example:8443", "Grafana"),
        ("payroll.example.com", "Payroll"),
        ("sharepoint.example.com", "Files"),
    ],
)
def test_host_is_offered_its_icon(host: str, first: str) -> None:
    assert icons_for_host(host)[0].name == first


@pytest.mark.parametrize(
    "host", ["", "www.example.com", "192.168.1.1", "[2001:db8::1]", "..", "app.co"]
)
def test_host_that_says_nothing_is_offered_nothing(host: str) -> None:
    assert icons_for_host(host) == []


def test_every_icon_is_found_by_its_name_and_drawn() -> None:
    icons = every_icon()
    folder = files("portico.web").joinpath(FOLDER)
    with Image.open(io.BytesIO(folder.joinpath("catalogue.png").read_bytes())) as sheet:
        assert sheet.size == (COLUMNS * CELL, -(-len(icons) // COLUMNS) * CELL)
    assert sum(len(each.read_bytes()) for each in folder.iterdir()) < BUDGET_BYTES
    assert len({icon.slug for icon in icons}) == len({icon.name for icon in icons}) == len(icons)
    assert len(icons) > 400
    for icon in icons:
        assert icon in find_icons(icon.name), icon.name
        assert icon_of(icon.slug) == icon
    for icon in (icons[0], icons[-1]):
        stored = draw_icon(icon)
        picture = read_picture(stored.data_uri)
        assert picture is not None
        assert (picture.width, picture.height) == (64, 64)
        with Image.open(io.BytesIO(base64.b64decode(stored.data_uri.partition(",")[2]))) as drawn:
            colours = {drawn.getpixel((32, 3)), drawn.getpixel((0, 0))}
        own = tuple(int(icon.colour[at : at + 2], 16) for at in (0, 2, 4))
        assert colours == {(*own, 255), (*own, 0)}


def test_licences_and_versions_are_beside_the_icons() -> None:
    folder = files("portico.web").joinpath(FOLDER)

    assert "CC0" in folder.joinpath("LICENSE-simple-icons.md").read_text("utf-8")
    assert "MIT" in folder.joinpath("LICENSE-tabler-icons").read_text("utf-8")
    assert "trademark" in folder.joinpath("DISCLAIMER-simple-icons.md").read_text("utf-8")
    assert "simple-icons 16." in folder.joinpath("VERSION").read_text("utf-8")


def test_icon_is_offered_chosen_and_stored(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("links/new")
    page.get_by_label("Name", exact=True).fill("Issues")
    page.get_by_label("Host").fill("jira.example.com")
    page.get_by_text("Jira", exact=True).click()
    shown = page.locator("[data-look=icon] img").first
    picture = shown.get_attribute("src")
    jira = icon_of("jira")
    assert jira
    assert picture == draw_icon(jira).data_uri
    page.get_by_label("Find an icon").fill("payslip")
    offers = page.locator(".icon-offer")
    expect(offers).to_have_text(["None of these", "Jira", "Payslips"])
    expect(page.get_by_role("radio", name="Jira")).to_be_checked()
    page.get_by_label("Find an icon").fill("zzzz")
    expect(offers).to_have_count(2)
    page.get_by_label("Find an icon").press("Enter")
    page.get_by_role("button", name="Save link").click()
    expect(desk.toast).to_contain_text("Added Issues.")
    stored = desk.links()["Issues"]
    assert stored["iconText"] == picture
    page.get_by_role("link", name="Issues").click()
    page.get_by_label("Find an icon").fill("grafana")
    page.get_by_text("Grafana", exact=True).click()
    page.get_by_text("None of these").click()
    page.get_by_role("button", name="Save link").click()
    expect(desk.toast).to_be_visible()
    assert desk.links()["Issues"]["iconText"] == picture


def test_name_of_an_icon_is_enough_without_scripts(tenant: Tenant) -> None:
    clerk = hire(tenant)
    fields = {"name": "Boards", "protocol": "https://", "host": "b.example", "enabled": "on"}
    assert clerk.post("links/new", icon_find="trello", **fields).status_code == 303
    row = clerk.get("links").text
    trello = icon_of("trello")
    assert trello
    assert picture_digest(draw_icon(trello).data_uri) in row
    again = clerk.post("links/new", icon_pick="trello", **fields)
    assert again.status_code == 422
    assert 'value="trello" checked' in again.text
    found = clerk.get("links/icons?icon_find=red+hat&icon_pick=nothing&host=x")
    assert "Red Hat" in found.text
    assert "<html" not in found.text
