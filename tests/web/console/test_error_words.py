"""Errors in the console say what is wrong and what to do, beside the field and with names."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest
from playwright.sync_api import expect

from tests.harness import LINKS, Caller, Tenant
from tests.web.conftest import OpenTab
from tests.web.console.clerks import hire
from tests.web.console.people import sit_down


def errors_of(page: httpx.Response) -> dict[str, str]:
    """The errors of a page by the field that they are beside."""
    assert page.status_code == 422, page.text
    found = re.findall(r'class="wrong" id="([^"]+)-wrong">.*?<span>(.*?)</span>', page.text, re.S)
    return {name: unescape(re.sub(r"<[^>]+>", "", text)).strip() for name, text in found}


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("place", "label"),
    [
        ("links/new", "Name"),
        ("portals/new", "Name"),
        ("microtenants/new", "Name"),
        ("clients/new", "Name"),
        ("users/new", "Sign-in name"),
        ("administrators/new", "Sign-in name"),
    ],
)
def test_empty_name_is_an_error_beside_its_field(tenant: Tenant, place: str, label: str) -> None:
    clerk = hire(tenant)
    form = {"name": " ", "host": "x.example", "role": "admin", "password": "correct horse battery"}

    assert "novalidate" in clerk.get(place).text
    assert errors_of(clerk.post(place, **form))["name"] == f"{label} cannot be empty."


def test_errors_name_things_as_people_do(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant)
    staff = admin.create_portal("Staff")
    full = [{"name": f"L{n}", "link": "x.example"} for n in range(500)]
    body = {LINKS + "s": full, "userPortals": [{"id": staff}]}
    assert admin.post(f"{LINKS}/bulk", body).status_code == 201

    def refused(**fields: str) -> str:
        form = {"name": "Chat", "host": "chat.example", **fields}
        return " ".join(errors_of(clerk.post("links/new", **form)).values())

    limit = '"Staff" would have more than 500 links, which is the limit.'
    assert refused(portals=staff) == limit
    assert refused(name="L7") == 'The name "L7" is already taken. Choose another name.'
    assert refused(host="javascript:alert(1)") == (
        'A link opens with https or http. An address cannot begin with "javascript:".'
    )
    assert refused(host="chat.example:port").startswith('"port" is not a port')
    assert refused(host="") == "Host cannot be empty."


def test_browser_shows_no_balloon_of_its_own(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    page = desk.open("users/new")
    page.get_by_label("E-mail").fill("no address")
    page.get_by_role("button", name="Save user").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#name-wrong")).to_have_text("Sign-in name cannot be empty.")
    assert page.locator("form[data-editor]").evaluate("form => form.noValidate")
