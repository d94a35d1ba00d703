"""What one request did as one row: counted, found by text, on one page only."""

from __future__ import annotations

from typing import Any

import pytest

from portico.domain.audit import Action, AuditFilter
from portico.domain.links.changes import ChangeKind, LinkChange, LinkSelection
from portico.domain.links.presentation import LinkPresentation
from portico.services.audit import log
from portico.services.audit.requests import RequestPage, list_requests
from portico.services.links.changes import change_links
from portico.services.links.links import create_links
from tests.services.arranged import add_link, add_portal, link_spec
from tests.services.world import Caller, World


def requests(caller: Caller, before_id: int | None = None, **wanted: Any) -> RequestPage:  # noqa: ANN401  # of each filter
    """The newest three requests that pass."""
    filters = AuditFilter(**wanted)
    return caller.look(lambda work: list_requests(work, filters, before_id=before_id, limit=3))


def counts(page: RequestPage) -> list[int]:
    """How many entries each request has."""
    return [each.count for each in page.requests]


def add_links(world: World, names: str, section: str = "") -> None:
    """Adds links by one request, a second after the one before."""
    world.now += 1
    specs = [link_spec(name) for name in names]
    shown = [LinkPresentation(section=section)] * len(specs)
    world.admin.change(lambda work: create_links(work, specs, shown))


def test_entries_of_one_request_are_one(world: World) -> None:
    add_links(world, "ABCD", "Work")
    world.now += 1
    add_portal(world.admin)

    portal, links = requests(world.admin).requests[:2]

    assert portal.newest.after, "a single entry has its texts"
    assert (portal.count, links.count, links.newest.after) == (1, 5, "")
    assert {part.object_type: part.count for part in links.parts} == {
        "portalSection": 1,
        "userPortalLink": 4,
    }
    assert counts(requests(world.admin, object_type="portalSection")) == [1]


def test_request_is_on_one_page_only(world: World) -> None:
    for number in range(5):
        add_links(world, "ABCDEFGHIJ"[number * 2 : number * 2 + 2])
    first = requests(world.admin, object_type="userPortalLink")
    second = requests(world.admin, first.next_id, object_type="userPortalLink")

    assert (counts(first), counts(second)) == ([2, 2, 2], [2, 2])
    assert second.next_id is None


def test_updates_are_read_as_far_as_they_can_be_compared(world: World) -> None:
    ids = [add_link(world.admin, name) for name in "AB"]
    world.now += 1
    selection = LinkSelection(link_ids=tuple(ids))
    change = LinkChange(kind=ChangeKind.DISABLE)
    world.admin.change(lambda work: change_links(work, selection, change))

    (disabled,) = requests(world.admin, action=Action.UPDATE).requests

    assert len(disabled.updates) == 2
    assert all(each.before and each.after for each in disabled.updates)


@pytest.mark.parametrize("text", ["pay", "PAY", "yslip", "\u00fcberst", "\u00dcBERST", "100%_"])
def test_text_is_found_in_names_ignoring_case(world: World, text: str) -> None:
    for name in ("Payslips", "\u00dcberstunden", "100%_off", "Wiki"):
        world.now += 1
        add_portal(world.admin, name)

    found = requests(world.admin, text=text)

    assert len(found.requests) == 1
    assert found.requests[0].newest.object_name != "Wiki"


def test_text_is_found_in_the_names_of_people(world: World) -> None:
    world.now += 1
    add_link(world.admin, "Wiki")

    assert counts(requests(world.admin, text="ADMIN cli", object_type="userPortalLink")) == [1]
    assert counts(requests(world.admin, text="operat", object_type="userPortalLink")) == []


def test_search_for_a_text_goes_back_in_steps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "SEARCHED_ENTRIES", 4)
    for name in ("Wiki", "Alarms", "Budget", "Wiki of the east", "Chat", "Wikis"):
        world.now += 1
        add_portal(world.admin, name)
    wanted: dict[str, Any] = {"text": "wiki", "object_type": "userPortal"}

    first = requests(world.admin, None, **wanted)
    second = requests(world.admin, first.next_id, **wanted)

    names = [[each.newest.object_name for each in page.requests] for page in (first, second)]
    assert names == [["Wikis", "Wiki of the east"], ["Wiki"]]
    assert first.searched_since == world.now - 3
    recent = requests(world.admin, **wanted, since=world.now - 2)
    assert (len(recent.requests), recent.next_id, recent.searched_since) == (2, None, None)
    found: list[str] = []
    before_id = first.next_id
    while before_id is not None:
        page = requests(world.admin, before_id, **wanted)
        found += [each.newest.object_name for each in page.requests]
        before_id = page.next_id
    assert found == ["Wiki"]


def test_requests_of_other_microtenants_and_tenants_are_not_found(world: World) -> None:
    other = World(world.store)
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    add_link(east, "Wiki in the east")
    add_link(other.admin, "Wiki elsewhere")
    world.now += 1
    add_link(world.admin, "Wiki at home")

    for caller, found in ((east, 1), (world.caller(microtenant_id=0), 1), (world.admin, 2)):
        assert len(requests(caller, text="wiki").requests) == found
