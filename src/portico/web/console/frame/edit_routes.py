"""The edit cycle that every noun of the console shares.

A form comes back with 422 and the errors beside their fields, or with 409 and a comparison when
somebody else changed the record since it was opened. Otherwise the change is stored, and the next
page reports it. Deletions follow the same steps; a switch changes one field and needs no version.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from portico.asgi.routing import Route
from portico.domain.errors import PorticoError, StalePrecondition
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation, ask
from portico.web.console.frame.conflicts import describe_last_change
from portico.web.console.frame.editing import (
    Change,
    Edit,
    Editing,
    Identified,
    R,
    Remove,
    status_of,
)
from portico.web.console.frame.error_words import error_words
from portico.web.console.frame.forms import FormValue, SentForm, make_form
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.shared.texts import gettext as _


def edit_routes(editing: Editing[Any]) -> list[Route]:
    """Return the routes of a noun: /new, /ID, /ID/enable, /ID/disable and /ID/delete."""
    routes: list[Route] = []
    if editing.blank is not None:
        routes.append(_new_page(editing, editing.blank))
    if editing.create:
        routes.append(_creation(editing, editing.create))
    if editing.store:
        routes += _change(editing, editing.store)
    if editing.switch:
        routes.append(_switch(editing, editing.switch))
    if editing.confirm and editing.remove:
        routes += _deletion(editing, editing.confirm, editing.remove)
    return routes


def _new_page(editing: Editing[R], blank: Mapping[str, FormValue]) -> Route:
    @get(f"/{editing.path}/new")
    async def show_new(console: Console) -> Response:
        async with console.preparing() as work:
            return await editing.show(console, work, Edit(make_form(editing.labels, **blank)))

    return show_new


def _creation(
    editing: Editing[R],
    create: Callable[[Console, UnitOfWork, SentForm], Awaitable[Identified]],
) -> Route:
    address = f"/{editing.path}" if editing.inline else f"/{editing.path}/new"

    @post(address, body_limit=editing.form_bytes)
    async def add(console: Console) -> Response:
        form = replace(await console.form(), labels=editing.labels)
        try:
            form = await editing.prepare(console, form)
            async with console.writing() as work:
                created = await create(console, work, form)
        except editing.refusals as error:
            async with console.reading() as work:
                return await editing.show(console, work, editing.refused(form, error))
        shown = await editing.created(console, created.id, form) if editing.created else None
        return shown or console.go(editing.following(created.id, form), work)

    return add


def _change(
    editing: Editing[R],
    store: Callable[[Console, UnitOfWork, Change[R]], Awaitable[object]],
) -> list[Route]:
    address = f"/{editing.path}/{{id}}{editing.suffix}"

    @get(address)
    async def show(console: Console) -> Response:
        async with console.reading() as work:
            stored = await editing.find(work, console.record_id)
            return await editing.show(console, work, Edit(editing.form_of(stored), stored))

    @post(address, body_limit=editing.form_bytes)
    async def change(console: Console) -> Response:
        form = replace(await console.form(), labels=editing.labels)
        try:
            form = await editing.prepare(console, form)
            async with console.writing() as work:
                before = await editing.find_unchanged(console, work, form)
                requested = editing.requested(form, before)
                await store(console, work, Change(before=before, requested=requested, form=form))
        except _caught(editing) as error:
            return await editing.show_again(console, form, error)
        message = "password" if form.password_hash else ""
        return console.go(editing.following(before.id, form), work, message=message)

    return [change] if editing.inline else [show, change]


def _switch(
    editing: Editing[R],
    store: Callable[[Console, UnitOfWork, int, bool], Awaitable[object]],
) -> Route:
    address = f"/{editing.path}/{{id}}"

    @post(f"{address}/enable", f"{address}/disable")
    async def switch(console: Console) -> Response:
        form = await console.form()
        enabled = console.request.scope["path"].endswith("/enable")
        try:
            async with console.writing() as work:
                await store(console, work, console.record_id, enabled)
        except editing.refusals as error:
            if editing.store is None:
                raise
            async with console.reading() as work:
                stored = await editing.find(work, console.record_id)
                edit = editing.refused(editing.form_of(stored), error)
                return await editing.show(console, work, replace(edit, stored=stored))
        return console.go(console.back(form, editing.path), work)

    return switch


def _deletion(
    editing: Editing[R],
    confirm: Callable[[Console, UnitOfWork, R], Awaitable[Confirmation]],
    remove: Remove[R],
) -> list[Route]:
    address = f"/{editing.path}/{{id}}/delete"

    async def ask_about(console: Console, work: UnitOfWork, error: PorticoError | None) -> Response:
        stored = await editing.find(work, console.record_id)
        name, href = editing.name_of(stored), f"{console.base}/{editing.path}/{stored.id}"
        crumbs = [(editing.heading, f"{console.base}/{editing.list_path or editing.path}")]
        words = editing.words
        question = replace(
            await confirm(console, work, stored),
            title=words.delete_named(name),
            button=words.delete,
            href=href,
            crumbs=crumbs if editing.inline else [*crumbs, (name, href)],
            revision=editing.version(stored),
        )
        if isinstance(error, StalePrecondition):
            conflict = await describe_last_change(
                work,
                stored.id,
                stored,
                called=words.this,
                words=_(
                    "Nothing is deleted yet. Delete %(what)s as it is now, or cancel.",
                    what=words.this,
                ),
            )
            question = replace(question, conflict=conflict)
        elif error is not None:
            question = replace(question, refused=error_words(error))
        status = status_of(error) if error else 200
        return await ask(console, work, question, nav=editing.nav, status=status)

    @get(address)
    async def show_deletion(console: Console) -> Response:
        async with console.reading() as work:
            return await ask_about(console, work, None)

    @post(address)
    async def delete(console: Console) -> Response:
        form = await console.form()
        try:
            async with console.writing() as work:
                stored = await editing.find_unchanged(console, work, form)
                await remove(work, stored.id, locked=stored)
        except _caught(editing) as error:
            async with console.reading() as work:
                return await ask_about(console, work, error)
        return console.go(editing.list_path or editing.path, work)

    return [show_deletion, delete]


def _caught(editing: Editing[R]) -> tuple[type[PorticoError], ...]:
    return StalePrecondition, *editing.refusals
