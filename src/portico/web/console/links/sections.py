"""Sections: add, rename, move and delete them on the page of a portal."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from portico.domain.links.sections import Section
from portico.services.links.sections import (
    create_section,
    delete_section,
    get_section,
    list_sections,
    rename_section,
    reorder_sections,
)
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation
from portico.web.console.frame.edit_routes import edit_routes
from portico.web.console.frame.editing import Change, Edit, Editing, NounWords
from portico.web.console.frame.forms import Form, read_id
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import post
from portico.web.console.portals.order import order_page, section_field, section_version, stepped
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import ngettext


@post("/sections/{id}/move")
async def move_section(console: Console) -> Response:
    """Move a section up or down."""
    form = await console.form()
    by = -1 if form.value("move") == "up" else 1
    async with console.writing() as work:
        ids = [each.id for each in (await list_sections(work)).sections]
        await reorder_sections(work, stepped(ids, console.record_id, by))
    return console.go(_portal_address(console.record_id, form), work)


async def _create(console: Console, work: UnitOfWork, form: Form) -> Section:
    return await create_section(work, form.value("name"))


async def _store(console: Console, work: UnitOfWork, change: Change[Section]) -> None:
    await rename_section(work, change.before.id, change.requested.name)


async def _confirm(console: Console, work: UnitOfWork, section: Section) -> Confirmation:
    links = (await list_sections(work)).links.get(section.id, 0)
    words = ngettext(
        "Its link stays, without a section. It goes from every portal of %(microtenant)s.",
        "Its %(num)s links stay, without a section. It goes from every portal of %(microtenant)s.",
        links,
        microtenant=work.microtenant_name,
    )
    back = console.query.get("back", "")
    return Confirmation(
        words=words if links else _("No link is in it."),
        cancel=back if back.startswith(f"{console.base}/portals") else "",
        undoable=True,
    )


def _portal_address(_: int, form: Form) -> str:
    """Return the address of the portal whose page the form was on."""
    return "/".join(("portals", *map(str, form.ids("portal"))))


async def _page(console: Console, work: UnitOfWork, edit: Edit[Section]) -> Response:
    """Show the portal's page with the form and its error beside the section."""
    form = edit.form.renamed("name", section_field(edit.stored))
    portal_id = read_id(edit.form.value("portal"))
    return await order_page(console, work, portal_id, replace(edit, form=form))


SECTION = Editing(
    words=NounWords(
        new=_("New section"),
        this=_("this section"),
        delete=_("Delete section"),
        delete_named=lambda name: _("Delete the section %(name)s", name=name),
    ),
    path="sections",
    list_path="portals",
    nav="portals",
    heading=_("Portals"),
    inline=True,
    labels={"name": _("Name of the section")},
    fields={"name": "name", "portico.section": "name"},
    find=get_section,
    name_of=lambda section: section.name,
    page=_page,
    requested=lambda form, stored: replace(stored, name=form.value("name")),
    create=_create,
    store=_store,
    confirm=_confirm,
    remove=delete_section,
    after=_portal_address,
    version=section_version,
)
ROUTES = [move_section, *edit_routes(SECTION)]
