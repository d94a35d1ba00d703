"""Adding many links by paste and CSV: checked before stored, mended in place, all or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.harness import Tenant
from tests.web.conftest import OpenTab
from tests.web.console.people import sit_down

ROWS = """name,url,description,portals,section,keywords
Asset register,https://assets.example,"Pumps, valves",Staff,Network,inventory; spare parts
Legacy share,ftp://files.example,Old files,Staff,Every day
Induction,learn.example/start,First day,Contractor,People
"""


@pytest.mark.both_databases
def test_rows_are_checked_mended_and_added_together(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_portal("Staff")
    contractors = desk.add_portal("Contractors")
    page = desk.open("links/add-many")
    page.get_by_label("One link in a line").fill(ROWS)
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_text("Read 3 rows from your paste.")).to_be_visible()
    expect(page.get_by_role("button", name="Add 3 links")).to_be_disabled()
    assert desk.links() == {}
    page.get_by_role("button", name="2 to fix").click()
    expect(page.locator("tbody tr:visible")).to_have_count(2)
    page.get_by_role("button", name="All 3").click()
    page.get_by_role("button", name="Use https").click()
    page.get_by_role("button", name="Use Contractors").click()
    page.get_by_role("button", name="Check again").click()
    page.get_by_role("button", name="Add 3 links").click()
    expect(desk.toast).to_contain_text("Added 3 links.")
    stored = desk.links()
    assert stored["Asset register"]["description"] == "Pumps, valves"
    keywords = stored["Asset register"]["portico"]["keywords"]  # type: ignore[index]
    assert keywords == ["inventory", "spare parts"]
    assert stored["Legacy share"]["link"] == "files.example"
    assert [each["id"] for each in stored["Induction"]["userPortals"]] == [contractors]  # type: ignore[attr-defined]
    assert stored["Induction"]["portico"]["section"] == "People"  # type: ignore[index]
    assert all(each["enabled"] for each in stored.values())
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("No links yet")).to_be_visible()


def test_rows_to_mend_fit_on_a_phone(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(viewport={"width": 390, "height": 844}))
    page = desk.open("links/add-many")
    page.get_by_label("One link in a line").fill(ROWS)
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_text("Read 3 rows from your paste.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in page.get_by_role("button", name="Leave out row").all():
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport()


def test_faulty_rows_are_left_out_and_defaults_are_used(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    desk.add_link("Wiki")
    page = desk.open("links/add-many")
    page.get_by_label("One link in a line").fill("Wiki https://w.example\nhttps://new.example/a")
    page.get_by_role("combobox", name="Portal").click()
    page.get_by_role("option", name="Staff").click()
    page.get_by_role("combobox", name="Section").fill("Every day")
    page.get_by_role("option", name='Create section "Every day"').click()
    page.get_by_role("button", name="Check the rows").click()
    expect(page.locator(".wrong")).to_contain_text("is already taken")
    page.get_by_role("button", name="Leave out 1 and add 1").click()
    expect(desk.toast).to_contain_text("Added new.example.")
    added = desk.links()["new.example"]
    assert [each["id"] for each in added["userPortals"]] == [portal]  # type: ignore[attr-defined]
    assert added["portico"]["section"] == "Every day"  # type: ignore[index]


def test_a_csv_file_of_500_rows_is_added(tenant: Tenant, tab: OpenTab, tmp_path: Path) -> None:
    desk = sit_down(tenant, tab())
    lines = [f"Link {n};https://h{n}.example" for n in range(500)]
    (tmp_path / "links.csv").write_text("\n".join(lines), "utf-8")
    page = desk.open("links/add-many")
    page.get_by_label("Or a file").set_input_files(tmp_path / "links.csv")
    page.get_by_role("button", name="Add 500 links").click()
    expect(desk.toast).to_contain_text("Added 500 links.")
    assert len(desk.links()) == 500


def test_thirty_rows_take_three_clicks(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_portal("Staff")
    desk.add_portal("Crews; field | night")
    page = desk.open()
    page.get_by_role("link", name="Add many").click()
    examples = page.locator("form code").all_inner_texts()
    rows = [*examples, *(f"Link {n} https://h{n}.example" for n in range(27))]
    page.get_by_label("One link in a line").fill("\n".join(rows))
    page.get_by_role("button", name="Check the rows").click()
    page.get_by_role("button", name="Add 30 links").click()
    expect(desk.toast).to_contain_text("Added 30 links.")
    travel = desk.links()["Travel desk"]
    assert len(travel["userPortals"]) == 2  # type: ignore[arg-type]
    assert travel["description"] == "Trains, flights, hotels"


def test_each_row_is_read_by_itself_and_refused_where_it_is_wrong(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("links/add-many")
    rows = [
        "Payslips https://pay.example",
        'Travel,travel.example,"Trains, flights"',
        "Wi\u200bki https://wiki.example",
        "Maps,maps.example,,,Every\u202e day",
        "Paths https://p.example/a" + "b" * 3000,
    ]
    page.get_by_label("One link in a line").fill("\n".join(rows))
    page.get_by_role("button", name="Check the rows").click()
    wrong = page.locator(".wrong")
    expect(wrong).to_have_count(3)
    expect(page.locator("tr.bad").nth(0)).to_contain_text("invisible character U+200B")
    expect(page.locator("tr.bad").nth(1)).to_contain_text("bidirectional control U+202E")
    expect(page.locator("tr.bad").nth(2)).to_contain_text("at most 2048")
    expect(page.locator("tr.new")).to_have_count(2)
    expect(page.locator(".chip.new")).to_have_count(0)
    page.get_by_role("button", name="Use Wiki").click()
    page.get_by_role("button", name="Use Every day").click()
    page.get_by_role("button", name="Check again").click()
    created = page.get_by_text("1 section does not exist yet and will be created: Every day.")
    expect(created).to_be_visible()
    expect(page.locator("tr", has_text="Maps").locator(".chip.new")).to_have_text("new")
    page.get_by_role("button", name="Leave out row 5").click()
    page.get_by_role("button", name="Add 4 links").click()
    expect(desk.toast).to_contain_text("Added 4 links.")
    stored = desk.links()
    assert set(stored) == {"Payslips", "Travel", "Wiki", "Maps"}
    assert stored["Travel"]["description"] == "Trains, flights"


def test_too_many_rows_are_said_before_anything_is_read(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("links/add-many")
    page.get_by_label("One link in a line").fill("\n".join(f"h{n}.example" for n in range(501)))
    page.get_by_role("button", name="Check the rows").click()
    expect(page.locator("#lines-wrong")).to_contain_text("It has 501 rows")
