"""Exporting links and reading them back: nothing is lost, nothing is stored without a look."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from portico.domain.tenancy.identity import Role
from portico.web.console.links.exporting import EXPORT_PAGE
from portico.web.console.links.pasting import COLUMNS
from tests.harness import LINKS, Caller, Tenant
from tests.http.bodies import create_bulk, link
from tests.web.conftest import OpenTab
from tests.web.console.clerks import Clerk, hire
from tests.web.console.people import sit_down
from tests.web.console.test_audit_export import read_csv

HOSTILE = ("=1+1", "'quoted", '+Wiki; "a|b"', "-2", "@all, people", "\u65e5\u672c <b>&amp;")


def arrange(admin: Caller) -> tuple[str, str]:
    """Two portals and links with every field, all of them with texts that look like something."""
    portals = admin.create_portal('Staff; | "crews"'), admin.create_portal("=Field")
    for number, name in enumerate(HOSTILE):
        admin.create_link(
            name,
            description=f"{name}\r\n\n second line ",
            link="a.example:8080" if number % 2 else "b\u00fccher.example",
            linkPath=f"/a b/?q={name}&x=%20 ",
            protocol="http://" if number % 3 else "",
            enabled=bool(number % 2),
            userPortals=[{"id": each} for each in portals[: number % 3]],
            portico={
                "section": name if number % 2 else "",
                "order": number,
                "groups": [name, "Finance"] if number % 3 else [],
                "keywords": ["=2", "'a b'", '"c"'] if number % 2 else [],
                "starts": 1_900_000_000 * (number % 2),
                "ends": 1_900_000_060 + number,
            },
            iconText="data:image/png;base64,AAAA",
        )
    return portals


def send(clerk: Clerk, text: str) -> str:
    """The page of checked rows for a paste."""
    answer = clerk.post("links/add-many", lines=text)
    assert answer.status_code == 200, answer.text
    return answer.text


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a page, as its form would send them."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


@pytest.mark.both_databases
def test_export_that_nobody_edited_changes_nothing(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant)
    arrange(admin)
    before = admin.get(LINKS, pagesize=500, include="portico").json()["list"]
    answer = clerk.get("links.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="portico-links.csv"'
    text = answer.content.decode()
    assert tuple(read_csv(answer)[0]) == COLUMNS
    assert "AAAA" not in text

    page = send(clerk, text)

    assert page.count('data-kind="same"') == len(HOSTILE)
    assert "Nothing has to change" in page
    # Without ids, as in a file for another tenant, the names identify the links.
    anonymous = re.sub(r'"link-[0-9]+"', '""', text)
    assert send(clerk, anonymous).count('data-kind="same"') == len(HOSTILE)
    # All of it is there once more when the links are gone.
    for each in before:
        admin.delete(f"{LINKS}/{each['id']}")
    restored = clerk.post("links/add-many/check", go="add", **fields_of(send(clerk, text)))
    assert restored.status_code == 303, restored.text
    after = admin.get(LINKS, pagesize=500, include="portico").json()["list"]
    assert [_told(each) for each in after] == [_told(each) for each in before]


def _told(link: dict[str, object]) -> dict[str, object]:
    """The fields of a link that a file has, without the ids of this link."""
    own = {"id", "creationTime", "modifiedTime", "modifiedBy", "iconText"}
    told = {name: value for name, value in link.items() if name not in own}
    told["description"] = str(link["description"]).replace("\r\n", "\n")
    # White space at the end of a path means the same as its code.
    told["linkPath"] = re.sub(r"\s+$", "%20", str(link["linkPath"]))
    return told


def test_export_follows_the_filters_and_has_every_link_once(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant, role=Role.VIEWER)
    staff = admin.create_portal("Staff")
    count = 2 * EXPORT_PAGE + 10
    create_bulk(admin, [link(f"Link {number:03}", enabled=True) for number in range(count)])
    admin.create_link("Payslips", userPortals=[{"id": staff}], enabled=False)

    rows = read_csv(clerk.get("links.csv"))

    assert sorted(row["name"] for row in rows) == sorted(
        [*(f"Link {number:03}" for number in range(count)), "Payslips"]
    )
    for query in (f"portal={staff}", "q=paysl", "state=off&changed=1"):
        assert [row["name"] for row in read_csv(clerk.get(f"links.csv?{query}"))] == ["Payslips"]
    assert read_csv(clerk.get("links.csv?q=nothing")) == []


def test_change_that_somebody_else_made_first_is_shown_again(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant)
    wiki = admin.create_link("Wiki", description="Old")
    text = clerk.get("links.csv").content.decode().replace("Old", "New")
    sent = fields_of(send(clerk, text))
    admin.put(f"{LINKS}/{wiki}", link("Wiki", description="Theirs"))

    answer = clerk.post("links/add-many/check", go="add", **sent)

    assert answer.status_code == 409
    assert "Somebody changed Wiki after these rows were checked" in answer.text
    assert "Theirs" in answer.text
    assert admin.get(f"{LINKS}/{wiki}").json()["description"] == "Theirs"
    again = clerk.post("links/add-many/check", go="add", **fields_of(answer.text))
    assert again.status_code == 303
    assert admin.get(f"{LINKS}/{wiki}").json()["description"] == "New"
    # Whoever was to be changed and is gone is not created without a look either.
    sent = fields_of(send(clerk, text.replace("New", "Newer")))
    admin.delete(f"{LINKS}/{wiki}")
    assert clerk.post("links/add-many/check", go="add", **sent).status_code == 409


def test_name_without_a_common_portal_is_no_update(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant)
    staff = admin.create_portal("Staff")
    admin.create_portal("Crews")
    admin.create_link("Wiki", link="old.example", userPortals=[{"id": staff}])

    kinds = {
        row: re.findall(r'data-kind="(\w+)"', send(clerk, row))
        for row in (
            "Wiki,new.example,,Staff",
            "Wiki https://new.example",
            "WIKI,new.example,,Crews",
            "Wiki,new.example,,Staff\nWiki,other.example,,Staff",
        )
    }

    assert list(kinds.values()) == [["changed"], ["changed"], ["bad"], ["changed", "bad"]]


@pytest.mark.both_databases
def test_export_and_import_take_four_clicks(tenant: Tenant, tab: OpenTab, tmp_path: Path) -> None:
    desk = sit_down(tenant, tab())
    staff = desk.add_portal("Staff")
    desk.add_link("Payslips", description="Pay", userPortals=[{"id": staff}])
    desk.add_link("Wiki", description="Notes")
    page = desk.open()
    page.get_by_role("link", name="Add many").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export all links").click()
    text = Path(download.value.path()).read_text("utf-8")
    text = (
        text.replace('"Payslips"', '"Pay slips"')
        .replace('"Staff"', '""')
        .replace('Pay"', 'Salary"')
    )
    text += '"Canteen","https://food.example","Menu","Staff","Every day","food","","yes"\r\n'
    (tmp_path / "links.csv").write_text(text, "utf-8")
    with page.expect_file_chooser() as chooser:
        page.get_by_label("Or a file").click()
    chooser.value.set_files(tmp_path / "links.csv")
    expect(page.locator("tr.same")).to_contain_text("Already there, skipped")
    changed = page.locator("tr.changed .row-changes")
    for words in ("Name", "Payslips", "Pay slips", "Portals", "Staff", "Description", "Salary"):
        expect(changed).to_contain_text(words)
    page.get_by_role("button", name="Add 1 link and change 1").click()
    expect(desk.toast).to_contain_text("Changed 2 links.")
    stored = desk.links()
    assert set(stored) == {"Pay slips", "Wiki", "Canteen"}
    assert stored["Pay slips"]["description"] == "Salary"
    assert not stored["Pay slips"].get("userPortals")
    page.get_by_role("button", name="Undo").click()
    expect(desk.toast).to_contain_text("as it was before")
    assert set(desk.links()) == {"Payslips", "Wiki"}
