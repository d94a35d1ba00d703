"""Microtenants: the list, and the form of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import (
    AuthDomainTaken,
    Forbidden,
    ForeignAuthDomain,
    InvalidInput,
)
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
from portico.services.versions import version_of
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation, ask
from portico.web.console.frame.conflicts import Conflict, render_conflict
from portico.web.console.frame.forms import Form, make_form, place_error
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
        return await console.page("microtenants.html", work, view, place="microtenants")


@get("/microtenants/new")
async def new_microtenant(console: NamedDependency[Console]) -> Answer:
    """An empty form."""
    async with console.preparing() as work:
        return await _page(console, work, make_form(LABELS, enabled="on"))


@post("/microtenants/new", status_code=303)
async def add_microtenant(console: NamedDependency[Console]) -> Answer:
    """Stores a new microtenant."""
    form = replace(await console.form(), labels=LABELS)
    try:
        async with console.writing() as work:
            await create_microtenant(work, _spec(form, MicrotenantSpec(name="")))
    except InvalidInput as error:
        async with console.reading() as work:
            return await _page(console, work, _failed(form, error), status=422)
    return console.go("microtenants", work)


@get("/microtenants/{other:str}")
async def show_microtenant(console: NamedDependency[Console]) -> Answer:
    """The form of a stored microtenant."""
    async with console.reading() as work:
        stored = await get_microtenant(work, console.path_id("other"))
        form = make_form(
            LABELS,
            revision=version_of(stored),
            name=stored.name,
            description=stored.description,
            domains="\n".join(stored.criteria_attribute_values),
            enabled="on" if stored.enabled else "",
        )
        return await _page(console, work, form, stored)


@post("/microtenants/{other:str}", status_code=303)
async def change_microtenant(console: NamedDependency[Console]) -> Answer:
    """Stores a changed microtenant, unless somebody else changed it meanwhile."""
    form = replace(await console.form(), labels=LABELS)
    other = console.path_id("other")
    try:
        async with console.writing() as work:
            require_manager(work)
            stored = await get_microtenant(work, other, lock=True)
            fresh = form.value("revision") == version_of(stored)
            if fresh:
                await update_microtenant(work, other, _spec(form, stored))
    except InvalidInput as error:
        async with console.reading() as work:
            stored = await get_microtenant(work, other)
            return await _page(console, work, _failed(form, error), stored, status=422)
    if fresh:
        return console.go("microtenants", work)
    async with console.reading() as work:
        conflict = await render_conflict(work, "microtenant", stored, asdict(_spec(form, stored)))
        newer = form.with_values(revision=version_of(stored))
        return await _page(console, work, newer, stored, conflict, status=409)


@get("/microtenants/{other:str}/delete")
async def ask_to_delete(console: NamedDependency[Console]) -> Answer:
    """What deleting a microtenant touches."""
    async with console.reading() as work:
        return await _ask(console, work, await get_microtenant(work, console.path_id("other")))


@post("/microtenants/{other:str}/delete", status_code=303)
async def remove_microtenant(console: NamedDependency[Console]) -> Answer:
    """Deletes a microtenant that owns nothing."""
    await console.form()
    other = console.path_id("other")
    try:
        async with console.writing() as work:
            await delete_microtenant(work, other)
    except InvalidInput as error:
        async with console.reading() as work:
            stored = await get_microtenant(work, other)
            return await _ask(console, work, stored, refused=error.reason)
    return console.go("microtenants", work)


async def _ask(
    console: Console, work: UnitOfWork, stored: Microtenant, *, refused: str = ""
) -> Answer:
    href = f"{console.base}/microtenants/{stored.id}"
    view = Confirmation(
        title=f"Delete {stored.name}",
        crumbs=(("Microtenants", f"{console.base}/microtenants"), (stored.name, href)),
        words="It is deleted only when it has no link, portal, policy or API client.",
        action=f"{href}/delete",
        button="Delete microtenant",
        cancel=href,
        refused=refused,
    )
    return await ask(console, work, view, place="microtenants")


def _refusal(work: UnitOfWork) -> str:
    """Why this administrator may not change microtenants here, in the use-cases' words."""
    try:
        require_manager(work)
    except Forbidden as error:
        return error.reason
    return ""


def _spec(form: Form, base: MicrotenantSpec) -> MicrotenantSpec:
    domains = tuple(each.strip() for each in form.value("domains").splitlines() if each.strip())
    return MicrotenantSpec(
        name=form.value("name"),
        description=form.value("description"),
        enabled=form.flag("enabled"),
        criteria_attribute=AUTH_DOMAIN_CRITERIA if domains else "",
        criteria_attribute_values=domains,
        privileged_approvals_enabled=base.privileged_approvals_enabled,
    )


def _failed(form: Form, error: InvalidInput) -> Form:
    domains = isinstance(error, AuthDomainTaken | ForeignAuthDomain)
    return place_error(form, error, FIELDS, otherwise="domains" if domains else "")


async def _page(
    console: Console,
    work: UnitOfWork,
    form: Form,
    stored: Microtenant | None = None,
    conflict: Conflict | None = None,
    *,
    status: int = 200,
) -> Answer:
    note = _refusal(work) or (DEFAULT_NOTE if stored and stored.is_default else "")
    view = MicrotenantView(
        title=stored.name if stored else "New microtenant",
        href=f"{console.base}/microtenants/{stored.id}" if stored else "",
        form=form,
        may_manage=not note,
        note=note,
        conflict=conflict,
    )
    return await console.page("microtenant.html", work, view, place="microtenants", status=status)


ROUTES = [
    show_microtenants,
    new_microtenant,
    add_microtenant,
    show_microtenant,
    change_microtenant,
    ask_to_delete,
    remove_microtenant,
]
