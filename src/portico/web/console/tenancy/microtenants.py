"""Microtenants: the list, and the form of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import AuthDomainTaken, Forbidden, ForeignAuthDomain
from portico.domain.links.display_hosts import display_host
from portico.domain.tenancy.microtenants import AUTH_DOMAIN_CRITERIA, Microtenant, MicrotenantSpec
from portico.services.tenancy.microtenants import (
    create_microtenant,
    delete_microtenant,
    get_microtenant,
    require_manager,
    summarise_microtenants,
    update_microtenant,
)
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation
from portico.web.console.frame.conflicts import Conflict
from portico.web.console.frame.editing import Change, Edit, Editing, spec_of
from portico.web.console.frame.forms import Form, FormValue
from portico.web.console.frame.page import Answer, Console

LABELS: Mapping[str, str] = {
    "name": "Name",
    "description": "Description",
    "domains": "Sign-in domains",
}
FIELDS: Mapping[str, str] = {
    "name": "name",
    "description": "description",
    "criteriaAttributeValues": "domains",
}
"""The form's name for each field of the wire."""
M = TypeVar("M", bound=MicrotenantSpec)
DEFAULT_NOTE = "The Default microtenant cannot be changed or deleted."


@dataclass(frozen=True, kw_only=True)
class MicrotenantRow:
    """One microtenant in the list."""

    name: str
    description: str
    href: str
    domains: tuple[str, ...]
    changed: int
    enabled: bool


@dataclass(frozen=True, kw_only=True)
class MicrotenantListView:
    """What the page of microtenants shows; `note` says why nothing can be changed."""

    rows: list[MicrotenantRow]
    may_manage: bool
    note: str


@dataclass(frozen=True, kw_only=True)
class MicrotenantView:
    """What the page of one microtenant shows; without `href` it is a new one."""

    title: str
    href: str
    form: Form
    may_manage: bool
    note: str
    conflict: Conflict | None


@get("/microtenants")
async def show_microtenants(console: NamedDependency[Console]) -> Answer:
    """The list of microtenants, by precedence."""
    async with console.reading() as work:
        note = _refusal(work)
        rows = [
            MicrotenantRow(
                name=each.name,
                description=each.description,
                href=f"{console.base}/microtenants/{each.id}",
                domains=tuple(map(display_host, each.criteria_attribute_values)),
                changed=each.modified_time,
                enabled=each.enabled,
            )
            for each in await summarise_microtenants(work)
        ]
        view = MicrotenantListView(rows=rows, may_manage=not note, note=note)
        return await console.page("microtenants.html", work, view, nav="microtenants")


@get("/microtenants/new")
async def new_microtenant(console: NamedDependency[Console]) -> Answer:
    """Show the form of a new microtenant."""
    return await MICROTENANT.show_new(console, enabled=True)


@post("/microtenants/new", status_code=303)
async def add_microtenant(console: NamedDependency[Console]) -> Answer:
    """Store a new microtenant."""
    blank = MicrotenantSpec(name="")
    return await MICROTENANT.add(
        console, lambda work, form: create_microtenant(work, _filled(form, blank))
    )


@get("/microtenants/{id:str}")
async def show_microtenant(console: NamedDependency[Console]) -> Answer:
    """Show the form of a stored microtenant."""
    return await MICROTENANT.show(console)


@post("/microtenants/{id:str}", status_code=303)
async def change_microtenant(console: NamedDependency[Console]) -> Answer:
    """Store a changed microtenant."""
    return await MICROTENANT.change(console, _store)


@get("/microtenants/{id:str}/delete")
async def ask_to_delete(console: NamedDependency[Console]) -> Answer:
    """Show what deleting a microtenant affects."""
    return await MICROTENANT.ask_to_delete(console, _confirm)


@post("/microtenants/{id:str}/delete", status_code=303)
async def remove_microtenant(console: NamedDependency[Console]) -> Answer:
    """Delete a microtenant that owns nothing."""
    return await MICROTENANT.delete(console, _confirm, delete_microtenant)


def _values(stored: Microtenant) -> Mapping[str, FormValue]:
    return {
        "name": stored.name,
        "description": stored.description,
        "domains": "\n".join(stored.criteria_attribute_values),
        "enabled": stored.enabled,
    }


def _filled(form: Form, base: M) -> M:
    domains = tuple(each.strip() for each in form.value("domains").splitlines() if each.strip())
    return replace(
        base,
        name=form.value("name"),
        description=form.value("description"),
        enabled=form.flag("enabled"),
        criteria_attribute=AUTH_DOMAIN_CRITERIA if domains else "",
        criteria_attribute_values=domains,
    )


async def _store(work: UnitOfWork, change: Change[Microtenant]) -> None:
    await update_microtenant(work, change.before.id, spec_of(change.requested, MicrotenantSpec))


async def _confirm(console: Console, work: UnitOfWork, stored: Microtenant) -> Confirmation:
    href = f"{console.base}/microtenants/{stored.id}"
    return Confirmation(
        name=stored.name,
        href=href,
        crumbs=(("Microtenants", f"{console.base}/microtenants"), (stored.name, href)),
        words="It is deleted only when it has no link, portal, policy or API client.",
    )


def _refusal(work: UnitOfWork) -> str:
    """Return why this administrator may not change microtenants here, or nothing."""
    try:
        require_manager(work)
    except Forbidden as error:
        return error.reason
    return ""


async def _page(console: Console, work: UnitOfWork, edit: Edit[Microtenant]) -> Answer:
    stored = edit.stored
    note = _refusal(work) or (DEFAULT_NOTE if stored and stored.is_default else "")
    view = MicrotenantView(
        title=stored.name if stored else "New microtenant",
        href=f"{console.base}/microtenants/{stored.id}" if stored else "",
        form=edit.form,
        may_manage=not note,
        note=note,
        conflict=edit.conflict,
    )
    return await console.page(
        "microtenant.html", work, view, nav="microtenants", status=edit.status
    )


MICROTENANT = Editing(
    noun="microtenant",
    path="microtenants",
    nav="microtenants",
    labels=LABELS,
    fields=FIELDS,
    error_fields={AuthDomainTaken: "domains", ForeignAuthDomain: "domains"},
    find=get_microtenant,
    values=_values,
    requested=_filled,
    page=_page,
)
ROUTES = [
    show_microtenants,
    new_microtenant,
    add_microtenant,
    show_microtenant,
    change_microtenant,
    ask_to_delete,
    remove_microtenant,
]
