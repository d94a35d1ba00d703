"""Existing links to put on a portal: searched, ticked many at once, within the portal's limit."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from portico.domain.errors import InvalidInput, LinkLimitExceeded
from portico.domain.links.changes import ChangeKind, LinkChange, LinkSelection
from portico.domain.links.filters import LinkFilter
from portico.domain.links.links import LINKS_PER_PORTAL
from portico.domain.links.presentation import PresentedLink
from portico.domain.records import natural_key
from portico.domain.search import ListQuery
from portico.services.access import require_admin
from portico.services.links.changes import change_links
from portico.services.links.lists import list_filtered_links
from portico.services.portals.portals import get_portal
from portico.services.work import UnitOfWork
from portico.web.console.frame.error_words import error_words
from portico.web.console.frame.forms import FieldError, Form, read_id
from portico.web.console.frame.lists import links_in_words, on_portals
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.console.frame.tiles import address_of, tile_of
from portico.web.shared.arch import Arch
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import ngettext

SHOWN = 100
"""The largest number of matches that a list of choices shows; a text narrows them."""


class LinkChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A link that can be ticked."""

    id: int
    name: str
    address: str
    tile: Arch
    portals: str
    enabled: bool
    ticked: bool


class LinkChoices(msgspec.Struct, frozen=True, kw_only=True):
    """The ticked links and those that match a text, for a portal with `room` for more."""

    text: str
    rows: list[LinkChoice]
    words: str
    room: int
    portal: str


class AddLinksView(msgspec.Struct, frozen=True, kw_only=True):
    """The page that adds links to a portal."""

    portal: str
    href: str
    form: Form
    choices: LinkChoices


async def find_choices(
    console: Console, work: UnitOfWork, form: Form, *, room: int, portal_id: int | None = None
) -> LinkChoices:
    """Return the ticked links of a form, then those that match its text and are not on the portal.

    Raises InvalidField for a text that no search takes.
    """
    text = form.value("q").strip()
    query = ListQuery(natural=True, page_size=SHOWN)
    matches = await list_filtered_links(work, query, LinkFilter(text=text, off_portal_id=portal_id))
    ticked = await work.presented_links.find_all(form.ids("link"))
    links = await work.presentation.present(
        [each for each in matches.page.items if each.id not in ticked]
    )
    found, total = len(matches.page.items), matches.page.total
    words = links_in_words(total)
    if text:
        words = ngettext("%(num)s link matches", "%(num)s links match", total)
    if total > found:
        words = _(
            "The first %(found)s of %(total)s. Type to find others.", found=found, total=total
        )
    return LinkChoices(
        text=text,
        rows=[
            *(_choice(console, each, ticked=True) for each in sorted(ticked.values(), key=_name)),
            *(_choice(console, each, ticked=False) for each in links),
        ],
        words=words,
        room=room,
        portal="" if portal_id is None else str(portal_id),
    )


@post("/portals/link-choices")
async def show_choices(console: Console) -> Response:
    """Show the links that match the text of a form, for the script of a list of choices."""
    form = await console.form()
    async with console.reading() as work:
        portal = form.value("portal")
        portal_id = read_id(portal) if portal else None
        room = await _room(work, portal_id) if portal_id is not None else LINKS_PER_PORTAL
        choices = await find_choices(console, work, form, room=room, portal_id=portal_id)
        return await console.page("link_choices.html", work, choices, nav="portals")


@get("/portals/{id}/add-links")
async def show_add_links(console: Console) -> Response:
    """Show the links that are not on a portal, to add some of them."""
    async with console.preparing() as work:
        return await _page(console, work, Form())


@post("/portals/{id}/add-links")
async def add_links(console: Console) -> Response:
    """Put the ticked links on a portal, or search again."""
    form, portal_id = await console.form(), console.record_id
    if form.value("go") == "find":
        async with console.preparing() as work:
            return await _page(console, work, form)
    link_ids = form.ids("link")
    try:
        async with console.writing() as work:
            require_admin(work)
            await get_portal(work, portal_id, lock=True)
            if not link_ids:
                raise InvalidInput(_("Tick the links to add."))
            change = LinkChange(kind=ChangeKind.ADD_PORTALS, portal_ids=(portal_id,))
            await change_links(work, LinkSelection(link_ids=link_ids), change)
    except InvalidInput as error:
        async with console.reading() as work:
            reason = error_words(error)
            if isinstance(error, LinkLimitExceeded):
                room = ngettext(
                    "%(num)s more link", "%(num)s more links", await _room(work, portal_id)
                )
                reason = _(
                    "A portal has at most %(limit)s links. This one has room for %(room)s, and you "
                    "ticked %(ticked)s.",
                    limit=LINKS_PER_PORTAL,
                    room=room,
                    ticked=len(set(link_ids)),
                )
            failed = form.failed({"link": FieldError(text=reason)})
            return await _page(console, work, failed, status=422)
    return console.go(f"portals/{portal_id}", work)


async def _page(console: Console, work: UnitOfWork, form: Form, *, status: int = 200) -> Response:
    portal = await get_portal(work, console.record_id)
    room = await _room(work, portal.id)
    view = AddLinksView(
        portal=portal.name,
        href=f"{console.base}/portals/{portal.id}",
        form=form,
        choices=await find_choices(console, work, form, room=room, portal_id=portal.id),
    )
    return await console.page("portal_add_links.html", work, view, nav="portals", status=status)


async def _room(work: UnitOfWork, portal_id: int) -> int:
    links = await work.links.count_by_portal([portal_id])
    return LINKS_PER_PORTAL - links.get(portal_id, 0)


def _name(link: PresentedLink) -> tuple[str | int, ...]:
    return natural_key(link.name)


def _choice(console: Console, link: PresentedLink, *, ticked: bool) -> LinkChoice:
    return LinkChoice(
        id=link.id,
        name=link.name,
        address=address_of(link),
        tile=tile_of(link, console.base),
        portals=on_portals(len(link.portal_ids)),
        enabled=link.enabled,
        ticked=ticked,
    )


ROUTES = [show_choices, show_add_links, add_links]
