"""Portal users: the list, and the form of one with the groups that are given here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import InvalidInput, UnknownReference
from portico.domain.people.users import USER_FIELDS, PortalUser, PortalUserSpec
from portico.domain.search import AnyOf, ListQuery, compare
from portico.services.people.groups import list_groups
from portico.services.people.users import (
    create_user,
    get_user,
    list_users,
    set_user_password,
    update_user,
)
from portico.services.work import UnitOfWork
from portico.web.console.frame.forms import Form, make_form, place_error
from portico.web.console.frame.lists import PAGE_SIZE, Choice, Window, address_with, page_number
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.words import initials

LABELS: Mapping[str, str] = {
    "name": "Sign-in name",
    "display_name": "Name",
    "email": "E-mail",
    "groups": "Groups",
    "password": "Password",
}
FIELDS: Mapping[str, str] = {
    "name": "name",
    "displayName": "display_name",
    "email": "email",
    "password": "password",
}


@dataclass(frozen=True, kw_only=True)
class UserRow:
    """One user in the list."""

    href: str
    display_name: str
    sign_in: str
    initials: str
    groups: list[str]
    method: str
    enabled: bool


@dataclass(frozen=True, kw_only=True)
class UserListView:
    """What the page of users shows."""

    path: str
    text: str
    window: Window
    rows: list[UserRow]
    tab: str = "users"

    def page_href(self, number: int) -> str:
        """Another page of the list."""
        return address_with(self.path, {"q": self.text}, page=str(number))


@dataclass(frozen=True, kw_only=True)
class UserView:
    """What the page of one user shows; without `href` it is a new one."""

    title: str
    href: str
    enabled: bool
    form: Form
    groups: list[Choice]
    claimed: tuple[str, ...]


@get("/users")
async def show_users(console: NamedDependency[Console]) -> Answer:
    """The list of users."""
    text = console.query.get("q", "").strip()
    async with console.reading() as work:
        sought = tuple(
            compare(USER_FIELDS[name], "LIKE", text) for name in ("name", "displayName", "email")
        )
        query = ListQuery(
            condition=AnyOf(sought) if text else None,
            page=page_number(console.query.get("page", "")),
            page_size=PAGE_SIZE,
        )
        page = await list_users(work, query)
        groups = await _groups(work)
        view = UserListView(
            path=f"{console.base}/users",
            text=text,
            window=Window(page.total, query.page, "user", "users"),
            rows=[_row(console, user, groups) for user in page.items],
        )
        return await console.page("users.html", work, view, place="users")


@get("/users/new")
async def new_user(console: NamedDependency[Console]) -> Answer:
    """An empty form."""
    async with console.preparing() as work:
        return await _page(console, work, make_form(LABELS))


@post("/users/new", status_code=303)
async def add_user(console: NamedDependency[Console]) -> Answer:
    """Stores a new user."""
    form = replace(await console.form(), labels=LABELS)
    try:
        hashed = await console.hashed(form)
        async with console.writing() as work:
            await create_user(work, _spec(form, form.value("name"), enabled=True), hashed)
    except InvalidInput as error:
        async with console.reading() as work:
            return await _page(console, work, _failed(form, error), status=422)
    return console.go("users", work)


@get("/users/{person:str}")
async def show_user(console: NamedDependency[Console]) -> Answer:
    """The form of a stored user."""
    async with console.reading() as work:
        stored = await get_user(work, console.path_id("person"))
        return await _page(console, work, _form_of(stored), stored)


@post("/users/{person:str}", status_code=303)
async def change_user(console: NamedDependency[Console]) -> Answer:
    """Stores a changed user; a new password ends the user's sessions."""
    form = replace(await console.form(), labels=LABELS)
    person = console.path_id("person")
    try:
        hashed = await console.hashed(form)
        async with console.writing() as work:
            stored = await get_user(work, person, lock=True)
            await update_user(work, person, _spec(form, stored.name, enabled=stored.enabled))
            if hashed:
                await set_user_password(work, person, hashed)
    except InvalidInput as error:
        async with console.reading() as work:
            stored = await get_user(work, person)
            return await _page(console, work, _failed(form, error), stored, status=422)
    return console.go("users", work, said="password" if hashed else "")


@post("/users/{person:str}/disable", status_code=303)
async def disable_user(console: NamedDependency[Console]) -> Answer:
    """Shuts a user out and ends the sessions."""
    return await _switch(console, enabled=False)


@post("/users/{person:str}/enable", status_code=303)
async def enable_user(console: NamedDependency[Console]) -> Answer:
    """Lets a user in again."""
    return await _switch(console, enabled=True)


async def _switch(console: Console, *, enabled: bool) -> Answer:
    await console.form()
    person = console.path_id("person")
    async with console.writing() as work:
        stored = await get_user(work, person, lock=True)
        spec = _spec(_form_of(stored), stored.name, enabled=enabled)
        await update_user(work, person, spec)
    return console.go(f"users/{person}", work)


def _row(console: Console, user: PortalUser, groups: Mapping[int, str]) -> UserRow:
    own = [groups[each] for each in user.group_ids if each in groups]
    return UserRow(
        href=f"{console.base}/users/{user.id}",
        display_name=user.display_name or user.name,
        sign_in=user.email or user.name,
        initials=initials(user.display_name or user.name),
        groups=[*own, *(name for name in user.claimed_groups if name not in own)],
        method="Password" if user.password_hash else "Single sign-on",
        enabled=user.enabled,
    )


async def _groups(work: UnitOfWork) -> dict[int, str]:
    return {each.id: each.name for each in (await list_groups(work)).groups}


def _spec(form: Form, name: str, *, enabled: bool) -> PortalUserSpec:
    return PortalUserSpec(
        name=name,
        display_name=form.value("display_name").strip(),
        email=form.value("email").strip(),
        enabled=enabled,
        group_ids=form.ids("groups"),
    )


def _form_of(stored: PortalUser) -> Form:
    return make_form(
        LABELS,
        display_name=stored.display_name,
        email=stored.email,
        groups=[str(each) for each in stored.group_ids],
    )


def _failed(form: Form, error: InvalidInput) -> Form:
    groups = isinstance(error, UnknownReference)
    return place_error(form, error, FIELDS, otherwise="groups" if groups else "")


async def _page(
    console: Console,
    work: UnitOfWork,
    form: Form,
    stored: PortalUser | None = None,
    *,
    status: int = 200,
) -> Answer:
    view = UserView(
        title=(stored.display_name or stored.name) if stored else "New user",
        href=f"{console.base}/users/{stored.id}" if stored else "",
        enabled=stored is None or stored.enabled,
        form=form.with_values(password=[]),
        groups=[Choice(str(each), name) for each, name in (await _groups(work)).items()],
        claimed=stored.claimed_groups if stored else (),
    )
    return await console.page("user.html", work, view, place="users", status=status)


ROUTES = [show_users, new_user, add_user, show_user, change_user, disable_user, enable_user]
