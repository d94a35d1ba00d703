"""Administrators of the tenant: the list, and the form of one with what it may do where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import Forbidden, InvalidInput
from portico.domain.people.administrators import AdministratorSpec, Grant, GrantSpec
from portico.domain.tenancy.identity import Role
from portico.services.people.administrators import (
    GrantedAdministrator,
    create_administrator,
    disable_administrator,
    enable_administrator,
    get_administrator,
    list_administrators,
    require_grants,
    set_administrator_password,
    set_grants,
    update_administrator,
)
from portico.services.tenancy.microtenants import summarise_microtenants
from portico.services.work import UnitOfWork
from portico.web.console.frame.forms import FieldError, Form, make_form, place_error
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.words import initials

LABELS: Mapping[str, str] = {
    "name": "Sign-in name",
    "display_name": "Name",
    "email": "E-mail",
    "password": "Password",
    "role": "Where they work",
}
FIELDS: Mapping[str, str] = {
    "name": "name",
    "displayName": "display_name",
    "email": "email",
    "password": "password",
    "grants": "role",
}
NOWHERE_ELSE = "none"
"""The choice of no role in the whole tenant."""
MICROTENANTS: Mapping[str, Role] = {"writes": Role.ADMIN, "reads": Role.VIEWER}
"""The fields of microtenants, by what may be done there."""
MAY: Mapping[Role, str] = {Role.VIEWER: "Look", Role.ADMIN: "Look and change"}


@dataclass(frozen=True, kw_only=True)
class AdministratorRow:
    """One administrator in the list."""

    href: str
    display_name: str
    sign_in: str
    initials: str
    may: str
    method: str
    enabled: bool


@dataclass(frozen=True, kw_only=True)
class AdministratorListView:
    """What the page of administrators shows."""

    rows: list[AdministratorRow]


@dataclass(frozen=True, kw_only=True)
class AdministratorView:
    """What the page of one administrator shows; without `href` it is a new one."""

    title: str
    href: str
    enabled: bool
    form: Form
    microtenants: list[Choice]


@get("/administrators")
async def show_administrators(console: NamedDependency[Console]) -> Answer:
    """The list of administrators."""
    async with console.reading() as work:
        names = await _microtenant_names(work)
        rows = [
            AdministratorRow(
                href=f"{console.base}/administrators/{each.id}",
                display_name=each.display_name or each.name,
                sign_in=each.name,
                initials=initials(each.display_name or each.name),
                may="; ".join(_grant_words(grant, names) for grant in each.grants),
                method="Password" if each.password_hash else "Single sign-on",
                enabled=each.disabled_time is None,
            )
            for each in await list_administrators(work)
        ]
        view = AdministratorListView(rows=rows)
        return await console.page("administrators.html", work, view, place="administrators")


@get("/administrators/new")
async def new_administrator(console: NamedDependency[Console]) -> Answer:
    """An empty form."""
    async with console.preparing() as work:
        return await _page(console, work, make_form(LABELS, role=Role.VIEWER.value))


@post("/administrators/new", status_code=303)
async def add_administrator(console: NamedDependency[Console]) -> Answer:
    """Stores a new administrator."""
    form = replace(await console.form(), labels=LABELS)
    try:
        hashed = await console.hashed(form)
        async with console.writing() as work:
            await create_administrator(work, _spec(form, form.value("name")), _grants(form), hashed)
    except InvalidInput as error:
        async with console.reading() as work:
            return await _page(console, work, place_error(form, error, FIELDS), status=422)
    return console.go("administrators", work)


@get("/administrators/{person:str}")
async def show_administrator(console: NamedDependency[Console]) -> Answer:
    """The form of a stored administrator."""
    async with console.reading() as work:
        stored = await get_administrator(work, console.path_id("person"))
        return await _page(console, work, _form_of(stored), stored)


@post("/administrators/{person:str}", status_code=303)
async def change_administrator(console: NamedDependency[Console]) -> Answer:
    """Stores a changed administrator, its grants and its password where they were said."""
    form = replace(await console.form(), labels=LABELS)
    person = console.path_id("person")
    try:
        hashed = await console.hashed(form)
        async with console.writing() as work:
            stored = await get_administrator(work, person)
            spec = _spec(form, stored.name)
            if (spec.display_name, spec.email) != (stored.display_name, stored.email):
                await update_administrator(work, person, spec)
            grants = _grants(form)
            if _grants_text(grants) != form.value("grants_before"):
                require_grants(work, grants)
                await set_grants(work, person, grants)
            if hashed:
                kept = console.signed_in.session.digest
                await set_administrator_password(work, person, hashed, exempt_session=kept)
    except (InvalidInput, Forbidden) as error:
        async with console.reading() as work:
            stored = await get_administrator(work, person)
            failed = place_error(form, error, FIELDS)
            return await _page(console, work, failed, stored, status=422)
    return console.go("administrators", work, said="password" if hashed else "")


@post("/administrators/{person:str}/disable", status_code=303)
async def disable(console: NamedDependency[Console]) -> Answer:
    """Shuts an administrator out at once."""
    return await _switch(console, enabled=False)


@post("/administrators/{person:str}/enable", status_code=303)
async def enable(console: NamedDependency[Console]) -> Answer:
    """Lets an administrator in again."""
    return await _switch(console, enabled=True)


async def _switch(console: Console, *, enabled: bool) -> Answer:
    await console.form()
    person = console.path_id("person")
    try:
        async with console.writing() as work:
            await (enable_administrator if enabled else disable_administrator)(work, person)
    except Forbidden as error:
        async with console.reading() as work:
            stored = await get_administrator(work, person)
            failed = _form_of(stored).failed({"": FieldError(text=error.reason)})
            return await _page(console, work, failed, stored, status=403)
    return console.go(f"administrators/{person}", work)


def _spec(form: Form, name: str) -> AdministratorSpec:
    return AdministratorSpec(
        name=name,
        display_name=form.value("display_name").strip(),
        email=form.value("email").strip(),
    )


def _grants(form: Form) -> list[GrantSpec]:
    """A role in the whole tenant, and roles in single microtenants; none at all is for nobody."""
    tenant_wide = form.value("role")
    grants = [GrantSpec(role=Role(tenant_wide))] if tenant_wide in set(Role) else []
    for field, role in MICROTENANTS.items():
        grants += [GrantSpec(role=role, microtenant_id=each) for each in form.ids(field)]
    return grants


def _grants_text(grants: Sequence[GrantSpec]) -> str:
    """The grants as a hidden field carries them, to tell whether they were changed."""
    return " ".join(sorted(f"{each.role.value}:{each.microtenant_id}" for each in grants))


def _form_of(stored: GrantedAdministrator) -> Form:
    tenant_wide = [each.role.value for each in stored.grants if each.microtenant_id is None]
    places = {
        field: [
            str(each.microtenant_id)
            for each in stored.grants
            if each.microtenant_id is not None and each.role is role
        ]
        for field, role in MICROTENANTS.items()
    }
    form = make_form(
        LABELS,
        display_name=stored.display_name,
        email=stored.email,
        role=next(iter(tenant_wide), NOWHERE_ELSE),
        **places,
    )
    return form.with_values(grants_before=_grants_text(_grants(form)))


async def _microtenant_names(work: UnitOfWork) -> dict[int, str]:
    return {each.id: each.name for each in await summarise_microtenants(work)}


def _grant_words(grant: Grant, names: Mapping[int, str]) -> str:
    where = "whole tenant" if grant.microtenant_id is None else names.get(grant.microtenant_id, "")
    return f"{MAY[grant.role]}, {where}"


async def _page(
    console: Console,
    work: UnitOfWork,
    form: Form,
    stored: GrantedAdministrator | None = None,
    *,
    status: int = 200,
) -> Answer:
    names = await _microtenant_names(work)
    view = AdministratorView(
        title=(stored.display_name or stored.name) if stored else "New administrator",
        href=f"{console.base}/administrators/{stored.id}" if stored else "",
        enabled=stored is None or stored.disabled_time is None,
        # What was typed as a password never comes back in a page.
        form=form.with_values(password=[]),
        microtenants=[Choice(str(each), name) for each, name in names.items()],
    )
    return await console.page(
        "administrator.html", work, view, place="administrators", status=status
    )


ROUTES = [
    show_administrators,
    new_administrator,
    add_administrator,
    show_administrator,
    change_administrator,
    disable,
    enable,
]
