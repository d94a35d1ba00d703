"""Groups of portal users: add, rename and delete them on one page."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from starlette.responses import Response

from portico.domain.errors import Forbidden, InvalidInput
from portico.domain.people.groups import Group
from portico.services.people.groups import (
    create_group,
    delete_group,
    get_group,
    list_groups,
    rename_group,
)
from portico.services.versions import version_of
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation
from portico.web.console.frame.conflicts import Conflict
from portico.web.console.frame.edit_routes import edit_routes
from portico.web.console.frame.editing import Change, Edit, Editing, NounWords
from portico.web.console.frame.forms import Form
from portico.web.console.frame.lists import links_in_words
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import ngettext


class GroupRow(msgspec.Struct, frozen=True):
    """One group in the list; `field` is the form field of its name."""

    id: int
    name: str
    words: str
    revision: str
    field: str


class GroupListView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of groups."""

    groups: list[GroupRow]
    form: Form
    conflict: Conflict | None
    tab: str = "groups"


@get("/groups")
async def show_groups(console: Console) -> Response:
    """Show the list of groups."""
    async with console.reading() as work:
        return await _page(console, work, Edit(Form()))


async def _create(console: Console, work: UnitOfWork, form: Form) -> Group:
    return await create_group(work, form.value("name"))


async def _store(console: Console, work: UnitOfWork, change: Change[Group]) -> None:
    await rename_group(work, change.before.id, change.requested.name)


async def _confirm(console: Console, work: UnitOfWork, group: Group) -> Confirmation:
    links = (await list_groups(work)).links.get(group.id, 0)
    words = ngettext(
        "%(num)s link names it. Take it off them first: without it, more people would see them.",
        "%(num)s links name it. Take it off them first: without it, more people would see them.",
        links,
    )
    if not links:
        words = _(
            "No link names it. Its members stay, without it. Undo brings the group back, but "
            "nobody is assigned to it then."
        )
    return Confirmation(words=words, undoable=not links)


async def _page(console: Console, work: UnitOfWork, edit: Edit[Group]) -> Response:
    """Show the list with the form and its error beside the group."""
    known = await list_groups(work)
    view = GroupListView(
        groups=[
            GroupRow(
                each.id,
                each.name,
                links_in_words(known.links.get(each.id, 0)),
                version_of(each),
                _field(each),
            )
            for each in known.groups
        ],
        form=edit.form.renamed("name", _field(edit.stored)),
        conflict=edit.conflict,
    )
    return await console.page("users.html", work, view, nav="users", status=edit.status)


def _field(group: Group | None) -> str:
    return f"group-{group.id}" if group else "group-new"


GROUP = Editing(
    words=NounWords(
        new=_("New group"),
        this=_("this group"),
        delete=_("Delete group"),
        delete_named=lambda name: _("Delete the group %(name)s", name=name),
    ),
    path="groups",
    nav="users",
    heading=_("Users and groups"),
    inline=True,
    labels={"name": _("Name of the group")},
    fields={"name": "name", "portico.groups": "name"},
    find=get_group,
    name_of=lambda group: group.name,
    page=_page,
    requested=lambda form, stored: replace(stored, name=form.value("name")),
    create=_create,
    store=_store,
    confirm=_confirm,
    remove=delete_group,
    refusals=(InvalidInput, Forbidden),
)
ROUTES = [show_groups, *edit_routes(GROUP)]
