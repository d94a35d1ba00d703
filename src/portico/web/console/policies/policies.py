"""Acceptable use policies: the list, and the form with a preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import msgspec
from starlette.responses import Response

from portico.domain.policies import Aup, AupSpec
from portico.domain.search import ListQuery
from portico.services.policies import create_aup, delete_aup, get_aup, list_aups, update_aup
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation
from portico.web.console.frame.edit_routes import edit_routes
from portico.web.console.frame.editing import Change, Edit, Editing, NounWords, spec_of
from portico.web.console.frame.forms import Form, FormValue
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.shared.received_forms import UPLOAD_BYTES
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import ngettext

LABELS: Mapping[str, str] = {
    "name": _("Name"),
    "description": _("Description"),
    "text": _("Text"),
    "email": _("E-mail for questions"),
    "phone": _("Phone for questions"),
}
FIELDS: Mapping[str, str] = {
    "name": "name",
    "description": "description",
    "aup": "text",
    "email": "email",
    "phoneNum": "phone",
}
"""The form field of each API field."""
UNNAMED = _("Policy without a name")
Policy = TypeVar("Policy", bound=AupSpec)


class PolicyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One policy in the list."""

    name: str
    href: str
    words: str
    changed: int
    enabled: bool


class PolicyListView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of policies."""

    rows: list[PolicyRow]


@get("/policies")
async def show_policies(console: Console) -> Response:
    """Show the list of policies."""
    async with console.reading() as work:
        page = await list_aups(work, ListQuery(page_size=500))
        rows = [
            PolicyRow(
                name=aup.name or UNNAMED,
                href=f"{console.base}/policies/{aup.id}",
                words=ngettext("%(num)s character", "%(num)s characters", len(aup.aup)),
                changed=aup.modified_time,
                enabled=aup.enabled,
            )
            for aup in page.items
        ]
        return await console.page("policies.html", work, PolicyListView(rows=rows), nav="policies")


def _values(stored: Aup) -> Mapping[str, FormValue]:
    return {
        "name": stored.name,
        "description": stored.description,
        "text": stored.aup,
        "email": stored.email,
        "phone": stored.phone_num,
        "enabled": stored.enabled,
    }


def _with_form(form: Form, base: Policy) -> Policy:
    return replace(
        base,
        name=form.value("name").strip(),
        description=form.value("description"),
        enabled=form.flag("enabled"),
        aup=form.value("text"),
        email=form.value("email").strip(),
        phone_num=form.value("phone").strip(),
    )


async def _create(console: Console, work: UnitOfWork, form: Form) -> Aup:
    return await create_aup(work, _with_form(form, AupSpec()))


async def _store(console: Console, work: UnitOfWork, change: Change[Aup]) -> None:
    await update_aup(work, change.before.id, spec_of(change.requested, AupSpec))


async def _confirm(console: Console, work: UnitOfWork, stored: Aup) -> Confirmation:
    words = _(
        "The portals of %(microtenant_name)s no longer ask for it.",
        microtenant_name=work.microtenant_name,
    )
    if not stored.enabled:
        words = _("It is disabled, so no portal asks for it now.")
    return Confirmation(words=words, undoable=True)


async def _version_words(console: Console, work: UnitOfWork, edit: Edit[Aup]) -> str:
    return str(edit.stored.text_version) if edit.stored else _("Not stored yet")


POLICY = Editing(
    words=NounWords(new=_("New policy"), this=_("this policy"), delete=_("Delete policy")),
    path="policies",
    nav="policies",
    heading=_("Acceptable use"),
    template="policy.html",
    labels=LABELS,
    fields=FIELDS,
    find=get_aup,
    name_of=lambda stored: stored.name or UNNAMED,
    details=_version_words,
    blank={"enabled": True},
    values=_values,
    requested=_with_form,
    create=_create,
    store=_store,
    confirm=_confirm,
    remove=delete_aup,
    form_bytes=UPLOAD_BYTES,
)
ROUTES = [show_policies, *edit_routes(POLICY)]
