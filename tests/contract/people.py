"""Every kind of statement about people: made, signed in, active on a portal, changed, deleted."""

from __future__ import annotations

from portico.domain.links.links import LinkSpec
from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.sessions import SessionLife
from portico.domain.people.users import PortalUserSpec
from portico.domain.policies import AupSpec
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import Role
from portico.services import policies as aups
from portico.services.links import links
from portico.services.people import administrators, groups, users
from portico.services.people.console_access import (
    administrator_access,
    list_accessible_microtenants,
)
from portico.services.password_queue import PasswordQueue
from portico.services.people.sessions import (
    Gate,
    end_portal_session,
    find_console_session,
    find_portal_session,
)
from portico.services.people.sign_in import Browser, sign_in_administrator, sign_in_user
from portico.services.portals import activity, portals
from portico.services.portals.activity import Visitor
from portico.services.tenancy.client_sign_ins import SignInNotes
from portico.services.tenancy.operator import Operator, list_clients, list_last_sign_ins
from tests.services.people.people import PASSWORD, PlainPasswords

SUFFIX = "p.example"
STORED = f"plain${PASSWORD}"


def gate_of(operator: Operator) -> Gate:
    """What signing in needs, with sessions that are long and passwords that are quick."""
    life = SessionLife(idle=3_600, absolute=36_000)
    return Gate(
        database=operator.database,
        clock=operator.clock,
        new_id=operator.new_id,
        passwords=PlainPasswords(),
        password_queue=PasswordQueue(at_once=1),
        console_life=life,
        portal_life=life,
    )


async def use_people(operator: Operator, customer_id: int) -> None:
    """Everything that is done about people and by them, and about programs that sign in."""
    await _sign_in_program(operator, customer_id)
    gate = gate_of(operator)
    name = f"ada {customer_id}"
    async with operator.writing(customer_id) as work:
        group = await groups.create_group(work, "Crew")
        spec = PortalUserSpec(name="uma", group_ids=(group.id,))
        user = await users.create_user(work, spec, STORED)
        grants = [GrantSpec(role=Role.ADMIN)]
        await administrators.create_administrator(
            work, AdministratorSpec(name=name), grants, STORED
        )
        portal = await portals.create_portal(
            work, UserPortalSpec(name="People", enabled=True), managed_suffix=SUFFIX
        )
        link = await links.create_link(
            work, LinkSpec(name="Doors", link="x", enabled=True, portal_ids=(portal.id,))
        )
        policy = await aups.create_aup(work, AupSpec(name="People", enabled=True, aup="Be kind."))
    await _visit(gate, operator, customer_id, portal.id, link.id, policy.id)
    opened = await sign_in_administrator(gate, name, PASSWORD, Browser(address="192.0.2.9"))
    signed_in = await find_console_session(gate, opened.token)
    assert signed_in is not None
    async with operator.database.read() as connection:
        await administrator_access(connection, signed_in)
    await list_accessible_microtenants(operator.database, signed_in, first=0)
    async with operator.writing(customer_id) as work:
        await users.list_users(work, ListQuery())
        await users.update_user(work, user.id, PortalUserSpec(name="uma", enabled=False))
        await users.set_user_password(work, user.id, STORED)
        await administrators.list_administrators(work)
        await users.delete_user(work, user.id)


async def _sign_in_program(operator: Operator, customer_id: int) -> None:
    notes = SignInNotes(operator.database, operator.clock)
    for client in await list_clients(operator, customer_id):
        notes.note(client)
    await notes.finish()
    await list_last_sign_ins(operator, customer_id)


async def _visit(
    gate: Gate, operator: Operator, customer_id: int, portal_id: int, link_id: int, aup_id: int
) -> None:
    async with operator.writing(customer_id) as work:
        portal = await portals.get_portal(work, portal_id)
    opened = await sign_in_user(gate, customer_id, "uma", PASSWORD, Browser(address="192.0.2.9"))
    visitor = await find_portal_session(gate, customer_id, opened.token)
    assert visitor is not None
    who = Visitor(user_id=visitor.user.id)
    pending = await activity.aup_to_accept(gate, portal, who)
    assert pending is not None
    await activity.accept_aup(gate, portal, aup_id, pending.version, who)
    await activity.record_opening(gate, portal, link_id, user_id=visitor.user.id)
    for wanted in (True, False):
        await activity.set_favourite(
            gate,
            portal,
            link_id,
            user_id=visitor.user.id,
            group_ids=visitor.group_ids,
            wanted=wanted,
        )
    await activity.list_favourites(gate, customer_id, visitor.user.id)
    await activity.list_recent(gate, customer_id, visitor.user.id)
    await end_portal_session(gate, customer_id, opened.token)
