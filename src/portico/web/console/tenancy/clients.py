"""API clients: the list, the form of a new one with its secret, and revocation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec
from starlette.responses import Response

from portico.domain.errors import InvalidInput, StalePrecondition
from portico.domain.tenancy.identity import CLIENT_KIND, Role
from portico.services.access import require_admin
from portico.services.tenancy.clients import (
    create_client,
    get_client,
    list_clients,
    list_last_sign_ins,
    revoke_client,
)
from portico.services.tenancy.microtenants import summarise_microtenants
from portico.services.versions import require_version, version_of
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation, ask
from portico.web.console.frame.conflicts import Conflict, describe_last_change
from portico.web.console.frame.forms import Form, make_form, place_error, read_id
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.console.frame.words import ROLES
from portico.web.shared.texts import gettext as _

LABELS: Mapping[str, str] = {"name": _("Name")}
WHOLE_TENANT = _("Whole tenant")


class ClientRow(msgspec.Struct, frozen=True, kw_only=True):
    """One client in the list."""

    id: int
    name: str
    may: str
    where: str
    used: int | None
    made: int
    revoked: int | None


class ClientListView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of clients."""

    rows: list[ClientRow]


class NewClientView(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a new client, or its secret after it is created."""

    form: Form
    microtenants: list[Choice]
    name: str = ""
    client_id: str = ""
    secret: str = ""


@get("/clients")
async def show_clients(console: Console) -> Response:
    """Show the list of clients: active ones first, newest first."""
    async with console.reading() as work:
        clients = list(await list_clients(work))
        names = {each.id: each.name for each in await summarise_microtenants(work)}
        used = await list_last_sign_ins(work)
        clients.sort(key=lambda each: (each.revoked_time is not None, -each.creation_time))
        rows = [
            ClientRow(
                id=each.id,
                name=each.name,
                may=ROLES[each.role],
                where=WHOLE_TENANT
                if each.microtenant_id is None
                else names.get(each.microtenant_id, str(each.microtenant_id)),
                used=used.get(each.id),
                made=each.creation_time,
                revoked=each.revoked_time,
            )
            for each in clients
        ]
        return await console.page("clients.html", work, ClientListView(rows=rows), nav="clients")


@get("/clients/new")
async def new_client(console: Console) -> Response:
    """Show the form of a new client, which is read-only by default."""
    async with console.preparing() as work:
        return await _page(console, work, make_form(LABELS, role=Role.VIEWER.value))


@post("/clients/new")
async def add_client(console: Console) -> Response:
    """Store a new client and show its secret, once."""
    form = replace(await console.form(), labels=LABELS)
    where = form.value("microtenant")
    try:
        async with console.writing() as work:
            client, secret = await create_client(
                work,
                name=form.value("name"),
                role=Role.ADMIN if form.value("role") == Role.ADMIN else Role.VIEWER,
                microtenant_id=read_id(where) if where else None,
            )
    except InvalidInput as error:
        async with console.reading() as work:
            failed = place_error(form, error, {"name": "name"})
            return await _page(console, work, failed, status=422)
    async with console.reading() as work:
        view = NewClientView(
            form=form,
            microtenants=[],
            name=client.name,
            client_id=str(client.id),
            secret=secret,
        )
        return await console.page("client_new.html", work, view, nav="clients")


@get("/clients/{id}/revoke")
async def ask_to_revoke(console: Console) -> Response:
    """Show the effect of revoking a client, and ask."""
    async with console.reading() as work:
        return await _ask(console, work)


@post("/clients/{id}/revoke")
async def end_client(console: Console) -> Response:
    """Revoke a client, or ask again if it changed after the page was opened."""
    form = await console.form()
    try:
        async with console.writing() as work:
            require_admin(work)
            client = await get_client(work, console.record_id)
            require_version(CLIENT_KIND, form.value("revision"), version_of(client))
            await revoke_client(work, client.id)
    except StalePrecondition:
        async with console.reading() as work:
            words = _("Nothing is revoked yet. Revoke this API client as it is now, or cancel.")
            noun = _("this API client")
            stored = await get_client(work, console.record_id)
            last = await describe_last_change(work, stored.id, stored, called=noun, words=words)
            return await _ask(console, work, last)
    return console.go("clients", work)


async def _ask(console: Console, work: UnitOfWork, conflict: Conflict | None = None) -> Response:
    client = await get_client(work, console.record_id)
    clients = f"{console.base}/clients"
    words = _(
        "Its tokens end with the next request, on every server. This cannot be undone: "
        "what signs in with it needs a new client."
    )
    if client.revoked_time is not None:
        words = _(
            "It is revoked already, so nothing signs in with it. There is nothing left to do."
        )
        conflict = conflict and msgspec.structs.replace(conflict, words="")
    question = Confirmation(
        action="revoke",
        title=_("Revoke %(name)s", name=client.name),
        button=_("Revoke API client"),
        href=f"{clients}/{client.id}",
        crumbs=((_("API clients"), clients),),
        words=words,
        revision=version_of(client),
        possible=client.revoked_time is None,
        conflict=conflict,
    )
    return await ask(console, work, question, nav="clients", status=409 if conflict else 200)


async def _page(console: Console, work: UnitOfWork, form: Form, *, status: int = 200) -> Response:
    known = await summarise_microtenants(work)
    view = NewClientView(
        form=form,
        microtenants=[
            Choice("", WHOLE_TENANT),
            *(Choice(str(each.id), each.name) for each in known),
        ],
    )
    return await console.page("client_new.html", work, view, nav="clients", status=status)


ROUTES = [show_clients, new_client, add_client, ask_to_revoke, end_client]
