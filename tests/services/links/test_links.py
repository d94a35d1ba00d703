"""Use-cases of links at their limits: full portals, bulks, and what an error says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.domain.errors import (
    InvalidField,
    InvalidInput,
    LinkLimitExceeded,
    NameTaken,
    NotFound,
    StillReferenced,
    UnknownReference,
)
from portico.domain.links.links import BULK_LIMIT, LINKS_PER_PORTAL, LinkSpec
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.search import ListQuery
from portico.services.links import links
from portico.services.portals import portals
from portico.services.work import UnitOfWork
from tests.services.world import START, SUFFIX, Caller, World

WIKI = LinkSpec(name="Wiki", link="wiki.example.com")


def create_portal(caller: Caller, name: str = "Staff") -> int:
    """The id of a new portal."""
    spec = UserPortalSpec(name=name)
    made = caller.change(lambda work: portals.create_portal(work, spec, managed_suffix=SUFFIX))
    return made.id


def specs(count: int, *portal_ids: int) -> list[LinkSpec]:
    """Different links, all on the same portals."""
    return [replace(WIKI, name=f"Link {n:03}", portal_ids=portal_ids) for n in range(count)]


def names(caller: Caller) -> list[str]:
    """The names of all links."""
    page = caller.look(lambda work: links.list_links(work, ListQuery(page_size=1_000))).page
    assert page.total == len(page.items)
    return [link.name for link in page.items]


def refused_bulk(caller: Caller, asked: list[LinkSpec]) -> InvalidInput:
    """The error of a bulk, which leaves nothing."""
    before = names(caller)

    with pytest.raises(InvalidInput) as refusal:
        caller.change(lambda work: links.create_links(work, asked))

    assert names(caller) == before
    return refusal.value


def test_bulk_answers_in_the_order_of_the_request(world: World) -> None:
    asked = [replace(WIKI, name=name) for name in ("Zebra", " Apple ", "Mango")]

    made = world.admin.change(lambda work: links.create_links(work, asked))

    assert [link.name for link in made] == ["Zebra", "Apple", "Mango"]
    assert names(world.admin) == ["Apple", "Mango", "Zebra"]
    assert len({link.id for link in made}) == 3


def test_bulk_takes_1_to_500_links(world: World) -> None:
    for asked in ([], specs(BULK_LIMIT + 1)):
        assert refused_bulk(world.admin, asked).params == ("userPortalLinks",)

    made = world.admin.change(lambda work: links.create_links(work, specs(BULK_LIMIT)))

    assert BULK_LIMIT == 500
    assert len(made) == 500
    assert names(world.admin) == [spec.name for spec in specs(500)]
    assert len([entry for entry in world.audit_trail() if entry.object_id]) >= 500


def test_bulk_error_names_the_entry_and_the_field(world: World) -> None:
    bad_host = refused_bulk(world.admin, [WIKI, replace(WIKI, name="Mail", link="https://x")])
    no_name = refused_bulk(world.admin, [replace(WIKI, name=" ")])

    assert bad_host.params == ("userPortalLinks[1].link",)
    assert no_name.params == ("userPortalLinks[0].name",)


def test_bulk_error_names_the_entry_of_a_taken_name(world: World) -> None:
    world.admin.change(lambda work: links.create_link(work, WIKI))

    taken = refused_bulk(world.admin, [replace(WIKI, name="Mail"), replace(WIKI, name="WIKI")])
    twice = refused_bulk(
        world.admin, [replace(WIKI, name=name) for name in ("Straße", "Mail", "STRASSE")]
    )

    assert isinstance(taken, NameTaken)
    assert taken.params == ("WIKI",)
    assert taken.reason.startswith("userPortalLinks[1].name: ")
    assert isinstance(twice, NameTaken)
    assert twice.params == ("STRASSE",)
    assert twice.reason.startswith("userPortalLinks[2].name: ")


def test_bulk_error_names_the_entry_of_an_unknown_portal(world: World) -> None:
    portal_id = create_portal(world.admin)
    asked = [
        replace(WIKI, portal_ids=(portal_id,)),
        replace(WIKI, name="Mail", portal_ids=(portal_id, 5)),
    ]

    unknown = refused_bulk(world.admin, asked)

    assert isinstance(unknown, UnknownReference)
    assert unknown.params == ("5",)
    assert unknown.reason.startswith("userPortalLinks[1]")


def test_portal_shows_500_links_at_most(world: World) -> None:
    full, other = create_portal(world.admin, "Full"), create_portal(world.admin, "Other")
    world.admin.change(
        lambda work: links.create_links(work, specs(LINKS_PER_PORTAL - 1, full, other))
    )
    last = replace(WIKI, name="Last", portal_ids=(full,))
    one_more = replace(WIKI, name="One more", portal_ids=(other, full))

    refused = refused_bulk(world.admin, [last, one_more])
    assert isinstance(refused, LinkLimitExceeded)
    assert refused.params == (str(full),)

    made = world.admin.change(lambda work: links.create_link(work, last))
    with pytest.raises(LinkLimitExceeded):
        world.admin.change(lambda work: links.create_link(work, one_more))
    spare = world.admin.change(
        lambda work: links.create_link(work, replace(one_more, portal_ids=()))
    )
    with pytest.raises(LinkLimitExceeded):
        world.admin.change(lambda work: links.update_link(work, spare.id, one_more))

    # A link that is there already takes no further room, and one that goes makes room.
    world.admin.change(lambda work: links.update_link(work, made.id, last))
    world.admin.change(lambda work: links.delete_link(work, made.id))
    world.admin.change(lambda work: links.update_link(work, spare.id, one_more))
    page = world.admin.look(lambda work: links.list_links_of_portal(work, full, ListQuery()))
    assert page.page.total == 500


def test_update_replaces_all_but_the_stamps(world: World) -> None:
    portal_id = create_portal(world.admin)
    other = world.caller()
    before = world.admin.change(
        lambda work: links.create_link(
            work,
            replace(
                WIKI,
                description="old",
                enabled=True,
                icon_text="icon",
                link_path="/home",
                protocol="http://",
                application_id=7,
                portal_ids=(portal_id,),
            ),
        )
    )
    world.now += 60

    other.change(lambda work: links.update_link(work, before.id, WIKI))

    (after,) = world.admin.look(lambda work: links.get_link(work, before.id)).page.items
    assert (after.creation_time, after.modified_time) == (START, START + 60)
    assert after.modified_by == other.claims.client_id
    assert (after.description, after.enabled, after.icon_text) == ("", False, "")
    assert (after.link_path, after.protocol, after.application_id) == ("", "", None)
    assert after.portal_ids == ()


def test_two_links_may_open_one_host(world: World) -> None:
    world.admin.change(lambda work: links.create_link(work, WIKI))
    world.admin.change(lambda work: links.create_link(work, replace(WIKI, name="Wiki 2")))

    assert names(world.admin) == ["Wiki", "Wiki 2"]


def test_link_and_portal_may_share_a_name(world: World) -> None:
    create_portal(world.admin, "Wiki")

    assert world.admin.change(lambda work: links.create_link(work, WIKI)).name == "Wiki"


def test_name_is_free_again_after_a_rename_or_deletion(world: World) -> None:
    first = world.admin.change(lambda work: links.create_link(work, WIKI))
    world.admin.change(lambda work: links.update_link(work, first.id, replace(WIKI, name="Mail")))
    second = world.admin.change(lambda work: links.create_link(work, WIKI))
    world.admin.change(lambda work: links.delete_link(work, second.id))

    assert world.admin.change(lambda work: links.create_link(work, WIKI)).name == "Wiki"


def test_links_come_with_their_portals(world: World) -> None:
    staff, guests = create_portal(world.admin), create_portal(world.admin, "Guests")
    made = world.admin.change(
        lambda work: links.create_link(work, replace(WIKI, portal_ids=(guests, staff, guests)))
    )

    found = world.admin.look(lambda work: links.get_link(work, made.id))

    assert made.portal_ids == (staff, guests)
    assert {portal.name for portal in found.portals.values()} == {"Staff", "Guests"}


def test_portal_of_another_microtenant_is_unknown(world: World) -> None:
    east = world.admin.asking_for(microtenant_id=world.microtenant("East").id)
    foreign = create_portal(east)
    spec = replace(WIKI, portal_ids=(foreign,))

    with pytest.raises(UnknownReference) as refusal:
        world.admin.change(lambda work: links.create_link(work, spec))

    assert refusal.value.params == (str(foreign),)
    with pytest.raises(NotFound):
        world.admin.look(lambda work: links.list_links_of_portal(work, foreign, ListQuery()))


def test_portal_with_links_stays_and_names_one(world: World) -> None:
    portal_id = create_portal(world.admin)
    made = world.admin.change(
        lambda work: links.create_link(work, replace(WIKI, portal_ids=(portal_id,)))
    )

    with pytest.raises(StillReferenced) as refusal:
        world.admin.change(lambda work: portals.delete_portal(work, portal_id))
    assert refusal.value.params == ("userPortalLink", "Wiki")

    world.admin.change(lambda work: links.delete_link(work, made.id))
    world.admin.change(lambda work: portals.delete_portal(work, portal_id))


def test_failure_after_a_change_undoes_it_and_its_audit(world: World) -> None:
    before, revision = world.audit_trail(), world.revision()

    async def create_and_fail(work: UnitOfWork) -> None:
        await links.create_link(work, WIKI)
        raise InvalidField("later", "Something after it went wrong.")

    with pytest.raises(InvalidField):
        world.admin.change(create_and_fail)

    assert names(world.admin) == []
    assert world.audit_trail() == before
    assert world.revision() == revision
