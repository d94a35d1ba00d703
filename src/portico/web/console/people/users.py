"""Portal users: the list, and the form with the assigned groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import msgspec
from starlette.responses import Response

from portico.domain.errors import UnknownReference
from portico.domain.people.users import USER_FIELDS, PortalUser, PortalUserSpec
from portico.domain.search import AnyOf, ListQuery, compare
from portico.services.people.groups import list_groups
from portico.services.people.users import (
    create_user,
    delete_user,
    get_user,
    list_users,
    list_users_of_provider,
    set_user_password,
    update_user,
)
from portico.services.versions import version_of
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import KINDS
from portico.web.console.frame.confirming import Confirmation
from portico.web.console.frame.edit_routes import edit_routes
from portico.web.console.frame.editing import Change, Edit, Editing, NounWords, spec_of
from portico.web.console.frame.forms import Form, FormValue, SentForm, read_id
from portico.web.console.frame.lists import PAGE_SIZE, Choice, Window, address_with, page_number
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.console.frame.words import initials
from portico.web.console.people.password_links import (
    PendingLink,
    pending_user_link,
    require_one_way_in,
    show_user_link,
)
from portico.web.console.people.providers import provider_names, sign_in_words
from portico.web.shared.texts import gettext as _

LABELS: Mapping[str, str] = {
    "name": _("Sign-in name"),
    "display_name": _("Name"),
    "email": _("E-mail"),
    "groups": _("Groups"),
    "password": _("Password"),
}
FIELDS: Mapping[str, str] = {
    "name": "name",
    "displayName": "display_name",
    "email": "email",
    "password": "password",
}
U = TypeVar("U", bound=PortalUserSpec)


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """One user in the list."""

    href: str
    display_name: str
    sign_in: str
    initials: str
    groups: list[str]
    method: str
    enabled: bool


class UserListView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of users."""

    path: str
    text: str
    via: str
    provider: str
    window: Window
    rows: list[UserRow]
    tab: str = "users"

    def page_href(self, number: int) -> str:
        """Return the address of another page."""
        return address_with(self.path, {"q": self.text, "via": self.via}, page=str(number))


class UserDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of a user shows beside its form."""

    enabled: bool
    has_password: bool
    link: PendingLink | None
    groups: list[Choice]
    claimed: tuple[str, ...]


@get("/users")
async def show_users(console: Console) -> Response:
    """Show the list of users."""
    text = console.query.get("q", "").strip()
    async with console.reading() as work:
        columns = tuple(
            compare(USER_FIELDS[name], "LIKE", text) for name in ("name", "displayName", "email")
        )
        query = ListQuery(
            condition=AnyOf(columns) if text else None,
            natural=True,
            page=page_number(console.query.get("page", "")),
            page_size=PAGE_SIZE,
        )
        via = console.query.get("via", "")
        providers = await provider_names(work)
        page = (
            await list_users_of_provider(work, read_id(via), query)
            if via
            else await list_users(work, query)
        )
        groups = await _groups(work)
        view = UserListView(
            path=f"{console.base}/users",
            text=text,
            window=Window(page.total, query.page, KINDS["portalUser"].counted),
            via=via,
            provider=providers.get(read_id(via), "") if via else "",
            rows=[_row(console, user, groups, providers) for user in page.items],
        )
        return await console.page("users.html", work, view, nav="users")


def _row(
    console: Console, user: PortalUser, groups: Mapping[int, str], providers: Mapping[int, str]
) -> UserRow:
    own = [groups[each] for each in user.group_ids if each in groups]
    return UserRow(
        href=f"{console.base}/users/{user.id}",
        display_name=user.display_name or user.name,
        sign_in=user.email or user.name,
        initials=initials(user.display_name or user.name),
        groups=[*own, *(name for name in user.claimed_groups if name not in own)],
        method=sign_in_words(user.password_hash, user.provider_id, providers),
        enabled=user.enabled,
    )


async def _groups(work: UnitOfWork) -> dict[int, str]:
    return {each.id: each.name for each in (await list_groups(work)).groups}


def _values(stored: PortalUser) -> Mapping[str, FormValue]:
    return {
        "display_name": stored.display_name,
        "email": stored.email,
        "groups": [str(each) for each in stored.group_ids],
    }


def _with_form(form: Form, base: U) -> U:
    return replace(
        base,
        display_name=form.value("display_name").strip(),
        email=form.value("email").strip(),
        group_ids=form.ids("groups"),
    )


async def _create(console: Console, work: UnitOfWork, form: SentForm) -> PortalUser:
    require_one_way_in(form)
    spec = _with_form(form, PortalUserSpec(name=form.value("name")))
    return await create_user(work, spec, form.password_hash)


async def _store(console: Console, work: UnitOfWork, change: Change[PortalUser]) -> None:
    before, spec = change.before, spec_of(change.requested, PortalUserSpec)
    after = await update_user(work, before.id, spec, locked=before)
    if change.form.password_hash:
        await set_user_password(work, before.id, change.form.password_hash, locked=after)


async def _created(console: Console, record_id: int, form: SentForm) -> Response | None:
    return await show_user_link(console, record_id) if form.flag("invite") else None


async def _confirm(console: Console, work: UnitOfWork, user: PortalUser) -> Confirmation:
    words = _(
        "Their sessions end at once, and their favourites are deleted. The audit log keeps what "
        "they did. This cannot be undone."
    )
    if user.provider_id is not None:
        words = _(
            "Their sessions end at once, and their favourites are deleted. The audit log keeps "
            "what "
            "they did. This cannot be undone. Their provider creates a new user when they sign in "
            "again: to keep them out, disable them instead."
        )
    return Confirmation(words=words)


async def _switch(console: Console, work: UnitOfWork, user_id: int, enabled: bool) -> None:
    stored = await get_user(work, user_id, lock=True)
    spec = replace(spec_of(stored, PortalUserSpec), enabled=enabled)
    await update_user(work, user_id, spec, locked=stored)


def _version(stored: PortalUser) -> str:
    """Return a version that stays when the user signs in or chooses a language."""
    return version_of(replace(stored, claimed_groups=(), language="", last_sign_in=None))


async def _details(console: Console, work: UnitOfWork, edit: Edit[PortalUser]) -> UserDetails:
    return UserDetails(
        enabled=edit.stored is None or edit.stored.enabled,
        has_password=edit.stored is not None and bool(edit.stored.password_hash),
        link=await pending_user_link(work, edit.stored.id) if edit.stored else None,
        groups=[Choice(str(each), name) for each, name in (await _groups(work)).items()],
        claimed=edit.stored.claimed_groups if edit.stored else (),
    )


USER = Editing(
    words=NounWords(new=_("New user"), this=_("this user"), delete=_("Delete user")),
    path="users",
    nav="users",
    heading=_("Users and groups"),
    template="user.html",
    labels=LABELS,
    fields=FIELDS,
    error_fields={UnknownReference: "groups"},
    find=get_user,
    name_of=lambda user: user.display_name or user.name,
    details=_details,
    blank={},
    values=_values,
    requested=_with_form,
    create=_create,
    store=_store,
    switch=_switch,
    confirm=_confirm,
    remove=delete_user,
    created=_created,
    version=_version,
)
ROUTES = [show_users, *edit_routes(USER)]
