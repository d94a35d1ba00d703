"""The console's list: each filter narrows it, all together, in small scopes and in large ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.domain.links.changes import LinkSelection
from portico.domain.links.filters import NO_PORTAL, NO_SECTION, LinkFilter
from portico.domain.search import ListQuery
from portico.services.links import sections
from portico.services.links.lists import list_filtered_links, select_links
from portico.services.portals.search_everything import SearchResults, search_everything
from portico.services.work import UnitOfWork
from portico.storage import repositories
from portico.storage.links import links
from tests.services.arranged import add_link, add_portal
from tests.services.world import Caller, World


def listed(caller: Caller, wanted: LinkFilter, query: ListQuery | None = None) -> list[str]:
    """The names of the links that pass."""

    async def look(work: UnitOfWork) -> list[str]:
        found = await list_filtered_links(work, query or ListQuery(page_size=500), wanted)
        assert found.page.total >= len(found.page.items)
        return [link.name for link in found.page.items]

    return caller.look(look)


@pytest.fixture(params=["scanned", "indexed"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches as in a small scope, and through the text index as in a large one."""
    if request.param == "indexed":
        monkeypatch.setattr(links, "SCANNED_LINKS", 0)


@pytest.mark.usefixtures("large")
def test_filters_narrow_together(world: World) -> None:
    staff = add_portal(world.admin)
    add_link(world.admin, "Payroll", staff, section="Work")
    add_link(world.admin, "Pay slips", section="Work", enabled=False)
    add_link(world.admin, "Menu", staff, section="Canteen")
    add_link(world.admin, "Paint", staff)
    add_link(world.admin, "Plain", groups=("Staff",))
    ids = {each.name: each.id for each in world.admin.look(sections.list_sections).sections}

    assert listed(world.admin, LinkFilter(text="pay")) == ["Pay slips", "Payroll"]
    assert listed(world.admin, LinkFilter(text="PAY example slips")) == ["Pay slips"]
    assert listed(world.admin, LinkFilter(text="slips pay")) == ["Pay slips"]
    assert listed(world.admin, LinkFilter(enabled=False)) == ["Pay slips"]
    assert listed(world.admin, LinkFilter(portal_id=staff)) == ["Menu", "Paint", "Payroll"]
    assert listed(world.admin, LinkFilter(portal_id=staff, text="pa")) == ["Paint", "Payroll"]
    assert listed(world.admin, LinkFilter(section_id=ids["Work"])) == ["Pay slips", "Payroll"]
    assert listed(world.admin, LinkFilter(section_id=NO_SECTION)) == ["Paint", "Plain"]
    both = LinkFilter(section_id=ids["Work"], enabled=True, portal_id=staff, text="roll")
    assert listed(world.admin, both) == ["Payroll"]
    assert listed(world.admin, LinkFilter(portal_id=NO_PORTAL)) == ["Pay slips", "Plain"]
    assert listed(world.admin, LinkFilter(portal_id=NO_PORTAL, text="pay")) == ["Pay slips"]
    assert listed(world.admin, LinkFilter(off_portal_id=staff)) == ["Pay slips", "Plain"]
    assert listed(world.admin, LinkFilter(off_portal_id=staff, text="pay")) == ["Pay slips"]
    assert listed(world.admin, LinkFilter(portal_id=7)) == []
    assert listed(world.admin, LinkFilter(section_id=7)) == []


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("text", ["%", "_", "\0", '"', "*", "a OR b", "'", "x" * 255, "\ud800"])
def test_text_is_text(world: World, text: str) -> None:
    add_link(world.admin, "Wiki")

    assert listed(world.admin, LinkFilter(text=text)) == []


def test_filtered_list_has_pages_and_an_order(world: World) -> None:
    for name in "ABCDE":
        add_link(world.admin, name, section="Work")
    query = ListQuery(page=2, page_size=2, descending=True)

    assert listed(world.admin, LinkFilter(text="example"), query) == ["C", "B"]
    assert listed(world.admin, LinkFilter(), query) == ["C", "B"]


@pytest.mark.usefixtures("large")
def test_numbers_within_names_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["Pump 3", "pump 20", "Pump 100", "Valve 3", "Valve 10"]
    for name in reversed(names):
        add_link(world.admin, name)

    def in_order(query: ListQuery, text: str = "") -> list[str]:
        return listed(world.admin, LinkFilter(text=text), query)

    by_name = ListQuery(natural=True)
    assert in_order(by_name) == names
    assert in_order(replace(by_name, descending=True)) == names[::-1]
    assert in_order(by_name, "pump") == names[:3]
    assert in_order(replace(by_name, page=2, page_size=2)) == names[2:4]
    assert in_order(replace(by_name, page=4, page_size=2)) == []
    newest = replace(by_name, sort_attribute="id", descending=True)
    assert in_order(newest) == names
    monkeypatch.setattr(repositories, "NATURAL_NAMES", 4)
    assert in_order(by_name) == ["Pump 100", "pump 20", "Pump 3", "Valve 10", "Valve 3"]
    assert in_order(by_name, "pump") == names[:3]


def test_everything_is_searched(world: World) -> None:
    east = world.microtenant("Wiki works")
    add_link(world.admin, "Company wiki")
    add_portal(world.admin, "Wikis")
    add_link(world.admin.asking_for(microtenant_id=east.id), "Wiki of the east")
    confined = world.caller(microtenant_id=east.id)

    found = world.admin.look(lambda work: search_everything(work, " wiki "))
    assert [each.item.name for each in found.links] == ["Company wiki"]
    assert [each.item.name for each in found.portals] == ["Wikis"]
    assert [each.item.name for each in found.microtenants] == ["Wiki works"]
    inside = confined.look(lambda work: search_everything(work, "wiki"))
    assert [each.item.name for each in inside.links] == ["Wiki of the east"]
    assert inside.portals == []
    nothing = world.admin.look(lambda work: search_everything(work, "  "))
    assert nothing == SearchResults()


@pytest.mark.usefixtures("large")
def test_filter_finds_links_by_keywords(world: World) -> None:
    payslips = add_link(world.admin, "Payslips", keywords=("Löhne", "salary"))
    add_link(world.admin, "Holidays", keywords=("vacation",))

    for text in ("salary", "LÖHNE slips", "payslips salary"):
        assert listed(world.admin, LinkFilter(text=text)) == ["Payslips"]
    assert listed(world.admin, LinkFilter(text="salary", enabled=False)) == []
    assert listed(world.admin, LinkFilter(text="salary vacation")) == []
    selection = LinkSelection(filter=LinkFilter(text="salary"))
    chosen = world.admin.look(lambda work: select_links(work, selection))
    assert [each.id for each in chosen] == [payslips]
