"""Groups of portal users: added, renamed, deleted on one page."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import Forbidden, InvalidInput
from portico.services.people.groups import (
    create_group,
    delete_group,
    get_group,
    list_groups,
    rename_group,
)
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation, ask
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.words import counted


@dataclass(frozen=True)
class GroupRow:
    """One group in the list."""

    id: int
    name: str
    words: str


@dataclass(frozen=True, kw_only=True)
class GroupListView:
    """What the page of groups shows; `problem` says why the last change was not made."""

    groups: list[GroupRow]
    problem: str
    tab: str = "groups"


@get("/groups")
async def show_groups(console: NamedDependency[Console]) -> Answer:
    """The list of groups."""
    async with console.reading() as work:
        return await _page(console, work)


@post("/groups", status_code=303)
async def add_group(console: NamedDependency[Console]) -> Answer:
    """Stores a new group."""
    form = await console.form()
    try:
        async with console.writing() as work:
            await create_group(work, form.value("name"))
    except InvalidInput as error:
        async with console.reading() as work:
            return await _page(console, work, problem=error.reason)
    return console.go("groups", work)


@post("/groups/{group:str}", status_code=303)
async def change_group(console: NamedDependency[Console]) -> Answer:
    """Renames a group, everywhere."""
    form = await console.form()
    try:
        async with console.writing() as work:
            await rename_group(work, console.path_id("group"), form.value("name"))
    except (InvalidInput, Forbidden) as error:
        async with console.reading() as work:
            return await _page(console, work, problem=error.reason)
    return console.go("groups", work)


@get("/groups/{group:str}/delete")
async def ask_to_delete(console: NamedDependency[Console]) -> Answer:
    """What deleting a group touches."""
    async with console.reading() as work:
        group = await get_group(work, console.path_id("group"))
        links = (await list_groups(work)).links.get(group.id, 0)
        groups = f"{console.base}/groups"
        told = counted(links, "link names", "links name")
        view = Confirmation(
            title=f"Delete the group {group.name}",
            crumbs=(("Users and groups", groups),),
            words=f"{told} it. Take it off them first: without it, more people would see them."
            if links
            else "No link names it. Its members stay, without it.",
            action=f"{groups}/{group.id}/delete",
            button="Delete group",
            cancel=groups,
        )
        return await ask(console, work, view, place="users")


@post("/groups/{group:str}/delete", status_code=303)
async def remove_group(console: NamedDependency[Console]) -> Answer:
    """Deletes a group that no link names."""
    await console.form()
    try:
        async with console.writing() as work:
            await delete_group(work, console.path_id("group"))
    except (InvalidInput, Forbidden) as error:
        async with console.reading() as work:
            return await _page(console, work, problem=error.reason)
    return console.go("groups", work)


async def _page(console: Console, work: UnitOfWork, *, problem: str = "") -> Answer:
    known = await list_groups(work)
    view = GroupListView(
        groups=[
            GroupRow(each.id, each.name, counted(known.links.get(each.id, 0), "link", "links"))
            for each in known.groups
        ],
        problem=problem,
    )
    status = 422 if problem else 200
    return await console.page("users.html", work, view, place="users", status=status)


ROUTES = [show_groups, add_group, change_group, ask_to_delete, remove_group]
