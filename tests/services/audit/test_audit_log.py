"""The audit trail as it is read: filters, pages, who sees what, and cells that do nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from portico.domain.audit import Action, AuditFilter
from portico.services.audit.log import (
    CSV_HEADER,
    AuditPage,
    audit_rows,
    list_audit,
    without_pictures,
)
from portico.services.links import links
from portico.services.work import UnitOfWork
from tests.services.arranged import add_link, add_portal, link_spec
from tests.services.world import START, Caller, World


def names(caller: Caller, **wanted: Any) -> list[str]:  # noqa: ANN401  # of each filter
    """The names of the objects of the entries that pass."""
    found = caller.look(lambda work: list_audit(work, AuditFilter(**wanted)))
    return [entry.object_name for entry in found.entries]


def rows_of(caller: Caller, wanted: AuditFilter) -> list[Sequence[str]]:
    """The rows of a CSV file of the entries that pass."""

    async def read(work: UnitOfWork) -> list[Sequence[str]]:
        here = {work.scope.microtenant_id: work.microtenant_name}
        return audit_rows(await list_audit(work, wanted), here)

    return caller.look(read)


def test_entries_are_narrowed(world: World) -> None:
    other = world.caller()
    first = add_link(world.admin, "A")
    world.now += 60
    add_link(other, "B")
    world.now += 60
    world.admin.change(lambda work: links.update_link(work, first, link_spec("A 2")))
    add_portal(world.admin, "P")
    mine = {"actor_id": world.admin.claims.client_id}

    assert names(world.admin, object_type="userPortalLink") == ["A 2", "B", "A"]
    assert names(world.admin, object_id=first) == ["A 2", "A"]
    assert names(world.admin, **mine) == ["P", "A 2", "A"]
    assert names(world.admin, action=Action.UPDATE) == ["A 2"]
    assert names(world.admin, since=START + 60, until=START + 120) == ["B"]
    assert names(world.admin, until=START + 60, object_type="userPortalLink") == ["A"]
    assert names(world.admin, transaction_id=f"transaction at {START + 60.0}") == ["B"]
    assert names(world.admin, action=Action.UPDATE, object_type="userPortal") == []


def page_before(caller: Caller, before_id: int | None) -> AuditPage:
    """Two entries of links."""
    wanted = AuditFilter(object_type="userPortalLink")
    return caller.look(lambda work: list_audit(work, wanted, before_id=before_id, limit=2))


def test_pages_follow_one_another(world: World) -> None:
    for name in "ABCDE":
        add_link(world.admin, name)
    seen: list[str] = []
    before_id = None
    for _ in range(3):
        page = page_before(world.admin, before_id)
        seen += [entry.object_name for entry in page.entries]
        before_id = page.next_id

    assert seen == list("EDCBA")
    assert before_id is None


def test_actors_have_names(world: World) -> None:
    add_link(world.admin)

    page = world.admin.look(lambda work: list_audit(work, AuditFilter()))

    actors = {entry.object_type: page.actors[entry.actor_id] for entry in page.entries}
    assert actors == {"userPortalLink": "admin client", "apiClient": "Operator"}


def test_entries_of_other_microtenants_tell_where(world: World) -> None:
    east_id = world.microtenant("East").id
    east = world.admin.asking_for(microtenant_id=east_id)
    add_link(world.admin, "At home")
    add_link(east, "In the east")
    of_links = AuditFilter(object_type="userPortalLink")

    for caller, others in ((world.admin, {east_id: "East"}), (east, {})):
        assert caller.look(lambda work: list_audit(work, of_links)).microtenants == others
    place = CSV_HEADER.index("microtenant")
    rows = rows_of(world.admin, of_links)
    assert [row[place : place + 2] for row in rows] == [
        ("East", str(east_id)),
        ("Default", "0"),
    ]


def test_microtenant_sees_its_own_entries(world: World) -> None:
    other = World(world.store)
    east_id = world.microtenant().id
    east = world.admin.asking_for(microtenant_id=east_id)
    confined = world.caller(microtenant_id=east_id)
    at_home = world.caller(microtenant_id=0)
    add_link(world.admin, "At home")
    add_link(east, "In the east")
    add_link(other.admin, "Foreign")
    of_links = {"object_type": "userPortalLink"}

    assert names(world.admin, **of_links) == ["In the east", "At home"]
    for caller in (east, confined):
        assert names(caller, **of_links) == ["In the east"]
    assert names(at_home, **of_links) == ["At home"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1"])
def test_no_cell_is_a_formula(world: World, name: str) -> None:
    link_id = add_link(world.admin, "C")
    spec = replace(link_spec("C"), name=name)
    world.admin.change(lambda work: links.update_link(work, link_id, spec))

    rows = rows_of(world.admin, AuditFilter(object_id=link_id))

    assert [row[5] for row in rows] == [f"'{name}", "C"]
    assert {len(row) for row in rows} == {len(CSV_HEADER)}


def test_pictures_are_left_out_and_their_changes_seen() -> None:
    def record(icon: str, favicon: str) -> str:
        return json.dumps({"icon_text": icon, "link": "a", "page": {"favicon": favicon}})

    first, second = (
        json.loads(without_pictures(record(f"data:image/png;base64,{digit * 2_000}", "")))
        for digit in "AB"
    )
    portal = json.loads(without_pictures(record("", "data:image/png;base64,AAAA")))

    assert first["icon_text"].startswith("(icon, 2,022 characters, SHA-256 ")
    assert first["icon_text"] != second["icon_text"]
    assert first["link"] == "a"
    assert (first["page"]["favicon"], portal["icon_text"]) == ("", "")
    assert portal["page"]["favicon"].startswith("(icon, 26 characters")
    for same in ("", '{"name": "icon"}', '{"name": "\u00fc"}'):
        assert without_pictures(same) == same
