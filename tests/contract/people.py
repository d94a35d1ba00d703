"""Every kind of statement about people: made, signed in, active on a portal, changed, deleted."""

from __future__ import annotations

from dataclasses import replace

from portico.domain.links.links import LinkSpec
from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.sessions import SessionLife
from portico.domain.people.users import PortalUserSpec
from portico.domain.policies import AupSpec
from portico.domain.portals.pages import PortalAddress, PortalPage
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import Role
from portico.services import policies as aups
from portico.services.access import operator_reading, operator_writing
from portico.services.links import links
from portico.services.password_queue import PasswordQueue
from portico.services.people import administrators, groups, users
from portico.services.people.console_access import (
    administrator_access,
    list_accessible_microtenants,
)
from portico.services.people.sessions import (
    NewSession,
    end_portal_session,
    find_console_session,
    find_portal_session,
)
from portico.services.people.sign_in import Browser, sign_in_administrator, sign_in_user
from portico.services.portals import activity, portals, requests
from portico.services.portals.acceptance import accept_policy
from portico.services.portals.visits import PortalCookies, PortalView, view_portal
from portico.services.runtime import Runtime
from portico.services.tenancy.client_sign_ins import SignInNotes
from portico.services.tenancy.clients import list_clients, list_last_sign_ins
from tests.services.people.people import PASSWORD, PlainPasswords

SUFFIX = "p.example"
STORED = f"plain${PASSWORD}"


def with_quick_passwords(runtime: Runtime) -> Runtime:
    """The same runtime, with sessions that are long and passwords that are quick."""
    life = SessionLife(idle=3_600, absolute=36_000)
    return replace(
        runtime,
        passwords=PlainPasswords(),
        password_queue=PasswordQueue(at_once=1),
        console_life=life,
        portal_life=life,
    )


async def use_people(runtime: Runtime, customer_id: int) -> None:
    """Everything that is done about people and by them, and about programs that sign in."""
    await _sign_in_program(runtime, customer_id)
    runtime = with_quick_passwords(runtime)
    name = f"ada {customer_id}"
    async with operator_writing(runtime, customer_id) as work:
        group = await groups.create_group(work, "Crew")
        spec = PortalUserSpec(name="uma", group_ids=(group.id,))
        user = await users.create_user(work, spec, STORED)
        grants = [GrantSpec(role=Role.ADMIN)]
        await administrators.create_administrator(
            work, AdministratorSpec(name=name), grants, STORED
        )
        portal = await portals.create_portal(
            work,
            UserPortalSpec(name="People", enabled=True),
            managed_suffix=SUFFIX,
            page=PortalPage(accepts_requests=True),
        )
        link = await links.create_link(
            work, LinkSpec(name="Doors", link="x", enabled=True, portal_ids=(portal.id,))
        )
        policy = await aups.create_aup(work, AupSpec(name="People", enabled=True, aup="Be kind."))
    await _visit(runtime, customer_id, portal.id, link.id, policy.id)
    opened = await sign_in_administrator(runtime, name, PASSWORD, Browser(address="192.0.2.9"))
    assert isinstance(opened, NewSession)
    signed_in = await find_console_session(runtime, opened.token)
    assert signed_in is not None
    async with runtime.database.read() as connection:
        await administrator_access(connection, signed_in)
    await list_accessible_microtenants(runtime, signed_in, first=0)
    async with operator_writing(runtime, customer_id) as work:
        await users.list_users(work, ListQuery())
        await users.update_user(work, user.id, PortalUserSpec(name="uma", enabled=False))
        await users.set_user_password(work, user.id, STORED)
        await administrators.list_administrators(work)
        await users.delete_user(work, user.id)


async def _sign_in_program(runtime: Runtime, customer_id: int) -> None:
    notes = SignInNotes(runtime.database, runtime.clock)
    async with operator_reading(runtime, customer_id) as work:
        for client in await list_clients(work):
            notes.note(client)
        await notes.finish()
        await list_last_sign_ins(work)


async def _visit(
    runtime: Runtime, customer_id: int, portal_id: int, link_id: int, aup_id: int
) -> None:
    async with operator_writing(runtime, customer_id) as work:
        portal = await portals.get_portal(work, portal_id)
    opened = await sign_in_user(runtime, customer_id, "uma", PASSWORD, Browser(address="192.0.2.9"))
    visitor = await find_portal_session(runtime, customer_id, opened.token)
    assert visitor is not None
    address = PortalAddress(address="x", customer_id=customer_id, portal_id=portal_id)
    cookies = PortalCookies(session_token=lambda _: opened.token)
    view: PortalView[None] = await view_portal(runtime, address, cookies, lambda _: None)
    assert view.policy is not None
    await accept_policy(runtime, portal, aup_id, view.policy.version, view.visit.visitor)
    await activity.record_opening(runtime, portal, link_id, user_id=visitor.user.id)
    for wanted in (True, False):
        await activity.set_favourite(
            runtime,
            portal,
            link_id,
            user_id=visitor.user.id,
            group_ids=visitor.group_ids,
            is_favourite=wanted,
        )
    await activity.order_favourites(runtime, portal, [link_id], user_id=visitor.user.id)
    view = await view_portal(runtime, address, cookies, lambda _: None)
    await requests.ask_for_link(runtime, view.visit, "The rota")
    await requests.report_link(runtime, view.visit, link_id, "Doors", "")
    async with operator_writing(runtime, customer_id) as work:
        sent = await requests.list_requests(work, closed=False, limit=1, offset=0)
        await requests.close_request(work, sent.items[0].id)
    await end_portal_session(runtime, customer_id, opened.token)
