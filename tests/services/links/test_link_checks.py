"""Rows are checked before they are stored, by the rules and in the words of the bulk itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portico.domain.errors import (
    Forbidden,
    InvalidField,
    InvalidInput,
    LinkLimitExceeded,
    NameTaken,
    UnknownReference,
)
from portico.domain.links import links as link_rules
from portico.domain.links.links import LinkSpec
from portico.domain.links.presentation import LinkPresentation
from portico.domain.tenancy.identity import Role
from portico.services.links import links
from portico.services.links.checks import check_rows
from tests.services.arranged import add_link, add_portal, all_links, link_spec
from tests.services.world import Caller, World


def checked(
    caller: Caller,
    specs: Sequence[LinkSpec],
    shown: Sequence[LinkPresentation | None] | None = None,
) -> list[InvalidInput | None]:
    """What is said of each row."""
    return caller.look(lambda work: check_rows(work, specs, shown))


def test_every_row_has_its_own_error(world: World) -> None:
    portal_id = add_portal(world.admin)
    add_link(world.admin, "Taken")
    rows = [
        link_spec("Good", portal_id),
        replace(link_spec("Host"), link="a@b"),
        link_spec("TAKEN"),
        link_spec("good"),
        link_spec("Unknown", 7),
        replace(link_spec("Path"), link_path="x"),
        link_spec("Section"),
    ]
    shown = [None] * 6 + [LinkPresentation(section="a\0")]

    found = checked(world.admin, rows, shown)

    kinds = [type(each) for each in found]
    assert kinds == [
        type(None),
        InvalidField,
        NameTaken,
        NameTaken,
        UnknownReference,
        InvalidField,
        InvalidField,
    ]
    assert list(all_links(world.admin)) == ["Taken"]


def test_row_that_finds_its_portal_full_is_at_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_rules, "LINKS_PER_PORTAL", 2)
    portal_id = add_portal(world.admin)
    add_link(world.admin, "There", portal_id)

    found = checked(world.admin, [link_spec(name, portal_id) for name in "AB"])

    assert found[0] is None
    assert isinstance(found[1], LinkLimitExceeded)


def test_rows_are_counted_and_need_an_administrator(world: World) -> None:
    for rows in ([], [link_spec(f"Link {number}") for number in range(501)]):
        with pytest.raises(InvalidField):
            checked(world.admin, rows)
    with pytest.raises(Forbidden):
        checked(world.caller(role=Role.VIEWER), [link_spec()])


ROWS = st.lists(
    st.builds(
        LinkSpec,
        name=st.sampled_from(["A", "a", " B ", "C", "", "x" * 256]),
        link=st.sampled_from(["a.example", "b.example", "", "a b"]),
        protocol=st.sampled_from(["", "https://", "ftp://"]),
        portal_ids=st.sampled_from([(), (0,), (0, 1), (7,)]),
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS)
def test_rows_are_good_exactly_when_the_bulk_takes_them(world: World, rows: list[LinkSpec]) -> None:
    tenant = World(world.store)
    add_link(tenant.admin, "C")
    portal_ids = [add_portal(tenant.admin, name) for name in ("S", "G")]
    ids = {number: portal_id for number, portal_id in enumerate(portal_ids)}
    specs = [
        replace(row, portal_ids=tuple(ids.get(each, each) for each in row.portal_ids))
        for row in rows
    ]

    found = checked(tenant.admin, specs)
    refusal: InvalidInput | None = None
    try:
        tenant.admin.change(lambda work: links.create_links(work, specs))
    except InvalidInput as error:
        refusal = error

    assert (refusal is None) is all(each is None for each in found)
    if refusal is not None:
        words = [each.reason for each in found if each is not None]
        fields = [each.why for each in found if isinstance(each, InvalidField)]
        assert any(refusal.reason.endswith(each) for each in (*words, *fields))
