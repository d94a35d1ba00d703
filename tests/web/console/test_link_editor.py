"""The form of a link in a browser: preview, addresses, icons, errors, conflicts."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.harness import LINKS, Tenant
from tests.web.conftest import OpenTab
from tests.web.console.people import sit_down
from tests.web.keyboard import press


def picture(folder: Path, name: str, colour: str = "#203040", side: int = 200) -> Path:
    """A picture file of one colour."""
    path = folder / name
    Image.new("RGB", (side, side), colour).save(path)
    return path


@pytest.mark.both_databases
def test_a_pasted_address_is_split_and_the_link_is_on_its_portal(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff", portico={"audience": "public"})
    page = desk.open("links/new")
    page.get_by_label("Name", exact=True).fill("Payslips")
    page.get_by_label("Description").fill("Every month")
    page.get_by_label("Host").focus()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text", "http://pay.example:8080/slips?year=1");
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", {
                    clipboardData: data, bubbles: true, cancelable: true
                })
            );
        }"""
    )
    expect(page.get_by_label("Protocol")).to_have_value("http://")
    expect(page.get_by_label("Host")).to_have_value("pay.example:8080")
    expect(page.get_by_label("Path")).to_have_value("/slips?year=1")
    look = page.locator("[data-theme=dark] .tile-look")
    expect(look).to_contain_text("Payslips")
    expect(look).to_contain_text("pay.example:8080/slips?year=1")
    # The only portal is chosen already.
    expect(page.get_by_role("button", name="Remove Staff")).to_be_visible()
    page.get_by_role("combobox", name="Section").fill("Money")
    page.get_by_role("option", name='Create section "Money"').click()
    page.get_by_role("combobox", name="Add a group").fill("Finance")
    page.get_by_role("option", name='Create group "Finance"').click()
    press(page, "Control+s")
    expect(desk.toast).to_contain_text("Payslips")
    stored = desk.links()["Payslips"]
    assert stored["protocol"] == "http://"
    assert stored["linkPath"] == "/slips?year=1"
    assert [each["id"] for each in stored["userPortals"]] == [portal]  # type: ignore[attr-defined]
    assert stored["portico"]["section"] == "Money"  # type: ignore[index]
    assert stored["portico"]["groups"] == ["Finance"]  # type: ignore[index]


