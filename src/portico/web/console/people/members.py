"""The page of a group: its members, adding people and taking them out, many at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

import msgspec
from starlette.responses import Response

from portico.domain.errors import InvalidField
from portico.domain.people.groups import Group
from portico.domain.people.users import USER_FIELDS, PortalUser
from portico.domain.search import AnyOf, ListQuery, compare
from portico.services.people.groups import get_group
from portico.services.people.members import (
    add_members,
    list_members,
    list_other_users,
    remove_members,
)
from portico.services.work import UnitOfWork
from portico.web.console.frame.error_words import error_words
from portico.web.console.frame.forms import Form
from portico.web.console.frame.lists import PAGE_SIZE, Window, address_with, page_number
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.console.frame.words import initials
from portico.web.shared.texts import Text, ngettext
from portico.web.shared.texts import gettext as _

SEARCHED = ("name", "displayName", "email")


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """One person. A member who is not `assigned` claims the group at a provider."""

    id: int
    href: str
    display_name: str
    sign_in: str
    initials: str
    assigned: bool
    enabled: bool


class MembersView(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a group, or with `adding` the people who can be added."""

    group: str
    href: str
    path: str
    tab: str
    adding: bool
    text: str
    window: Window
    rows: list[MemberRow]
    refused: str = ""

    def page_href(self, number: int) -> str:
        """Return the address of another page."""
        return address_with(self.path, {"q": self.text}, page=str(number))


@get("/groups/{id}")
async def show_members(console: Console) -> Response:
    """Show the members of a group."""
    async with console.reading() as work:
        return await _page(console, work, await get_group(work, console.record_id))


@get("/groups/{id}/add")
async def show_others(console: Console) -> Response:
    """Show the people who can be added to a group."""
    async with console.preparing() as work:
        group = await get_group(work, console.record_id)
        return await _page(console, work, group, adding=True)


@post("/groups/{id}/add")
async def add(console: Console) -> Response:
    """Add the chosen people to a group."""
    return await _change(console, add_members, adding=True)


@post("/groups/{id}/remove")
async def take_out(console: Console) -> Response:
    """Take the chosen people out of a group."""
    return await _change(console, remove_members, adding=False)


async def _change(
    console: Console,
    change: Callable[[UnitOfWork, int, Collection[int]], Awaitable[int]],
    *,
    adding: bool,
) -> Response:
    form: Form = await console.form()
    group_id, chosen = console.record_id, form.ids("user")
    try:
        if not chosen:
            raise InvalidField("users", _("Choose at least one person first."))
        async with console.writing() as work:
            changed = await change(work, group_id, chosen)
    except InvalidField as error:
        async with console.reading() as work:
            group = await get_group(work, group_id)
            return await _page(console, work, group, adding=adding, refused=error_words(error))
    address = f"groups/{group_id}"
    return console.go(address, work) if changed else console.go(address, message="nothing")


def _people(number: int) -> Text:
    return ngettext("%(num)s person", "%(num)s people", number)


def _members(number: int) -> Text:
    return ngettext("%(num)s member", "%(num)s members", number)


async def _page(
    console: Console, work: UnitOfWork, group: Group, *, adding: bool = False, refused: str = ""
) -> Response:
    text = console.query.get("q", "").strip()
    columns = tuple(compare(USER_FIELDS[name], "LIKE", text) for name in SEARCHED)
    query = ListQuery(
        condition=AnyOf(columns) if text else None,
        page=page_number(console.query.get("page", "")),
        page_size=PAGE_SIZE,
    )
    page = (
        await list_other_users(work, group.id, query)
        if adding
        else await list_members(work, group, query)
    )
    href = f"{console.base}/groups/{group.id}"
    view = MembersView(
        group=group.name,
        href=href,
        path=f"{href}/add" if adding else href,
        tab="members",
        adding=adding,
        text=text,
        window=Window(page.total, query.page, _people if adding else _members),
        rows=[_row(console.base, group, each) for each in page.items],
        refused=refused,
    )
    status = 422 if refused else 200
    return await console.page("members.html", work, view, nav="users", status=status)


def _row(base: str, group: Group, user: PortalUser) -> MemberRow:
    name = user.display_name or user.name
    return MemberRow(
        id=user.id,
        href=f"{base}/users/{user.id}",
        display_name=name,
        sign_in=user.email or user.name,
        initials=initials(name),
        assigned=group.id in user.group_ids,
        enabled=user.enabled,
    )


ROUTES = [show_members, show_others, add, take_out]
