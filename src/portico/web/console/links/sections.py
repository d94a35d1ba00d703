"""Sections: a new one, another name or place, and none. They are shown on their portals' pages."""

from __future__ import annotations

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import InvalidInput
from portico.services.links.sections import (
    create_section,
    delete_section,
    get_section,
    list_sections,
    rename_section,
    reorder_sections,
)
from portico.web.console.frame.confirming import Confirmation, ask
from portico.web.console.frame.forms import Form, make_form, place_error
from portico.web.console.frame.page import Answer, Console
from portico.web.console.portals.order import order_page, stepped


@post("/sections", status_code=303)
async def add_section(console: NamedDependency[Console]) -> Answer:
    """Stores a new section after the others."""
    form = await console.form()
    try:
        async with console.writing() as work:
            await create_section(work, form.value("name"))
    except InvalidInput as error:
        return await _refused(console, form, error, "section-new")
    return console.go(_place(form), work)


@post("/sections/{section:str}", status_code=303)
async def change_section(console: NamedDependency[Console]) -> Answer:
    """Renames a section, or moves it up or down."""
    form = await console.form()
    section_id = console.path_id("section")
    try:
        async with console.writing() as work:
            if form.value("move") == "rename":
                await rename_section(work, section_id, form.value("name"))
            else:
                ids = [each.id for each in (await list_sections(work)).sections]
                by = -1 if form.value("move") == "up" else 1
                await reorder_sections(work, stepped(ids, section_id, by))
    except InvalidInput as error:
        return await _refused(console, form, error, f"section-{section_id}")
    return console.go(_place(form), work)


@get("/sections/{section:str}/delete")
async def ask_to_delete_section(console: NamedDependency[Console]) -> Answer:
    """What deleting a section touches."""
    async with console.reading() as work:
        section = await get_section(work, console.path_id("section"))
        links = (await list_sections(work)).links.get(section.id, 0)
        wanted = console.query.get("back", "")
        inside = wanted.startswith(f"{console.base}/portals")
        view = Confirmation(
            title=f"Delete the section {section.name}",
            crumbs=(("Portals", f"{console.base}/portals"),),
            words=f"Its {links} links stay, without a section. It goes from every portal of "
            f"{work.microtenant_name}."
            if links
            else "No link is in it.",
            action=f"{console.base}/sections/{section.id}/delete",
            button="Delete section",
            cancel=wanted if inside else f"{console.base}/portals",
            undoable=True,
        )
        return await ask(console, work, view, place="portals")


@post("/sections/{section:str}/delete", status_code=303)
async def remove_section(console: NamedDependency[Console]) -> Answer:
    """Deletes a section; its links stay."""
    await console.form()
    async with console.writing() as work:
        await delete_section(work, console.path_id("section"))
    return console.go("portals", work)


def _portal(form: Form) -> int | None:
    """The portal whose page the form was on, if it says so."""
    return next(iter(form.ids("portal")), None)


def _place(form: Form) -> str:
    portal_id = _portal(form)
    return "portals" if portal_id is None else f"portals/{portal_id}"


async def _refused(console: Console, form: Form, error: InvalidInput, place: str) -> Answer:
    """The portal's page again; at `place` the name that was sent and what is wrong with it."""
    portal_id = _portal(form)
    if portal_id is None:
        raise error
    sent = make_form({place: "Name of the section"}, **{place: form.value("name")})
    failed = place_error(sent, error, {"name": place}, otherwise=place)
    return await order_page(console, portal_id, failed, status=422)


ROUTES = [add_section, change_section, ask_to_delete_section, remove_section]
