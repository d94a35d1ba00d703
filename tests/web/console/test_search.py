"""The search over everything: ranked as on a portal, in the palette and on its page."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from playwright.sync_api import expect

from portico.domain.links.links import LinkSpec
from portico.domain.links.presentation import LinkPresentation
from portico.domain.people.users import PortalUserSpec
from portico.domain.tenancy.identity import Role
from portico.services.access import operator_writing
from portico.services.links.links import create_links
from portico.services.people.users import create_user
from portico.services.runtime import Runtime
from portico.storage.links.links import SCANNED_LINKS
from tests.harness import MICROTENANTS, Tenant, as_operator
from tests.web.conftest import OpenTab
from tests.web.console.clerks import Clerk, hire
from tests.web.console.people import sit_down
from tests.web.keyboard import press, type_text

PAYSLIPS = {"description": "Tax forms", "portico": {"keywords": ["salary", "wages"]}}


def add_user(tenant: Tenant, name: str, display_name: str) -> None:
    """Creates a portal user."""

    async def add(runtime: Runtime) -> None:
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            spec = PortalUserSpec(name=name, display_name=display_name, email=f"{name}@x.example")
            await create_user(work, spec)

    as_operator(tenant.server.database, add)


def groups_of(clerk: Clerk, query: str) -> list[tuple[str, list[str]]]:
    """The groups on the page of a search, with the names in each."""
    shown = clerk.get(f"search?q={query}").text.partition('id="found"')[2].partition("</main>")[0]
    return [
        (group[1], [re.sub("<[^>]*>", "", unescape(name)) for name in names_in(group[2])])
        for group in re.finditer(r"<h2[^>]*>(.*?)</h2>(.*?)</div>", shown, re.DOTALL)
    ]


def names_in(html: str) -> list[str]:
    """The names of results, as HTML."""
    return re.findall(r"<bdi>(.*?)</bdi>", html)


@pytest.mark.both_databases
def test_palette_opens_the_best_match_of_what_was_typed(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    desk.add_link("Customer billing", description="Meters, payments")
    payslips = desk.add_link("Payslips", **PAYSLIPS)
    portal = desk.add_portal("Pay desk")
    page = desk.open()
    press(page, "Control+k")
    type_text(page, "pay")
    expect(page.get_by_role("option")).to_have_count(3)
    expect(page.get_by_role("option").first).to_contain_text("Payslips")
    assert page.locator("#palette mark").all_inner_texts() == ["Pay", "pay", "pay", "Pay"]
    press(page, "ArrowDown", "ArrowDown", "Enter")
    page.wait_for_url(f"**/portals/{portal}")
    # Faster than the answer: Enter opens the first result of the whole word, not of its beginning.
    press(page, "Control+k")
    type_text(page, "salary")
    press(page, "Enter")
    page.wait_for_url(f"**/links/{payslips}")
    press(page, "Control+k")
    type_text(page, "new li")
    press(page, "Enter")
    page.wait_for_url("**/links/new")
    plain = tab(java_script_enabled=False)
    plain.context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    plain.page.goto(desk.url("search?q=wages"))
    expect(plain.page.get_by_role("link", name="Payslips")).to_contain_text("salary, wages")


@pytest.mark.both_databases
def test_people_pages_and_actions_are_found(tenant: Tenant) -> None:
    clerk = hire(tenant)
    admin = tenant.caller()
    admin.create_link("Business audits", description="Ines knows more", portico={"groups": ["Pay"]})
    admin.create_link("Café", link="cafe.example")
    add_user(tenant, "inez", "Inés Okafor")

    assert groups_of(clerk, "audit")[0] == (
        "Pages",
        ["Audit log", "Audit log of all microtenants", "Download the audit log"],
    )
    assert groups_of(clerk, "ines") == [
        ("Users", ["Inés Okafor"]),
        ("Links", ["Business audits"]),
    ]
    assert groups_of(clerk, "INEZ@x") == [("Users", ["Inés Okafor"])]
    assert groups_of(clerk, "cafe") == [("Links", ["Café"])]
    assert ("Groups", ["Pay"]) in groups_of(clerk, "pay")
    assert groups_of(clerk, "paste")[0] == ("Actions", ["Add many"])
    assert groups_of(clerk, "tomas")[0][0] == "Administrators"
    assert groups_of(clerk, "zzz") == groups_of(clerk, "+") == []
    assert "Nothing has “zzz”" in clerk.get("search?q=zzz").text
    assert clerk.get("search?q=" + "+".join("abcdefghijklmnopqr")).status_code == 400


def test_every_page_of_the_navigation_is_found_by_its_name(tenant: Tenant) -> None:
    clerk = hire(tenant)
    navigation = clerk.get("").text.partition('<nav class="nav-side"')[2].partition("</nav>")[0]
    entries = re.findall(r'<a href="([^"]*)"[^>]*>.*?</svg>([^<]*)', navigation, re.DOTALL)
    assert len(entries) > 6
    for address, title in entries:
        shown = clerk.get(f"search?q={title.strip()}").text.partition('id="found"')[2]
        assert f'href="{address}"' in shown, title


def test_every_page_and_action_opens(tenant: Tenant) -> None:
    east = tenant.caller().create(MICROTENANTS, {"name": "East"})["id"]
    clerk = hire(tenant)
    elsewhere = replace(clerk, base=f"/console/{tenant.customer_id}/{east}")
    for desk in (clerk, elsewhere):
        shown = "".join(desk.get(f"search?q={letter}").text for letter in "aeiou")
        found = re.findall(r'<a href="([^"]+)" id="found-(?:pages|actions)-', shown)
        assert len(set(found)) > 20
        for address in sorted(set(found)):
            assert clerk.visit.get(unescape(address)).status_code == 200, address


def test_viewers_and_administrators_of_a_microtenant_find_what_they_may_open(
    tenant: Tenant,
) -> None:
    tenant.caller().create_link("Newsletter", portico={"groups": ["Newcomers"]})
    add_user(tenant, "newton", "Isaac Newton")
    viewer = hire(tenant, role=Role.VIEWER)

    assert groups_of(viewer, "new") == [
        ("Links", ["Newsletter"]),
        ("Groups", ["Newcomers"]),
        ("Users", ["Isaac Newton"]),
    ]
    east = tenant.caller().create(MICROTENANTS, {"name": "New east"})["id"]
    one = hire(tenant, microtenant=str(east))
    assert groups_of(one, "new") == [
        ("Actions", ["New link", "New portal", "New policy"]),
        ("Microtenants", ["New east"]),
    ]
    assert groups_of(one, "users") == groups_of(one, "api+clients") == []


def test_a_large_microtenant_is_searched_by_the_database(tenant: Tenant) -> None:
    async def add(runtime: Runtime) -> None:
        for start in range(0, SCANNED_LINKS + 500, 500):
            specs = [
                LinkSpec(name=f"Also paying {number}", link="x.example")
                for number in range(start, start + 500)
            ]
            async with operator_writing(runtime, int(tenant.customer_id)) as work:
                await create_links(work, specs)
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            shown = LinkPresentation(keywords=("Löhne",))
            await create_links(work, [LinkSpec(name="Payslips", link="pay.example")], [shown])

    as_operator(tenant.server.database, add)
    clerk = hire(tenant)

    assert groups_of(clerk, "pay")[0][1][0] == "Payslips"
    assert groups_of(clerk, "löhne") == [("Links", ["Payslips"])]
    listed = clerk.get("links?q=löhne").text
    assert "Payslips" in listed
    assert "Also paying" not in listed
