"""Inviting people: the link that the console shows, and the person who follows it in a browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Request, expect

from tests.harness import Tenant
from tests.web.accessibility import violations
from tests.web.conftest import OpenTab
from tests.web.console.clerks import hire
from tests.web.console.people import make_administrator, sit_down
from tests.web.visits import Visit, add_user

NEW = "a password of my own"
FEWEST_CLICKS = 4


class Clicks:
    """Clicks, and counts them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def __call__(self, role: str, name: str) -> None:
        """Clicks what has the role and the name."""
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        self.count += 1


def test_a_person_is_invited_in_four_clicks(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab(permissions=["clipboard-read", "clipboard-write"]))
    desk.add_portal("Staff")
    page = desk.open()
    click = Clicks(page)
    click("link", "Users and groups")
    click("link", "New user")
    page.get_by_label("Sign-in name").fill("ines")
    click("button", "Save and show an invitation link")
    link = page.get_by_label("Link for ines at Staff").input_value()
    click("button", "Copy the link at Staff")
    assert click.count <= FEWEST_CLICKS
    assert violations(page) == []
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.reload()
    assert link not in page.content()
    page.goto(desk.url("users"))
    page.get_by_role("link", name="ines").click()
    expect(page.get_by_text("A link waits to be used until")).to_be_visible()

    visitor = tab().page
    referers: list[str] = []

    def note(request: Request) -> None:
        referers.append(request.headers.get("referer", ""))

    visitor.on("request", note)
    visitor.goto(link)
    expect(visitor.get_by_role("heading", name="Choose a password")).to_be_visible()
    token = link.partition("link=")[2]
    assert token not in visitor.url
    assert violations(visitor) == []
    visitor.get_by_label("New password", exact=True).fill(NEW)
    visitor.get_by_label("New password again").fill(NEW)
    visitor.get_by_role("button", name="Set password").click()
    expect(visitor.get_by_role("status")).to_contain_text("Your password is set.")
    visitor.get_by_label("Name").fill("ines")
    visitor.get_by_label("Password").fill(NEW)
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.get_by_role("heading", name="Staff", level=1)).to_be_visible()
    assert not [each for each in referers if token in each]
    assert visitor.request.get(link).status == 404


def test_an_unused_link_is_withdrawn(tenant: Tenant) -> None:
    clerk = hire(tenant)
    tenant.caller().create_portal("Staff")
    user = add_user(tenant)
    person = clerk.get(f"users/{user}").text
    assert "Withdraw the link" not in person
    made = clerk.post(f"users/{user}/password-link").text
    link = re.search(r'value="[^"]*(/p/[^"]+/set-password\?link=[^"]+)"', made)
    assert link
    assert "Withdraw the link" in clerk.get(f"users/{user}").text
    answer = clerk.post(f"users/{user}/password-link/withdraw")
    place = answer.headers["location"].removeprefix(f"{clerk.base}/")
    assert "Nobody can use it any more." in clerk.get(place).text
    visitor = Visit(tenant.server.http)
    moved = visitor.get(link[1])
    assert visitor.get(moved.headers["location"]).status_code == 404
    again = clerk.post(f"users/{user}/password-link/withdraw").headers["location"]
    assert again.endswith("message=nothing")
    administrator = re.search(r"/administrators/(\d+)", clerk.get("administrators").text)
    assert administrator
    own = clerk.post(f"administrators/{administrator[1]}/password-link/withdraw")
    assert own.status_code == 403


def test_a_password_and_an_invitation_exclude_each_other(tenant: Tenant) -> None:
    clerk = hire(tenant)
    form = {"name": "ines", "password": NEW, "invite": "on"}
    refused = clerk.post("users/new", **form)
    assert refused.status_code == 422
    assert "save without an invitation" in refused.text
    assert NEW not in refused.text


def test_a_link_needs_an_enabled_portal(tenant: Tenant) -> None:
    clerk = hire(tenant)
    answer = clerk.post("users/new", name="ines", invite="on")
    assert answer.status_code == 200
    assert "no portal is enabled" in answer.text
    assert "/set-password" not in answer.text


def test_links_are_for_those_who_may_change_people(tenant: Tenant) -> None:
    clerk = hire(tenant)
    other = make_administrator(tenant)
    listed = clerk.get("administrators").text
    assert other in listed
    foreign = add_user(tenant)
    assert clerk.post("users/5/password-link").status_code == 404
    assert clerk.get(f"users/{foreign}/password-link").status_code == 303
    clerk.post(f"users/{foreign}/disable")
    tenant.caller().create_portal("Staff")
    refused = clerk.post(f"users/{foreign}/password-link")
    assert refused.status_code == 403
    assert "Enable uma first" in refused.text
