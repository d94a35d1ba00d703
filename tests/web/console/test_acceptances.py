"""Who accepted which version of a policy, in the console and as a file."""

from __future__ import annotations

import csv
import io
import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.harness import AUPS, Caller, Tenant
from tests.web.conftest import OpenTab
from tests.web.console.clerks import Clerk, hire
from tests.web.console.people import sit_down
from tests.web.visits import Visit, add_user

POLICY = {"name": "Conditions", "enabled": True, "aup": "Be kind."}


def accept(tenant: Tenant, portal: str, name: str) -> None:
    """Signs a person in at a portal, who accepts its policy."""
    visit = Visit(tenant.server.http)
    assert visit.sign_in(f"/p/{portal}/sign-in", name).status_code == 303
    page = visit.get(f"/p/{portal}").text
    fields = dict(re.findall(r'name="(aup|version|csrf)" value="([^"]+)"', page))
    assert visit.post(f"/p/{portal}/aup", fields).status_code == 303


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of a file by their headings."""
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def reword(admin: Caller, policy: str) -> None:
    """Changes the text of the policy."""
    body = POLICY | {"aup": "Be very kind."}
    assert admin.put(f"{AUPS}/{policy}", body).status_code == 204


@pytest.mark.both_databases
def test_acceptances_are_listed_by_version_found_by_name_and_exported(
    tenant: Tenant, tab: OpenTab
) -> None:
    desk = sit_down(tenant, tab())
    portal = desk.add_portal("Staff")
    for name in ("ines", "omar", "=wren"):
        add_user(tenant, name)
    policy = desk.admin.create(AUPS, POLICY)["id"]
    page = desk.open(f"policies/{policy}")
    page.get_by_role("link", name="Who accepted it").click()
    expect(page.get_by_text("Nobody has accepted it yet")).to_be_visible()
    for name in ("ines", "=wren"):
        accept(tenant, portal, name)
    reword(desk.admin, policy)
    accept(tenant, portal, "omar")

    page = desk.open(f"policies/{policy}/acceptances")
    expect(page.get_by_text("The current text is version 2.")).to_be_visible()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("omar")
    expect(rows.first).to_contain_text("Version 2")
    page.get_by_label("Find a person by name").fill("INE")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Version 1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert download.value.url.endswith(f"policies/{policy}/acceptances.csv?q=INE")
    file = hire(tenant).get(f"policies/{policy}/acceptances.csv")
    listed = [(row["person"], row["policy"], row["version"]) for row in rows_of(file)]
    assert listed == [
        ("omar", "Conditions", "2"),
        ("'=wren", "Conditions", "1"),
        ("ines", "Conditions", "1"),
    ]


def test_acceptances_of_another_microtenant_are_not_shown(tenant: Tenant, admin: Caller) -> None:
    policy = admin.create(AUPS, POLICY)["id"]
    east = admin.create("microtenants", {"name": "East", "enabled": True})["id"]
    clerk: Clerk = hire(tenant, microtenant=str(east))

    for place in ("acceptances", "acceptances.csv"):
        assert clerk.get(f"policies/{policy}/{place}").status_code == 404
        assert hire(tenant).get(f"policies/{policy}/{place}").status_code == 200
