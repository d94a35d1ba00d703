"""What a user or the members of a group see: the links of every enabled portal."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from starlette.responses import Response

from portico.services.people.groups import get_group
from portico.services.people.members import groups_of_user
from portico.services.people.users import get_user
from portico.services.portals.open_portals import SeenPortal, list_seen_portals
from portico.services.tenancy.microtenants import summarise_microtenants
from portico.services.work import UnitOfWork
from portico.web.console.frame.lists import (
    Window,
    address_with,
    links_in_words,
    page_number,
    portals_in_words,
)
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get

PORTALS_PER_PAGE = 5


class SeenLink(msgspec.Struct, frozen=True):
    """A link that they see. `groups` are those that it is for; none means everybody."""

    name: str
    href: str
    groups: str


class SeenSection(msgspec.Struct, frozen=True):
    """The links below one heading."""

    name: str
    links: list[SeenLink]


class SeenPortalView(msgspec.Struct, frozen=True, kw_only=True):
    """One portal. `microtenant` is its microtenant, if that is not the one of the page."""

    name: str
    href: str
    microtenant: str
    words: str
    sections: list[SeenSection]


class SeesView(msgspec.Struct, frozen=True, kw_only=True):
    """The page. `title` is the name of the user or group at `href`, `noun` which of the two."""

    title: str
    noun: str
    href: str
    enabled: bool
    window: Window
    portals: list[SeenPortalView]
    tab: str = "sees"

    def page_href(self, number: int) -> str:
        """Return the address of another page."""
        return address_with(f"{self.href}/sees", {}, page=str(number))


@get("/users/{id}/sees")
async def show_what_a_user_sees(console: Console) -> Response:
    """Show what a user sees."""
    async with console.reading() as work:
        user = await get_user(work, console.record_id)
        groups = await groups_of_user(work, user.id)
        name, href = user.display_name or user.name, f"{console.base}/users/{user.id}"
        return await _page(console, work, "user", name, href, groups, enabled=user.enabled)


@get("/groups/{id}/sees")
async def show_what_a_group_sees(console: Console) -> Response:
    """Show what somebody sees who is in a group and in no other one."""
    async with console.reading() as work:
        group = await get_group(work, console.record_id)
        href = f"{console.base}/groups/{group.id}"
        return await _page(console, work, "group", group.name, href, [group.id], enabled=True)


async def _page(
    console: Console,
    work: UnitOfWork,
    noun: str,
    name: str,
    href: str,
    groups: Collection[int],
    *,
    enabled: bool,
) -> Response:
    number = page_number(console.query.get("page", ""))
    seen = await list_seen_portals(work, groups, limit=PORTALS_PER_PAGE, number=number)
    names = {each.id: each.name for each in await summarise_microtenants(work)}
    view = SeesView(
        title=name,
        noun=noun,
        href=href,
        enabled=enabled,
        window=Window(seen.total, number, portals_in_words, PORTALS_PER_PAGE),
        portals=[_portal(console, each, names) for each in seen.items],
    )
    return await console.page("sees.html", work, view, nav="users")


def _portal(console: Console, seen: SeenPortal, microtenants: dict[int, str]) -> SeenPortalView:
    portal = seen.portal
    base = f"/console/{console.customer_id}/{portal.microtenant_id}"
    elsewhere = portal.microtenant_id != console.microtenant_id
    return SeenPortalView(
        name=portal.name,
        href=f"{base}/portals/{portal.id}",
        microtenant=microtenants.get(portal.microtenant_id, "") if elsewhere else "",
        words=links_in_words(sum(len(each.links) for each in seen.sections)),
        sections=[
            SeenSection(
                name=section.name,
                links=[
                    SeenLink(
                        link.name, f"{base}/links/{link.id}", ", ".join(link.presentation.groups)
                    )
                    for link in section.links
                ],
            )
            for section in seen.sections
        ],
    )


ROUTES = [show_what_a_user_sees, show_what_a_group_sees]
