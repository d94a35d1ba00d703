"""The page with a link by which a person sets a password. It shows the link once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from portico.domain.errors import InvalidField
from portico.domain.people.password_links import PasswordLink
from portico.services.people.password_links import (
    NewPasswordLink,
    create_administrator_link,
    create_user_link,
    find_administrator_link,
    find_user_link,
    withdraw_administrator_link,
    withdraw_user_link,
)
from portico.services.people.users import get_user
from portico.services.portals.open_portals import list_open_portals
from portico.services.work import UnitOfWork
from portico.web.console.frame.forms import SentForm
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.shared.texts import gettext as _

PORTALS_SHOWN = 50


class LinkAddress(msgspec.Struct, frozen=True):
    """The whole address of a link at one place, which is a portal or the console."""

    place: str
    address: str


class PasswordLinkView(msgspec.Struct, frozen=True, kw_only=True):
    """A new link of the person called `name`. Without `addresses` no portal is enabled.

    `back` is the page of the person, `list` that of all people of the kind, called `heading`.
    """

    name: str
    addresses: list[LinkAddress]
    expires: int
    back: str
    list: str
    heading: str


class PendingLink(msgspec.Struct, frozen=True):
    """A link that the person has not used yet, for the page of the person."""

    expires: int


@post("/users/{id}/password-link")
async def make_user_link(console: Console) -> Response:
    """Make a link for a user and show it."""
    await console.form()
    return await show_user_link(console, console.record_id)


@post("/administrators/{id}/password-link")
async def make_administrator_link(console: Console) -> Response:
    """Make a link for an administrator and show it."""
    await console.form()
    return await show_administrator_link(console, console.record_id)


@post("/users/{id}/password-link/withdraw")
async def end_user_link(console: Console) -> Response:
    """Withdraw the unused link of a user."""
    return await _withdraw(console, "users", withdraw_user_link)


@post("/administrators/{id}/password-link/withdraw")
async def end_administrator_link(console: Console) -> Response:
    """Withdraw the unused link of an administrator."""
    return await _withdraw(console, "administrators", withdraw_administrator_link)


def require_one_way_in(form: SentForm) -> None:
    """Raise InvalidField for a new person with both a password and an invitation."""
    if form.flag("invite") and form.password_hash:
        raise InvalidField(
            "password",
            _(
                "With an invitation, people choose their password. Leave this empty, or save "
                "without "
                "an invitation."
            ),
        )


async def show_user_link(console: Console, user_id: int) -> Response:
    """Make a link for a user and show it, with its address at each enabled portal."""
    async with console.preparing() as work:
        user = await get_user(work, user_id)
        portals = (await list_open_portals(work, limit=PORTALS_SHOWN)).items
    addresses: list[LinkAddress] = []
    expires = 0
    if portals:
        async with console.writing() as work:
            made = await create_user_link(work, user_id)
        expires = made.expires
        addresses = [
            LinkAddress(each.title, _address(console, f"/p/{each.address}", made))
            for each in portals
        ]
    view = PasswordLinkView(
        name=user.display_name or user.name,
        addresses=addresses,
        expires=expires,
        back=f"{console.base}/users/{user_id}",
        list=f"{console.base}/users",
        heading=_("Users and groups"),
    )
    return await _page(console, view, nav="users")


async def show_administrator_link(console: Console, administrator_id: int) -> Response:
    """Make a link for an administrator and show it."""
    async with console.writing() as work:
        made = await create_administrator_link(work, administrator_id)
    view = PasswordLinkView(
        name=made.name,
        addresses=[LinkAddress("Portico", _address(console, "/console", made))],
        expires=made.expires,
        back=f"{console.base}/administrators/{administrator_id}",
        list=f"{console.base}/administrators",
        heading=_("Administrators"),
    )
    return await _page(console, view, nav="administrators")


async def pending_user_link(work: UnitOfWork, user_id: int) -> PendingLink | None:
    """Return the link that a user has not used yet, or None."""
    return _pending(await find_user_link(work, user_id))


async def pending_administrator_link(work: UnitOfWork, administrator_id: int) -> PendingLink | None:
    """Return the link that an administrator has not used yet, or None."""
    return _pending(await find_administrator_link(work, administrator_id))


def _pending(link: PasswordLink | None) -> PendingLink | None:
    return None if link is None else PendingLink(link.expires)


def _address(console: Console, path: str, made: NewPasswordLink) -> str:
    origin = console.site.origins.origin(console.request)
    return f"{origin}{path}/set-password?link={quote(made.token, safe='')}"


async def _page(console: Console, view: PasswordLinkView, *, nav: str) -> Response:
    async with console.reading() as work:
        return await console.page("password_link.html", work, view, nav=nav)


async def _withdraw(
    console: Console, nouns: str, withdraw: Callable[[UnitOfWork, int], Awaitable[bool]]
) -> Response:
    """Withdraw a person's link, and go back to the page of the person."""
    await console.form()
    async with console.writing() as work:
        is_withdrawn = await withdraw(work, console.record_id)
    message = "link-withdrawn" if is_withdrawn else "nothing"
    return console.go(f"{nouns}/{console.record_id}", message=message)


@get("/users/{id}/password-link", "/administrators/{id}/password-link")
async def show_person(console: Console) -> Response:
    """Redirect to the person: a link is never shown again."""
    noun = console.request.scope["path"].removeprefix(f"{console.base}/").partition("/")[0]
    return console.go(f"{noun}/{console.record_id}")


ROUTES = [
    show_person,
    make_user_link,
    make_administrator_link,
    end_user_link,
    end_administrator_link,
]
