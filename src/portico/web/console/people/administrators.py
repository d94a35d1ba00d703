"""The administrators of the tenant: the list, and the form with their roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import msgspec
from starlette.responses import Response

from portico.domain.errors import Forbidden, InvalidInput
from portico.domain.people.administrators import AdministratorSpec, Grant, GrantSpec
from portico.domain.tenancy.identity import Role
from portico.services.people.administrators import (
    GrantedAdministrator,
    create_administrator,
    delete_administrator,
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
from portico.services.versions import version_of
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation
from portico.web.console.frame.edit_routes import edit_routes
from portico.web.console.frame.editing import Change, Edit, Editing, NounWords, spec_of
from portico.web.console.frame.forms import Form, FormValue, SentForm
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.console.frame.words import initials, role_words
from portico.web.console.people.password_links import (
    PendingLink,
    pending_administrator_link,
    require_one_way_in,
    show_administrator_link,
)
from portico.web.console.people.providers import provider_names, sign_in_words
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import joined

LABELS: Mapping[str, str] = {
    "name": _("Sign-in name"),
    "display_name": _("Name"),
    "email": _("E-mail"),
    "password": _("Password"),
    "role": _("Where they work"),
}
FIELDS: Mapping[str, str] = {
    "name": "name",
    "displayName": "display_name",
    "email": "email",
    "password": "password",
    "grants": "role",
}
NOWHERE_ELSE = "none"
"""The value of "no role in the whole tenant"."""
MICROTENANTS: Mapping[str, Role] = {"writes": Role.ADMIN, "reads": Role.VIEWER}
"""The role of each field with microtenants."""
A = TypeVar("A", bound=AdministratorSpec)


class AdministratorRow(msgspec.Struct, frozen=True, kw_only=True):
    """One administrator in the list."""

    href: str
    display_name: str
    sign_in: str
    initials: str
    may: str
    method: str
    enabled: bool


class AdministratorListView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of administrators."""

    rows: list[AdministratorRow]


class AdministratorDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of an administrator shows beside its form."""

    enabled: bool
    is_own: bool
    has_password: bool
    link: PendingLink | None
    microtenants: list[Choice]


@get("/administrators")
async def show_administrators(console: Console) -> Response:
    """Show the list of administrators."""
    async with console.reading() as work:
        names, providers = await _microtenant_names(work), await provider_names(work)
        rows = [
            AdministratorRow(
                href=f"{console.base}/administrators/{each.id}",
                display_name=each.display_name or each.name,
                sign_in=each.name,
                initials=initials(each.display_name or each.name),
                may=joined((_grant_words(grant, names) for grant in each.grants), "; "),
                method=sign_in_words(each.password_hash, each.provider_id, providers),
                enabled=each.disabled_time is None,
            )
            for each in await list_administrators(work)
        ]
        view = AdministratorListView(rows=rows)
        return await console.page("administrators.html", work, view, nav="administrators")


def _values(stored: GrantedAdministrator) -> Mapping[str, FormValue]:
    tenant_wide = [each.role.value for each in stored.grants if each.microtenant_id is None]
    microtenants = {
        field: [
            str(each.microtenant_id)
            for each in stored.grants
            if each.microtenant_id is not None and each.role is role
        ]
        for field, role in MICROTENANTS.items()
    }
    return {
        "display_name": stored.display_name,
        "email": stored.email,
        "role": next(iter(tenant_wide), NOWHERE_ELSE),
        **microtenants,
    }


def _with_form(form: Form, base: A) -> A:
    return replace(
        base,
        display_name=form.value("display_name").strip(),
        email=form.value("email").strip(),
    )


def _requested(form: Form, stored: GrantedAdministrator) -> GrantedAdministrator:
    requested, grants = _with_form(form, stored), _grants(form)
    if set(grants) == {spec_of(each, GrantSpec) for each in stored.grants}:
        return requested
    customer_id = stored.grants[0].customer_id
    return replace(
        requested,
        grants=tuple(
            Grant(**vars(each), id=0, administrator_id=stored.id, customer_id=customer_id)
            for each in grants
        ),
    )


def _version(stored: GrantedAdministrator) -> str:
    """Return a version that stays when the administrator signs in."""
    return version_of(replace(stored, last_sign_in=None))


def _grants(form: Form) -> list[GrantSpec]:
    """Return the requested role in the whole tenant and in single microtenants."""
    tenant_wide = form.value("role")
    grants = [GrantSpec(role=Role(tenant_wide))] if tenant_wide in set(Role) else []
    for field, role in MICROTENANTS.items():
        grants += [GrantSpec(role=role, microtenant_id=each) for each in form.ids(field)]
    return grants


async def _microtenant_names(work: UnitOfWork) -> dict[int, str]:
    return {each.id: each.name for each in await summarise_microtenants(work)}


def _grant_words(grant: Grant, names: Mapping[int, str]) -> str:
    where = None if grant.microtenant_id is None else names.get(grant.microtenant_id, "")
    return role_words(grant.role, where)


async def _create(console: Console, work: UnitOfWork, form: SentForm) -> GrantedAdministrator:
    require_one_way_in(form)
    spec = _with_form(form, AdministratorSpec(name=form.value("name")))
    return await create_administrator(work, spec, _grants(form), form.password_hash)


async def _store(console: Console, work: UnitOfWork, change: Change[GrantedAdministrator]) -> None:
    stored, spec = change.before, spec_of(change.requested, AdministratorSpec)
    if spec != spec_of(stored, AdministratorSpec):
        stored = await update_administrator(work, stored.id, spec, locked=stored)
    if change.requested.grants != stored.grants:
        grants = _grants(change.form)
        require_grants(work, grants)
        stored = await set_grants(work, stored.id, grants, locked=stored) or stored
    if hashed := change.form.password_hash:
        own = console.signed_in.session.digest
        await set_administrator_password(work, stored.id, hashed, exempt_session=own, locked=stored)


async def _created(console: Console, record_id: int, form: SentForm) -> Response | None:
    return await show_administrator_link(console, record_id) if form.flag("invite") else None


async def _confirm(
    console: Console, work: UnitOfWork, stored: GrantedAdministrator
) -> Confirmation:
    name = stored.display_name or stored.name
    if stored.works_elsewhere:
        words = _(
            "%(name)s also works in other tenants. This takes away their roles in %(tenant)s and "
            "ends their sessions; the account stays.",
            name=name,
            tenant=work.tenant.name,
        )
    else:
        words = _(
            "Their sessions end at once. The audit log keeps what they did. This cannot be undone."
        )
    return Confirmation(words=words)


async def _switch(console: Console, work: UnitOfWork, person: int, enabled: bool) -> None:
    await (enable_administrator if enabled else disable_administrator)(work, person)


async def _details(
    console: Console, work: UnitOfWork, edit: Edit[GrantedAdministrator]
) -> AdministratorDetails:
    names, stored = await _microtenant_names(work), edit.stored
    return AdministratorDetails(
        enabled=stored is None or stored.disabled_time is None,
        is_own=stored is not None and stored.id == work.principal.actor_id,
        has_password=stored is not None and bool(stored.password_hash),
        link=await pending_administrator_link(work, stored.id) if stored else None,
        microtenants=[Choice(str(each), name) for each, name in names.items()],
    )


ADMINISTRATOR = Editing(
    words=NounWords(
        new=_("New administrator"), this=_("this administrator"), delete=_("Delete administrator")
    ),
    path="administrators",
    nav="administrators",
    heading=_("Administrators"),
    template="administrator.html",
    labels=LABELS,
    fields=FIELDS,
    find=get_administrator,
    name_of=lambda stored: stored.display_name or stored.name,
    details=_details,
    blank={"role": Role.VIEWER.value},
    values=_values,
    requested=_requested,
    create=_create,
    store=_store,
    switch=_switch,
    confirm=_confirm,
    remove=delete_administrator,
    created=_created,
    version=_version,
    refusals=(InvalidInput, Forbidden),
)
ROUTES = [show_administrators, *edit_routes(ADMINISTRATOR)]
