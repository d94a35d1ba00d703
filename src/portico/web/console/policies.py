"""Acceptable use policies: the list, and the form with the page as people will meet it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import InvalidInput
from portico.domain.policies import Aup, AupSpec
from portico.domain.portals.activity import policy_version
from portico.domain.search import ListQuery
from portico.services.access import require_admin
from portico.services.policies import create_aup, delete_aup, get_aup, list_aups, update_aup
from portico.services.versions import version_of
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation, ask
from portico.web.console.frame.conflicts import Conflict, render_conflict
from portico.web.console.frame.forms import Form, make_form, place_error
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
        return await console.page(
            "policies.html", work, PolicyListView(rows=rows), place="policies"
        )


@get("/policies/new")
async def new_policy(console: NamedDependency[Console]) -> Answer:
    """An empty form."""
    async with console.preparing() as work:
        return await _page(console, work, make_form(LABELS, enabled="on"))


@post("/policies/new", status_code=303, request_max_body_size=UPLOAD_BYTES)
async def add_policy(console: NamedDependency[Console]) -> Answer:
    """Stores a new policy."""
    form = replace(await console.form(), labels=LABELS)
    try:
        async with console.writing() as work:
            await create_aup(work, _spec(form))
    except InvalidInput as error:
        async with console.reading() as work:
            return await _page(console, work, place_error(form, error, FIELDS), status=422)
    return console.go("policies", work)


@get("/policies/{policy:str}")
async def show_policy(console: NamedDependency[Console]) -> Answer:
    """The form of a stored policy."""
    async with console.reading() as work:
        stored = await get_aup(work, console.path_id("policy"))
        form = make_form(
            LABELS,
            revision=version_of(stored),
            name=stored.name,
            description=stored.description,
            text=stored.aup,
            email=stored.email,
            phone=stored.phone_num,
            enabled="on" if stored.enabled else "",
        )
        return await _page(console, work, form, stored)


@post("/policies/{policy:str}", status_code=303, request_max_body_size=UPLOAD_BYTES)
async def change_policy(console: NamedDependency[Console]) -> Answer:
    """Stores a changed policy; people accept a changed text again."""
    form = replace(await console.form(), labels=LABELS)
    policy_id = console.path_id("policy")
    try:
        async with console.writing() as work:
            require_admin(work)
            stored = await get_aup(work, policy_id, lock=True)
            fresh = form.value("revision") == version_of(stored)
            if fresh:
                await update_aup(work, policy_id, _spec(form))
    except InvalidInput as error:
        async with console.reading() as work:
            stored = await get_aup(work, policy_id)
            failed = place_error(form, error, FIELDS)
            return await _page(console, work, failed, stored, status=422)
    if fresh:
        return console.go("policies", work)
    async with console.reading() as work:
        conflict = await render_conflict(work, "policy", stored, asdict(_spec(form)))
        newer = form.with_values(revision=version_of(stored))
        return await _page(console, work, newer, stored, conflict, status=409)


@get("/policies/{policy:str}/delete")
async def ask_to_delete(console: NamedDependency[Console]) -> Answer:
    """What deleting a policy touches."""
    async with console.reading() as work:
        stored = await get_aup(work, console.path_id("policy"))
        href = f"{console.base}/policies/{stored.id}"
        name = stored.name or UNNAMED
        view = Confirmation(
            title=f"Delete {name}",
            crumbs=(("Acceptable use", f"{console.base}/policies"), (name, href)),
            words=f"The portals of {work.microtenant_name} no longer ask for it."
            if stored.enabled
            else "It is disabled, so no portal asks for it now.",
            action=f"{href}/delete",
            button="Delete policy",
            cancel=href,
            undoable=True,
        )
        return await ask(console, work, view, place="policies")


@post("/policies/{policy:str}/delete", status_code=303)
async def remove_policy(console: NamedDependency[Console]) -> Answer:
    """Deletes a policy."""
    await console.form()
    async with console.writing() as work:
        await delete_aup(work, console.path_id("policy"))
    return console.go("policies", work)


def _spec(form: Form) -> AupSpec:
    return AupSpec(
        name=form.value("name").strip(),
        description=form.value("description"),
        enabled=form.flag("enabled"),
        aup=form.value("text"),
        email=form.value("email").strip(),
        phone_num=form.value("phone").strip(),
    )


async def _page(
    console: Console,
    work: UnitOfWork,
    form: Form,
    stored: Aup | None = None,
    conflict: Conflict | None = None,
    *,
    status: int = 200,
) -> Answer:
    view = PolicyView(
        title=(stored.name or UNNAMED) if stored else "New policy",
        id=stored.id if stored else 0,
        href=f"{console.base}/policies/{stored.id}" if stored else "",
        form=form,
        version=policy_version(stored.aup)[:12] if stored else "Not stored yet",
        conflict=conflict,
    )
    return await console.page("policy.html", work, view, place="policies", status=status)


ROUTES = [
    show_policies,
    new_policy,
    add_policy,
    show_policy,
    change_policy,
    ask_to_delete,
    remove_policy,
]
