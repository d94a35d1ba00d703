"""Acceptable use policies: the list, and the form with the page as people will meet it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.policies import Aup, AupSpec
from portico.domain.portals.activity import policy_version
from portico.domain.search import ListQuery
from portico.services.policies import create_aup, delete_aup, get_aup, list_aups, update_aup
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation
from portico.web.console.frame.conflicts import Conflict
from portico.web.console.frame.editing import Change, Edit, Editing, spec_of
from portico.web.console.frame.forms import Form, FormValue
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.words import counted
from portico.web.shared.received_forms import UPLOAD_BYTES

LABELS: Mapping[str, str] = {
    "name": "Name",
    "description": "Description",
    "text": "Text",
    "email": "E-mail for questions",
    "phone": "Phone for questions",
}
FIELDS: Mapping[str, str] = {
    "name": "name",
    "description": "description",
    "aup": "text",
    "email": "email",
    "phoneNum": "phone",
}
"""The form's name for each field of the wire."""
UNNAMED = "Policy without a name"
Policy = TypeVar("Policy", bound=AupSpec)


@dataclass(frozen=True, kw_only=True)
class PolicyRow:
    """One policy in the list."""

    name: str
    href: str
    words: str
    changed: int
    enabled: bool


@dataclass(frozen=True, kw_only=True)
class PolicyListView:
    """What the page of policies shows."""

    rows: list[PolicyRow]


@dataclass(frozen=True, kw_only=True)
class PolicyView:
    """What the page of one policy shows; without `href` it is a new one."""

    title: str
    id: int
    href: str
    form: Form
    version: str
    conflict: Conflict | None


@get("/policies")
async def show_policies(console: NamedDependency[Console]) -> Answer:
    """The list of policies."""
    async with console.reading() as work:
        page = await list_aups(work, ListQuery(page_size=500))
        rows = [
            PolicyRow(
                name=aup.name or UNNAMED,
                href=f"{console.base}/policies/{aup.id}",
                words=counted(len(aup.aup), "character", "characters"),
                changed=aup.modified_time,
                enabled=aup.enabled,
            )
            for aup in page.items
        ]
        return await console.page("policies.html", work, PolicyListView(rows=rows), nav="policies")


@get("/policies/new")
async def new_policy(console: NamedDependency[Console]) -> Answer:
    """Show the form of a new policy."""
    return await POLICY.show_new(console, enabled=True)


@post("/policies/new", status_code=303, request_max_body_size=UPLOAD_BYTES)
async def add_policy(console: NamedDependency[Console]) -> Answer:
    """Store a new policy."""
    return await POLICY.add(console, lambda work, form: create_aup(work, _filled(form, AupSpec())))


@get("/policies/{id:str}")
async def show_policy(console: NamedDependency[Console]) -> Answer:
    """Show the form of a stored policy."""
    return await POLICY.show(console)


@post("/policies/{id:str}", status_code=303, request_max_body_size=UPLOAD_BYTES)
async def change_policy(console: NamedDependency[Console]) -> Answer:
    """Store a changed policy; people must accept a changed text again."""
    return await POLICY.change(console, _store)


@get("/policies/{id:str}/delete")
async def ask_to_delete(console: NamedDependency[Console]) -> Answer:
    """Show what deleting a policy affects."""
    return await POLICY.ask_to_delete(console, _confirm)


@post("/policies/{id:str}/delete", status_code=303)
async def remove_policy(console: NamedDependency[Console]) -> Answer:
    """Delete a policy."""
    return await POLICY.delete(console, _confirm, delete_aup)


def _values(stored: Aup) -> Mapping[str, FormValue]:
    return {
        "name": stored.name,
        "description": stored.description,
        "text": stored.aup,
        "email": stored.email,
        "phone": stored.phone_num,
        "enabled": stored.enabled,
    }


def _filled(form: Form, base: Policy) -> Policy:
    return replace(
        base,
        name=form.value("name").strip(),
        description=form.value("description"),
        enabled=form.flag("enabled"),
        aup=form.value("text"),
        email=form.value("email").strip(),
        phone_num=form.value("phone").strip(),
    )


async def _store(work: UnitOfWork, change: Change[Aup]) -> None:
    await update_aup(work, change.before.id, spec_of(change.requested, AupSpec))


async def _confirm(console: Console, work: UnitOfWork, stored: Aup) -> Confirmation:
    href = f"{console.base}/policies/{stored.id}"
    name = stored.name or UNNAMED
    return Confirmation(
        name=name,
        href=href,
        crumbs=(("Acceptable use", f"{console.base}/policies"), (name, href)),
        words=f"The portals of {work.microtenant_name} no longer ask for it."
        if stored.enabled
        else "It is disabled, so no portal asks for it now.",
        undoable=True,
    )


async def _page(console: Console, work: UnitOfWork, edit: Edit[Aup]) -> Answer:
    stored = edit.stored
    view = PolicyView(
        title=(stored.name or UNNAMED) if stored else "New policy",
        id=stored.id if stored else 0,
        href=f"{console.base}/policies/{stored.id}" if stored else "",
        form=edit.form,
        version=policy_version(stored.aup)[:12] if stored else "Not stored yet",
        conflict=edit.conflict,
    )
    return await console.page("policy.html", work, view, nav="policies", status=edit.status)


POLICY = Editing(
    noun="policy",
    path="policies",
    nav="policies",
    labels=LABELS,
    fields=FIELDS,
    find=get_aup,
    values=_values,
    requested=_filled,
    page=_page,
)
ROUTES = [
    show_policies,
    new_policy,
    add_policy,
    show_policy,
    change_policy,
    ask_to_delete,
    remove_policy,
]
