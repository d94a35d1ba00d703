"""Views of requests: what all entries of one request did, in one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby

import msgspec

from portico.domain.audit import Action
from portico.domain.links.links import KIND as LINK
from portico.domain.portals.portals import KIND as PORTAL
from portico.services.audit.requests import AuditRequest, RequestPage
from portico.services.threads import are_large, run_on_thread
from portico.services.undo.undo import UNDO_SECONDS, find_undoable
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import (
    KINDS,
    VERBS,
    EntryView,
    actor_words,
    verb_of,
    view_entries,
)
from portico.web.console.frame import words
from portico.web.shared.texts import Text, ngettext
from portico.web.shared.texts import gettext as _

SENTENCES: Mapping[str, Callable[[str], Text]] = {
    "Added": lambda name: _("Added %(name)s.", name=name),
    "Changed": lambda name: _("Changed %(name)s.", name=name),
    "Deleted": lambda name: _("Deleted %(name)s.", name=name),
    "Revoked": lambda name: _("Revoked %(name)s.", name=name),
    "Enabled": lambda name: _("Enabled %(name)s.", name=name),
    "Disabled": lambda name: _("Disabled %(name)s.", name=name),
    "Moved": lambda name: _("Moved %(name)s.", name=name),
}
"""The sentence of each verb."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a request did to objects of its main kind, and how many other changes it made.

    `name` is that of the object, or a number such as "29 links"; `kind` is empty for a number.
    `words` are a sentence.
    """

    verb: str
    name: str
    words: str
    kind: str
    others: int


class RequestView(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the audit log. `entry` is its only entry, or None if it has several."""

    id: int
    iso: str
    clock: str
    time: int
    actor: str
    where: str
    microtenant_id: int
    transaction_id: str
    can_be_undone: bool
    count: int
    summary: Summary
    entry: EntryView | None


class RequestDay(msgspec.Struct, frozen=True):
    """The requests of one day."""

    words: str
    requests: list[RequestView]


async def describe_requests(
    work: UnitOfWork, page: RequestPage, *, everywhere: bool = False
) -> list[RequestDay]:
    """Return requests grouped by day, with those that the reader can still undo marked.

    With `everywhere`, the scope's own microtenant is named too.
    """
    microtenants = dict(page.microtenants)
    if everywhere:
        microtenants[work.scope.microtenant_id] = work.microtenant_name
    undoable = await find_undoable(
        work,
        [
            each.newest.transaction_id
            for each in page.requests
            if each.newest.actor_id == work.principal.actor_id
            and each.newest.time >= work.now - UNDO_SECONDS
        ],
    )
    single = [each.newest for each in page.requests if each.count == 1]
    entries = {
        each.id: each for each in await view_entries(work, single, page.actors, microtenants)
    }
    updates = [update for each in page.requests for update in each.updates]
    views = await run_on_thread(
        lambda: [
            _view(page.actors, microtenants, each, entries, undoable) for each in page.requests
        ],
        when=are_large([*single, *updates]),
    )
    return [
        RequestDay(day, list(of_day))
        for day, of_day in groupby(views, key=lambda each: words.day_words(each.time, work.now))
    ]


def _view(
    actors: Mapping[int, str],
    microtenants: Mapping[int, str],
    request: AuditRequest,
    entries: dict[int, EntryView],
    undoable: set[str],
) -> RequestView:
    newest = request.newest
    return RequestView(
        id=newest.id,
        iso=words.iso(newest.time),
        clock=words.clock(newest.time),
        time=newest.time,
        actor=actor_words(newest, actors),
        where=microtenants.get(newest.microtenant_id, ""),
        microtenant_id=newest.microtenant_id,
        transaction_id=newest.transaction_id,
        can_be_undone=newest.transaction_id in undoable,
        count=request.count,
        summary=summarise(request),
        entry=entries.get(newest.id),
    )


def summarise(request: AuditRequest) -> Summary:
    """Return what a request did to its links, or to the objects of its first entry without any.

    A portal that was created counts more than the links on it.
    """
    kinds = [part.object_type for part in request.parts]
    first = request.parts[0]
    is_new_portal = (first.object_type, first.action) == (PORTAL, Action.CREATE)
    main = LINK if LINK in kinds and not is_new_portal else first.object_type
    about = [part for part in request.parts if part.object_type == main]
    count = sum(part.count for part in about)
    kind = KINDS.get(main)
    is_one = count == 1
    verb = _verb(request, main, {part.action for part in about})
    name: str = about[0].object_name or str(about[0].first_id)
    if not is_one:
        name = kind.counted(count) if kind else ngettext("%(num)s object", "%(num)s objects", count)
    return Summary(
        verb=verb,
        name=name,
        words=SENTENCES[verb](name),
        kind=(kind.one if kind else _("object")) if is_one else "",
        others=request.count - count,
    )


def _verb(request: AuditRequest, main: str, actions: set[Action]) -> str:
    if request.count == 1:
        return verb_of(request.newest)
    if actions == {Action.UPDATE}:
        verbs = {verb_of(each) for each in request.updates if each.object_type == main}
    else:
        verbs = {VERBS[action] for action in actions}
    return verbs.pop() if len(verbs) == 1 else _("Changed")
