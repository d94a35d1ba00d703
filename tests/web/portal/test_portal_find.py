"""Find as you type, by keyboard; and the same by form when scripts are off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests import domain as domain_tests
from tests.harness import Tenant
from tests.web.conftest import OpenTab
from tests.web.keyboard import press, type_text
from tests.web.portal.portals import Portal, make_portal, names

CASES = json.loads(
    (Path(str(domain_tests.__file__)).parent / "finding_cases.json").read_text("utf-8")
)
FIELD = "Find a link by name or address"
TEXTS_OF = "({name, keywords, description, address}) => [name, keywords, description, address]"
FIND = """([query, links]) => {
    const texts = links.map(TEXTS_OF);
    const prepared = texts.map(prepare);
    return findLinks(query, prepared).map(({index, place, needles}) => ({
        index, place,
        marks: prepared[index].map((part, number) =>
            spans(needles, part).map(([from, to]) => texts[index][number].slice(from, to))),
    }));
}""".replace("TEXTS_OF", TEXTS_OF)
NEAREST = "([query, links]) => nearestLink(query, links.map(TEXTS_OF).map(prepare))".replace(
    "TEXTS_OF", TEXTS_OF
)


@pytest.fixture
def portal(tenant: Tenant) -> Portal:
    """A portal with links for every rank of a match for `rep`."""
    made = make_portal(tenant)
    made.add_link("Service desk", description="Report a fault", portico={"section": "Every day"})
    made.add_link("Payslips", portico={"section": "People", "keywords": ["salary", "wages"]})
    made.add_link("Incident reporting", portico={"section": "People"})
    made.add_link("Reports", portico={"section": "Data"})
    return made


@pytest.fixture
def page(portal: Portal, tab: OpenTab) -> Page:
    """The portal in a tab."""
    opened = tab().page
    opened.goto(portal.url)
    return opened


def test_script_finds_by_the_same_table_as_the_server(page: Page) -> None:
    links = CASES["links"]
    for case in CASES["find"]:
        found: list[dict[str, Any]] = page.evaluate(FIND, [case["query"], links])
        assert [[each["index"], each["place"]] for each in found] == case["places"], case["query"]
        marks = {str(each["index"]): each["marks"] for each in found}
        assert marks == marks | case.get("marks", {}), case["query"]
    for case in CASES["nearest"]:
        assert page.evaluate(NEAREST, [case["query"], links]) == case["nearest"], case["query"]


def test_typing_ranks_marks_and_selects(page: Page) -> None:
    press(page, "/")
    type_text(page, "rep")

    assert names(page, ".results .n") == ["Reports", "Incident reporting", "Service desk"]
    assert page.locator(".results mark").all_inner_texts()[0] == "Rep"
    assert page.locator(".results .in").all_inner_texts() == ["Data", "People", "Every day"]
    assert page.locator("#count").inner_text() == "3 of 4"
    assert page.locator("#said").inner_text() == "3 of 4"
    assert page.locator("#all").is_hidden()
    field = page.get_by_role("combobox", name=FIELD)
    selected = page.locator(f"#{field.get_attribute('aria-activedescendant')}")
    assert selected.get_attribute("aria-selected") == "true"
    assert "Reports" in selected.inner_text()


def test_arrows_move_and_enter_opens_in_a_new_tab(page: Page) -> None:
    page.context.route("https://*.example/", lambda route: route.fulfill(body="there"))
    press(page, "/")
    type_text(page, "rep")
    press(page, "ArrowDown")
    with page.expect_popup() as popup:
        press(page, "Enter")

    assert popup.value.url == "https://incidentreporting.example/"
    assert popup.value.evaluate("opener") is None
    press(page, "ArrowUp", "ArrowUp")
    field = page.get_by_role("combobox", name=FIELD)
    assert field.get_attribute("aria-activedescendant") == "o2"


def test_escape_clears_then_leaves(page: Page) -> None:
    field = page.get_by_role("combobox", name=FIELD)
    press(page, "/")
    type_text(page, "pay")
    press(page, "Escape")
    assert field.input_value() == ""
    assert page.locator("#all").is_visible()
    assert field.evaluate("(it) => it === document.activeElement")
    press(page, "Escape")

    assert not field.evaluate("(it) => it === document.activeElement")


@pytest.mark.parametrize("javascript", [True, False])
def test_keyword_finds_and_is_shown(portal: Portal, tab: OpenTab, javascript: bool) -> None:
    page = tab(java_script_enabled=javascript).page
    page.goto(portal.url)
    assert page.get_by_text("salary").is_hidden()
    page.get_by_label(FIELD).fill("Salary")
    if not javascript:
        press(page, "Enter")
        page.wait_for_url("**?q=*")

    assert names(page, ".results .n") == ["Payslips"]
    assert page.locator(".results .k").inner_text() == "salary, wages"
    assert page.locator(".results mark").all_inner_texts() == ["salary"]
    page.get_by_label(FIELD).fill("pay")
    if javascript:
        assert page.locator(".results .k").is_hidden()


@pytest.mark.parametrize("javascript", [True, False])
def test_nothing_found_names_the_nearest(portal: Portal, tab: OpenTab, javascript: bool) -> None:
    page = tab(java_script_enabled=javascript).page
    page.goto(portal.url)
    page.get_by_label(FIELD).fill("payrol")
    if not javascript:
        page.get_by_role("button", name="Find").click()
        page.wait_for_url("**?q=*")

    assert page.get_by_text("No link matches “payrol”").is_visible()
    assert "The nearest name is Payslips." in page.locator(".nothing p").first.inner_text()
    page.get_by_text("Show all 4 links").click()
    assert len(names(page)) == 4


def test_form_finds_without_scripts(portal: Portal, tab: OpenTab) -> None:
    page = tab(java_script_enabled=False).page
    page.goto(portal.url)
    page.get_by_label(FIELD).fill("REP")
    press(page, "Enter")
    page.wait_for_url("**?q=REP")

    assert names(page, ".results .n") == ["Reports", "Incident reporting", "Service desk"]
    assert page.locator(".results mark").all_inner_texts() == ["Rep", "rep", "rep", "rep", "Rep"]
    assert page.get_by_text("3 of 4").is_visible()


def test_field_does_not_move_while_finding(page: Page) -> None:
    field = page.get_by_label(FIELD)
    box = page.get_by_role("search")
    before = box.bounding_box()
    field.fill("rep")
    during = box.bounding_box()
    field.fill("zzzz")

    assert before == during == box.bounding_box()


def test_query_in_the_address_is_taken_up(portal: Portal, page: Page) -> None:
    page.goto(f"{portal.url}?q=payslips")
    page.locator(".results .on").wait_for()
    page.get_by_role("button", name="Clear").click()

    assert len(names(page)) == 4


def test_a_thousand_letters_do_no_harm(portal: Portal, page: Page) -> None:
    answer = page.request.get(f"{portal.url}?q={'x' * 1_000}%00%ff")

    assert answer.status == 200
