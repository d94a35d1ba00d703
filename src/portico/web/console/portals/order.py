"""The order of a portal's links and sections, changed by dragging, by keys or by buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from starlette.responses import Response

from portico.domain.errors import NotFound
from portico.domain.links.changes import ChangeKind, LinkChange, LinkSelection
from portico.domain.links.links import LINKS_PER_PORTAL
from portico.domain.links.presentation import PortalSection, PresentedLink, arranged
from portico.domain.links.sections import Section
from portico.domain.search import ListQuery
from portico.services.links.changes import change_links, reorder_links
from portico.services.links.links import list_links_of_portal
from portico.services.links.sections import get_section, list_sections, reorder_sections
from portico.services.portals.portals import get_presented_portal
from portico.services.versions import version_of
from portico.services.work import UnitOfWork
from portico.web.console.frame.conflicts import Conflict
from portico.web.console.frame.editing import Edit
from portico.web.console.frame.forms import Form, read_id
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.console.frame.tiles import address_of, tile_of
from portico.web.console.portals.portals import PortalFacts, facts_of
from portico.web.shared.arch import Arch

SHORT, OPEN = 12, 8
"""A section of more than SHORT links is collapsed to the first OPEN."""


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """A link with its position, from 1."""

    id: int
    position: int
    name: str
    address: str
    href: str
    tile: Arch
    enabled: bool
    groups: tuple[str, ...]


class OrderSection(msgspec.Struct, frozen=True, kw_only=True):
    """A section with its links; without an id, the links that have no section.

    `field` is the form field of its name.
    """

    id: int | None
    name: str
    revision: str
    field: str
    open: int
    links: list[OrderRow]


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """The tab of links and order; the menu of the link with the id `opened` is open."""

    portal: PortalFacts
    sections: list[OrderSection]
    opened: str
    form: Form
    conflict: Conflict | None
    tab: str = ""


@get("/portals/{id}")
async def show_order(console: Console) -> Response:
    """Show the links of a portal, disabled ones too, under their sections."""
    async with console.reading() as work:
        return await order_page(console, work, console.record_id, Edit(Form()))


async def order_page(
    console: Console, work: UnitOfWork, portal_id: int, edit: Edit[Section]
) -> Response:
    """Show a portal's order; the form of `edit` has the name of a section."""
    portal = await get_presented_portal(work, portal_id)
    sections = {section.name: section for section in (await list_sections(work)).sections}
    opened = console.query.get("link", "")
    view = OrderView(
        portal=await facts_of(console, work, portal),
        sections=[
            _section(console, part, sections.get(part.name), opened)
            for part in await _sections_of(work, portal.id)
        ],
        opened=opened,
        form=edit.form,
        conflict=edit.conflict,
    )
    return await console.page("portal_order.html", work, view, nav="portals", status=edit.status)


def section_field(section: Section | None) -> str:
    """Return the form field of a section's name; None stands for a new section."""
    return f"section-{section.id}" if section else "section-new"


def section_version(section: Section) -> str:
    """Return a version that stays when the section moves."""
    return version_of(replace(section, position=0))


def _section(
    console: Console, part: PortalSection, section: Section | None, opened: str
) -> OrderSection:
    whole = len(part.links) <= SHORT or any(str(link.id) == opened for link in part.links[OPEN:])
    return OrderSection(
        id=section.id if section else None,
        name=part.name,
        revision=section_version(section) if section else "",
        field=section_field(section),
        open=len(part.links) if whole else OPEN,
        links=[_row(console, number, link) for number, link in enumerate(part.links, 1)],
    )


@post("/portals/{id}/order")
async def save_order(console: Console) -> Response:
    """Store the order of a section's links on this portal, or of the sections."""
    form = await console.form()
    portal_id = console.record_id
    async with console.writing() as work:
        if sections := form.ids("section"):
            await _store_section_order(work, portal_id, sections)
        else:
            name = await _section_name(work, form.ids("into"))
            await _store_link_order(work, portal_id, name, form.ids("link"))
    return console.go(f"portals/{portal_id}", work, message="order")


@post("/portals/{id}/order/link")
async def move_link(console: Console) -> Response:
    """Move a link up, down, to another section, or off the portal; enable or disable it."""
    form = await console.form()
    portal_id, move = console.record_id, form.value("move")
    link_id = next(iter(form.ids("link")), 0)
    async with console.writing() as work:
        if change := await _row_change(work, portal_id, move):
            await change_links(work, LinkSelection(link_ids=(link_id,)), change)
        else:
            await _step_link(work, portal_id, link_id, -1 if move == "up" else 1)
    return console.go(f"portals/{portal_id}", work)


async def _row_change(work: UnitOfWork, portal_id: int, move: str) -> LinkChange | None:
    """Return the change of one link that a row's menu asks for; None for a step up or down."""
    if move == "off":
        return LinkChange(kind=ChangeKind.REMOVE_PORTALS, portal_ids=(portal_id,))
    if move in {ChangeKind.ENABLE, ChangeKind.DISABLE}:
        return LinkChange(kind=ChangeKind(move))
    if move.startswith("to:"):
        section = move.removeprefix("to:")
        name = await _section_name(work, (read_id(section),) if section else ())
        return LinkChange(kind=ChangeKind.MOVE, section=name)
    return None


async def _sections_of(work: UnitOfWork, portal_id: int) -> list[PortalSection]:
    """Return every link of a portal, in the order that people see."""
    query = ListQuery(page_size=LINKS_PER_PORTAL)
    page = (await list_links_of_portal(work, portal_id, query)).page
    names = [section.name for section in (await list_sections(work)).sections]
    return arranged(await work.presentation.present(page.items), names)


async def _section_name(work: UnitOfWork, ids: Sequence[int]) -> str:
    return (await get_section(work, ids[0])).name if ids else ""


async def _store_link_order(
    work: UnitOfWork, portal_id: int, section: str, link_ids: Sequence[int]
) -> None:
    """Store the order of a section's links on a portal; its other links follow."""
    known = {link.id for part in await _sections_of(work, portal_id) for link in part.links}
    for link_id in link_ids:
        if link_id not in known:
            raise NotFound(link_id)
    await reorder_links(work, section, link_ids)


async def _store_section_order(
    work: UnitOfWork, portal_id: int, section_ids: Sequence[int]
) -> None:
    """Store the order of the sections on a portal; other sections keep their positions."""
    every = [section.id for section in (await list_sections(work)).sections]
    moved = iter([each for each in section_ids if each in every])
    await reorder_sections(work, [next(moved) if each in section_ids else each for each in every])


async def _step_link(work: UnitOfWork, portal_id: int, link_id: int, by: int) -> None:
    for section in await _sections_of(work, portal_id):
        ids = [link.id for link in section.links]
        if link_id in ids:
            await reorder_links(work, section.name, stepped(ids, link_id, by))
            return
    raise NotFound(link_id)


def stepped(ids: Sequence[int], moved: int, by: int) -> list[int]:
    """Return the ids with one of them moved by one position, if that is possible.

    Raises NotFound for an id that is not among them.
    """
    if moved not in ids:
        raise NotFound(moved)
    order = [each for each in ids if each != moved]
    order.insert(max(0, ids.index(moved) + by), moved)
    return order


def _row(console: Console, position: int, link: PresentedLink) -> OrderRow:
    return OrderRow(
        id=link.id,
        position=position,
        name=link.name,
        address=address_of(link),
        href=f"{console.base}/links/{link.id}",
        tile=tile_of(link, console.base),
        enabled=link.enabled,
        groups=link.presentation.groups,
    )


ROUTES = [show_order, save_order, move_link]
