"""Who may do what: roles, microtenants, tenants, revoked clients and ended sessions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from portico.domain.errors import AccessDenied, Forbidden, NotFound, SessionNotValid
from portico.domain.links.links import LinkSpec
from portico.domain.policies import AupSpec
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import ApiClient, Role
from portico.domain.tenancy.microtenants import MicrotenantSpec
from portico.services import access
from portico.services import policies as aups
from portico.services.links import links
from portico.services.portals import portals
from portico.services.tenancy import microtenants
from portico.services.work import UnitOfWork
from tests.harness import revoke_client
from tests.services.world import SUFFIX, Caller, World
from tests.storage.store import Store

LINK = LinkSpec(name="Wiki", link="wiki.example.com")
PORTAL = UserPortalSpec(name="Staff")
AUP = AupSpec(name="Policy")
EAST = MicrotenantSpec(name="East")
EVERYTHING = ListQuery()

Change = Callable[[UnitOfWork, int], Awaitable[object]]

CHANGES: dict[str, Change] = {
    "create_link": lambda work, _: links.create_link(work, LINK),
    "create_links": lambda work, _: links.create_links(work, [LINK]),
    "update_link": lambda work, each: links.update_link(work, each, LINK),
    "delete_link": lambda work, each: links.delete_link(work, each),
    "create_portal": lambda work, _: portals.create_portal(work, PORTAL, managed_suffix=SUFFIX),
    "update_portal": lambda work, each: portals.update_portal(
        work, each, PORTAL, managed_suffix=SUFFIX
    ),
    "delete_portal": lambda work, each: portals.delete_portal(work, each),
    "create_aup": lambda work, _: aups.create_aup(work, AUP),
    "update_aup": lambda work, each: aups.update_aup(work, each, AUP),
    "delete_aup": lambda work, each: aups.delete_aup(work, each),
    "create_microtenant": lambda work, _: microtenants.create_microtenant(work, EAST),
    "update_microtenant": lambda work, each: microtenants.update_microtenant(work, each, EAST),
    "delete_microtenant": lambda work, each: microtenants.delete_microtenant(work, each),
}


def create_link(caller: Caller, name: str = "Wiki") -> int:
    """The id of a new link of the caller's part."""
    spec = LinkSpec(name=name, link="wiki.example.com")
    return caller.change(lambda work: links.create_link(work, spec)).id


def link_names(caller: Caller) -> list[str]:
    """The names that the caller sees."""
    page = caller.look(lambda work: links.list_links(work, EVERYTHING)).page
    return [link.name for link in page.items]


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("exists", [True, False])
def test_viewer_changes_nothing(world: World, name: str, exists: bool) -> None:
    viewer = world.caller(role=Role.VIEWER)
    link_id = create_link(world.admin)
    before, revision = world.audit_trail(), world.revision()

    with pytest.raises(Forbidden, match="role is viewer"):
        viewer.change(lambda work: CHANGES[name](work, link_id if exists else 5))

    assert world.audit_trail() == before
    assert world.revision() == revision
    assert link_names(viewer) == ["Wiki"]


def test_viewer_reads_everything(world: World) -> None:
    viewer = world.caller(role=Role.VIEWER)
    link_id = create_link(world.admin)

    assert link_names(viewer) == ["Wiki"]
    assert viewer.look(lambda work: links.get_link(work, link_id)).page.total == 1
    assert viewer.look(lambda work: portals.list_portals(work, EVERYTHING)).total == 0
    assert viewer.look(lambda work: aups.list_aups(work, EVERYTHING)).total == 0
    assert viewer.look(lambda work: microtenants.list_microtenants(work, EVERYTHING)).total == 1


def test_confined_client_sees_its_own_part_alone(world: World) -> None:
    east, west = world.microtenant("East"), world.microtenant("West")
    of_east = world.caller(microtenant_id=east.id)
    of_west = world.caller(microtenant_id=west.id)
    link_id = create_link(of_west, "West wiki")
    create_link(world.admin, "Default wiki")
    create_link(of_east, "East wiki")

    assert link_names(of_east) == ["East wiki"]
    assert link_names(world.admin.asking_for(microtenant_id=east.id)) == ["East wiki"]
    assert link_names(world.admin) == ["Default wiki"]
    for use_case in (
        lambda work: links.get_link(work, link_id),
        lambda work: links.update_link(work, link_id, LINK),
        lambda work: links.delete_link(work, link_id),
    ):
        with pytest.raises(NotFound):
            of_east.change(use_case)
    assert link_names(of_west) == ["West wiki"]


def test_confined_client_has_to_pass_its_own_microtenant(world: World) -> None:
    east, west = world.microtenant("East"), world.microtenant("West")
    confined = world.caller(microtenant_id=east.id)

    with pytest.raises(Forbidden, match=f"pass microtenantId={east.id}"):
        confined.asking_for(microtenant_id=None).granted()
    for foreign in (0, west.id, 5):
        with pytest.raises(Forbidden, match=f"no access to microtenant {foreign}"):
            confined.asking_for(microtenant_id=foreign).granted()
    assert confined.granted().scope.microtenant_id == east.id
    assert confined.granted().microtenant_name == "East"


