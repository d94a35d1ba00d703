"""Sections: added, renamed, moved and deleted. They are shown on the pages of their portals."""

from __future__ import annotations

from dataclasses import replace

from litestar import get, post
from litestar.di import NamedDependency

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
from portico.web.console.frame.editing import Change, Edit, Editing
from portico.web.console.frame.forms import Form, read_id
from portico.web.console.frame.page import Answer, Console
from portico.web.console.portals.order import order_page, section_field, section_version, stepped


@post("/sections", status_code=303)
async def add_section(console: NamedDependency[Console]) -> Answer:
    """Store a new section after the others."""
    return await SECTION.add(console, lambda work, form: create_section(work, form.value("name")))


@post("/sections/{id:str}", status_code=303)
async def change_section(console: NamedDependency[Console]) -> Answer:
    """Rename a section, or move it up or down."""
    form = await console.form()
    if form.value("move") not in {"up", "down"}:
        return await SECTION.change(console, _store, form)
    async with console.writing() as work:
        ids = [each.id for each in (await list_sections(work)).sections]
        by = -1 if form.value("move") == "up" else 1
        await reorder_sections(work, stepped(ids, console.record_id, by))
    return console.go(_portal_address(console.record_id, form), work)


@get("/sections/{id:str}/delete")
async def ask_to_delete_section(console: NamedDependency[Console]) -> Answer:
    """Show what deleting a section affects."""
    return await SECTION.ask_to_delete(console, _confirm)


@post("/sections/{id:str}/delete", status_code=303)
async def remove_section(console: NamedDependency[Console]) -> Answer:
    """Delete a section; its links stay."""
    return await SECTION.delete(console, _confirm, delete_section)


async def _store(work: UnitOfWork, change: Change[Section]) -> None:
    await rename_section(work, change.before.id, change.requested.name)


async def _confirm(console: Console, work: UnitOfWork, section: Section) -> Confirmation:
    links = (await list_sections(work)).links.get(section.id, 0)
    back, portals = console.query.get("back", ""), f"{console.base}/portals"
    return Confirmation(
        name=f"the section {section.name}",
        href=f"{console.base}/sections/{section.id}",
        crumbs=(("Portals", portals),),
        words=f"Its {links} links stay, without a section. It goes from every portal of "
        f"{work.microtenant_name}."
        if links
        else "No link is in it.",
        cancel=back if back.startswith(portals) else portals,
        undoable=True,
    )


def _portal_address(_: int, form: Form) -> str:
    """Return the address of the portal whose page the form was on."""
    return "/".join(("portals", *map(str, form.ids("portal"))))


async def _page(console: Console, work: UnitOfWork, edit: Edit[Section]) -> Answer:
    """Show the portal's page; a name that was refused is beside its section."""
    form = edit.form.renamed("name", section_field(edit.stored))
    portal_id = read_id(edit.form.value("portal"))
    return await order_page(console, work, portal_id, replace(edit, form=form))


SECTION = Editing(
    noun="section",
    path="portals",
    nav="portals",
    labels={"name": "Name of the section"},
    fields={"name": "name", "portico.section": "name"},
    find=get_section,
    requested=lambda form, stored: replace(stored, name=form.value("name")),
    page=_page,
    after=_portal_address,
    version=section_version,
)
ROUTES = [add_section, change_section, ask_to_delete_section, remove_section]
