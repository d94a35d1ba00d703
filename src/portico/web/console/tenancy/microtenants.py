"""Microtenants: the list and the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import msgspec
from starlette.responses import Response

from portico.domain.errors import AuthDomainTaken, Forbidden, ForeignAuthDomain
from portico.domain.links.display_hosts import display_host
from portico.domain.tenancy.microtenants import (
    AUTH_DOMAIN_CRITERIA,
    DEFAULT_DESCRIPTION,
    Microtenant,
    MicrotenantSpec,
)
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
from portico.web.console.frame.edit_routes import edit_routes
from portico.web.console.frame.editing import Change, Edit, Editing, NounWords, spec_of
from portico.web.console.frame.error_words import error_words
from portico.web.console.frame.forms import Form, FormValue
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.shared.texts import gettext as _

LABELS: Mapping[str, str] = {
    "name": _("Name"),
    "description": _("Description"),
    "domains": _("Sign-in domains"),
}
FIELDS: Mapping[str, str] = {
    "name": "name",
    "description": "description",
    "criteriaAttributeValues": "domains",
}
"""The form field of each API field."""
M = TypeVar("M", bound=MicrotenantSpec)
DEFAULT_NOTE = _("The Default microtenant cannot be changed or deleted.")


class MicrotenantRow(msgspec.Struct, frozen=True, kw_only=True):
    """One microtenant in the list."""

    name: str
    description: str
    href: str
    domains: tuple[str, ...]
    changed: int
    enabled: bool


class MicrotenantListView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of microtenants; `note` says why nothing can be changed."""

    rows: list[MicrotenantRow]
    may_manage: bool
    note: str


class MicrotenantDetails(msgspec.Struct, frozen=True):
    """Whether a microtenant can be changed here; `note` says why not."""

    may_manage: bool
    note: str


@get("/microtenants")
async def show_microtenants(console: Console) -> Response:
    """Show the list of microtenants, by precedence."""
    async with console.reading() as work:
        note = _refusal(work)
        rows = [
            MicrotenantRow(
                name=each.name,
                description=_description(each),
                href=f"{console.base}/microtenants/{each.id}",
                domains=tuple(map(display_host, each.criteria_attribute_values)),
                changed=each.modified_time,
                enabled=each.enabled,
            )
            for each in await summarise_microtenants(work)
        ]
        view = MicrotenantListView(rows=rows, may_manage=not note, note=note)
        return await console.page("microtenants.html", work, view, nav="microtenants")


def _values(stored: Microtenant) -> Mapping[str, FormValue]:
    return {
        "name": stored.name,
        "description": stored.description,
        "domains": "\n".join(stored.criteria_attribute_values),
        "enabled": stored.enabled,
    }


def _with_form(form: Form, base: M) -> M:
    domains = tuple(each.strip() for each in form.value("domains").splitlines() if each.strip())
    return replace(
        base,
        name=form.value("name"),
        description=form.value("description"),
        enabled=form.flag("enabled"),
        criteria_attribute=AUTH_DOMAIN_CRITERIA if domains else "",
        criteria_attribute_values=domains,
    )


async def _create(console: Console, work: UnitOfWork, form: Form) -> Microtenant:
    return await create_microtenant(work, _with_form(form, MicrotenantSpec(name="")))


async def _store(console: Console, work: UnitOfWork, change: Change[Microtenant]) -> None:
    await update_microtenant(work, change.before.id, spec_of(change.requested, MicrotenantSpec))


async def _confirm(console: Console, work: UnitOfWork, stored: Microtenant) -> Confirmation:
    words = _("It is deleted only when it has no link, portal, policy or API client.")
    return Confirmation(words=words)


def _description(microtenant: Microtenant) -> str:
    if microtenant.description == DEFAULT_DESCRIPTION:
        return _("The part of the tenant that belongs to no other microtenant.")
    return microtenant.description


def _refusal(work: UnitOfWork) -> str:
    """Return why the administrator cannot change microtenants here, or an empty text."""
    try:
        require_manager(work)
    except Forbidden as error:
        return error_words(error)
    return ""


async def _details(
    console: Console, work: UnitOfWork, edit: Edit[Microtenant]
) -> MicrotenantDetails:
    note = _refusal(work) or (DEFAULT_NOTE if edit.stored and edit.stored.is_default else "")
    return MicrotenantDetails(not note, note)


MICROTENANT = Editing(
    words=NounWords(
        new=_("New microtenant"), this=_("this microtenant"), delete=_("Delete microtenant")
    ),
    path="microtenants",
    nav="microtenants",
    heading=_("Microtenants"),
    template="microtenant.html",
    labels=LABELS,
    fields=FIELDS,
    error_fields={AuthDomainTaken: "domains", ForeignAuthDomain: "domains"},
    find=get_microtenant,
    name_of=lambda stored: stored.name,
    details=_details,
    blank={"enabled": True},
    values=_values,
    requested=_with_form,
    create=_create,
    store=_store,
    confirm=_confirm,
    remove=delete_microtenant,
)
ROUTES = [show_microtenants, *edit_routes(MICROTENANT)]