def test_client_of_default_is_confined_to_it(world: World) -> None:
    east = world.microtenant("East")
    confined = world.caller(microtenant_id=0)

    for wanted in (None, 0):
        assert confined.asking_for(microtenant_id=wanted).granted().scope.microtenant_id == 0
    with pytest.raises(Forbidden):
        confined.asking_for(microtenant_id=east.id).granted()


def test_tenant_wide_client_gets_default_unless_it_asks(world: World) -> None:
    east = world.microtenant("East")

    for wanted, expected in ((None, 0), (0, 0), (east.id, east.id)):
        granted = world.admin.asking_for(microtenant_id=wanted).granted()
        assert granted.scope.microtenant_id == expected


def test_unknown_and_foreign_microtenants_look_the_same(world: World, store: Store) -> None:
    foreign = World(store).microtenant("East")
    refusals = []

    for microtenant_id in (foreign.id, 5):
        with pytest.raises(Forbidden) as refusal:
            world.admin.asking_for(microtenant_id=microtenant_id).granted()
        refusals.append(refusal.value.reason.replace(str(microtenant_id), "ID"))

    assert refusals[0] == refusals[1]


def test_foreign_and_unknown_tenants_look_the_same(world: World, store: Store) -> None:
    foreign = World(store)
    create_link(foreign.admin)
    refusals = []

    for customer_id in (foreign.tenant.id, 5):
        with pytest.raises(Forbidden) as refusal:
            link_names(world.admin.asking_for(customer_id=customer_id))
        refusals.append(refusal.value.reason.replace(str(customer_id), "ID"))

    assert refusals[0] == refusals[1]


def test_revoked_client_is_refused_at_once(world: World) -> None:
    caller = world.caller()
    create_link(caller)
    world.store.run(revoke_client(world.runtime, caller.claims.client_id))

    with pytest.raises(SessionNotValid, match=r"SESSION_NOT_VALID.*revoked"):
        link_names(caller)
    with pytest.raises(SessionNotValid):
        create_link(caller, "Second")
    # Also when it asks for what it never had: nobody learns anything from a dead token.
    with pytest.raises(SessionNotValid):
        caller.asking_for(customer_id=5).granted()
    assert link_names(world.admin) == ["Wiki"]


def test_token_of_a_client_that_never_was_is_refused(world: World, store: Store) -> None:
    ghost = World(store).admin
    caller = Caller(world, ghost.claims, world.tenant.id, None)
    claims = caller.claims

    # A client of another tenant is not one of this tenant, whatever the token says.
    stolen = Caller(
        world,
        type(claims)(
            token_id=claims.token_id,
            client_id=claims.client_id,
            customer_id=world.tenant.id,
            expires=claims.expires,
        ),
        world.tenant.id,
        None,
    )
    with pytest.raises(SessionNotValid, match="no longer exists"):
        stolen.granted()
    with pytest.raises(Forbidden):
        caller.granted()


def test_signed_out_session_is_refused_and_others_go_on(world: World) -> None:
    caller, other = world.caller(), world.caller()
    world.store.run(access.sign_out(world.runtime, caller.claims))

    with pytest.raises(SessionNotValid, match="signed out"):
        link_names(caller)
    with pytest.raises(SessionNotValid):
        world.store.run(access.sign_out(world.runtime, caller.claims))
    assert link_names(other) == []


def test_caller_itself_is_told_its_own_microtenant(world: World) -> None:
    east = world.microtenant("East")
    confined = world.caller(microtenant_id=east.id, role=Role.VIEWER)

    def own(caller: Caller) -> access.Access:
        return world.store.read(lambda each: access.authorise_self(each, caller.claims))

    assert own(confined).scope.microtenant_id == east.id
    assert own(confined).microtenant_name == "East"
    assert own(confined).principal.role is Role.VIEWER
    assert own(world.admin).scope.microtenant_id == 0
    world.store.run(revoke_client(world.runtime, confined.claims.client_id))
    with pytest.raises(SessionNotValid):
        own(confined)


def sign_in(world: World, client_id: str, *, convinces: bool = True) -> ApiClient:
    """A client that signs in with credentials that are good, or not."""
    return world.store.run(access.sign_in(world.store.runtime, client_id, lambda client: convinces))


def test_client_signs_in_with_credentials_that_convince(world: World) -> None:
    client = world.client()

    assert sign_in(world, str(client.id)) == client
    with pytest.raises(AccessDenied):
        sign_in(world, str(client.id), convinces=False)


def test_unknown_revoked_and_wrong_clients_look_the_same(world: World) -> None:
    client, revoked = world.client(), world.client()
    world.store.run(revoke_client(world.runtime, revoked.id))
    odd = ["", "5", "0", "-1", " 5", "abc", "٣", "1e3", "9" * 19, "9" * 400, f"{client.id}\n"]
    refusals = set()

    for client_id in [str(revoked.id), *odd]:
        with pytest.raises(AccessDenied) as refusal:
            sign_in(world, client_id)
        refusals.add((type(refusal.value), refusal.value.reason))

    assert refusals == {(access.ClientRefused, "Access denied")}