def test_what_the_api_refuses_is_refused_in_its_words_beside_the_field(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    refused = desk.admin.post(LINKS, {"name": "Wiki", "link": "ana@wiki.example"})
    page = desk.open("links/new")
    page.get_by_label("Name", exact=True).fill("Wiki")
    page.get_by_label("Host").fill("ana@wiki.example")
    page.get_by_role("button", name="Save link").click()
    host = page.get_by_label("Host")
    expect(host).to_have_attribute("aria-invalid", "true")
    words = (page.locator("#host-wrong").text_content() or "").strip()
    assert words.split(" Did you")[0] in refused.json()["reason"]
    expect(page.locator("[data-summary]")).to_be_focused()
    page.locator("#host-wrong").get_by_role("button", name="wiki.example").click()
    expect(host).to_have_value("wiki.example")
    page.get_by_role("button", name="Save link").click()
    expect(desk.toast).to_contain_text("Added Wiki.")


def test_a_taken_name_is_said_beside_the_name_and_nothing_typed_is_lost(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    desk.add_link("Wiki")
    page = desk.open("links/new")
    page.get_by_label("Name", exact=True).fill("wiki")
    page.get_by_label("Host").fill("w.example")
    page.get_by_label("Description").fill('<b>Kept</b> & "quoted"')
    page.get_by_role("button", name="Save link").click()
    expect(page.locator("#name-wrong")).to_contain_text("is already taken")
    expect(page.get_by_label("Description")).to_have_value('<b>Kept</b> & "quoted"')


def test_an_uploaded_picture_is_made_small_and_shown(
    tenant: Tenant, tab: OpenTab, tmp_path: Path
) -> None:
    desk = sit_down(tenant, tab())
    link = desk.add_link("Wiki")
    page = desk.open(f"links/{link}")
    page.locator("#icon").set_input_files(picture(tmp_path, "dark.jpg"))
    expect(page.locator(".tile-look img").first).to_be_visible()
    page.get_by_role("button", name="Save link").click()
    expect(desk.toast).to_contain_text("Changed Wiki.")
    text = str(desk.link(link)["iconText"])
    assert text.startswith("data:image/png;base64,")
    assert Image.open(io.BytesIO(base64.b64decode(text.partition(",")[2]))).size == (64, 64)
    page.goto(desk.url(f"links/{link}"))
    expect(page.locator(".arch-for-dark").first).to_be_visible()
    page.get_by_label("Show the letter in its place").check()
    page.get_by_role("button", name="Save link").click()
    expect(desk.toast).to_be_visible()
    assert "iconText" not in desk.link(link)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG pictures are not taken"),
        ("x.png", b"\x89PNG\r\n\x1a\nnonsense", "no PNG, JPEG, GIF, WebP or ICO"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_with_the_reason(
    tenant: Tenant, tab: OpenTab, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("links/new")
    page.get_by_label("Name", exact=True).fill("Wiki")
    page.get_by_label("Host").fill("w.example")
    (tmp_path / name).write_bytes(content)
    page.locator("#icon").set_input_files(tmp_path / name)
    page.get_by_role("button", name="Save link").click()
    expect(page.locator("#icon-wrong")).to_contain_text(words)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Wiki")
    assert desk.links() == {}


@pytest.mark.both_databases
def test_a_change_in_between_is_shown_before_it_is_overwritten(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    link = desk.add_link("Wiki", description="First")
    page = desk.open(f"links/{link}")
    page.get_by_label("Description").fill("Mine")
    desk.admin.put(
        f"{LINKS}/{link}",
        {"name": "Wiki", "link": "wiki.example", "enabled": True, "description": "Theirs"},
    )
    page.get_by_role("button", name="Save link").click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("changed this link today")
    row = told.get_by_role("row", name="Description")
    expect(row).to_contain_text("Theirs")
    expect(row).to_contain_text("Mine")
    assert desk.link(link)["description"] == "Theirs"
    expect(page.get_by_label("Description")).to_have_value("Mine")
    page.get_by_role("button", name="Save link").click()
    expect(desk.toast).to_contain_text("Changed Wiki.")
    assert desk.link(link)["description"] == "Mine"


def test_a_link_is_duplicated_and_deleted(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    link = desk.add_link("Wiki", userPortals=[{"id": portal}])
    page = desk.open(f"links/{link}")
    page.get_by_role("link", name="Duplicate").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Wiki (copy)")
    page.get_by_role("button", name="Save link").click()
    assert set(desk.links()) == {"Wiki", "Wiki (copy)"}
    page.goto(desk.url(f"links/{link}"))
    page.get_by_role("link", name="Delete…").click()
    expect(page.get_by_role("listitem").filter(has_text="Staff")).to_be_visible()
    page.get_by_role("button", name="Delete link").click()
    expect(desk.toast).to_contain_text("Deleted Wiki.")
    page.get_by_role("button", name="Undo").click()
    expect(desk.toast).to_contain_text("as it was")
    assert desk.links()["Wiki"]["id"] == link


def test_without_a_script_a_link_is_added(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(java_script_enabled=False))
    desk.add_portal("Staff")
    page = desk.open("links/new")
    page.get_by_label("Name", exact=True).fill("Wiki")
    page.get_by_label("Host").fill("https://wiki.example/start")
    page.get_by_label("Staff").check()
    page.get_by_label("Or the name of a new section").fill("Every day")
    page.get_by_role("button", name="Save link").click()
    stored = desk.links()["Wiki"]
    assert (stored["link"], stored["linkPath"]) == ("wiki.example", "/start")
    assert stored["portico"]["section"] == "Every day"  # type: ignore[index]
    page.goto(desk.url(f"links/{stored['id']}"))
    expect(page.get_by_label("Section", exact=True)).to_have_value("Every day")
    page.get_by_label("Section", exact=True).select_option("No section")
    page.get_by_role("button", name="Save link").click()
    assert "section" not in desk.links()["Wiki"]["portico"]  # type: ignore[operator]


def test_hostile_texts_are_only_ever_text(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    nasty = "</textarea><script>document.title='owned'</script><img src=x onerror=alert(1)>"
    desk.add_portal(nasty)
    link = desk.add_link("x", description=nasty, portico={"section": nasty, "groups": [nasty]})
    desk.admin.put(
        f"{LINKS}/{link}",
        {
            "name": nasty,
            "link": "x.example",
            "description": nasty,
            "iconText": "data:image/svg+xml;base64,PHN2Zz4=",
        },
    )
    for place in ("links", f"links/{link}", f"links/{link}/delete", "audit", "search?q=img", ""):
        page = desk.open(place)
        assert page.title() != "owned"
        expect(page.locator("img[src=x]")).to_have_count(0)
