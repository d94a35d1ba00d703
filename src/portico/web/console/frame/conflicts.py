"""Conflicts: somebody else changed a record after its page was opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from portico.domain.audit import Action, AuditEntry, AuditFilter
from portico.domain.people.administrators import Administrator
from portico.domain.records import Record
from portico.domain.tenancy.identity import ApiClient
from portico.services.audit.log import list_audit
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import (
    Change,
    actor_words,
    differences,
    entry_values,
    record_values,
)
from portico.web.console.frame.words import past_words
from portico.web.shared.texts import Text
from portico.web.shared.texts import gettext as _

Stored = Record | Administrator | ApiClient


class Conflict(msgspec.Struct, frozen=True):
    """Who changed the record and when, and the fields that differ."""

    title: str
    words: str
    changes: list[Change]


async def compare_with_stored(
    work: UnitOfWork, this: str, stored: Stored, requested: Stored
) -> Conflict:
    """Return the differences between a stored record and the same record as a form requests it.

    `this` is what the title calls the record, such as "this link".
    """
    title, _entry = await _last_change(work, stored.id, stored, this)
    before, after = record_values(asdict(stored)), record_values(asdict(requested))
    changes = differences(before, after, await _names(work, before, after))
    words = _("Nothing is stored yet. Compare the two, then save again or take what is stored.")
    if not changes:
        words = _("What is stored now is what this form says.")
    return Conflict(title=title, words=words, changes=changes)


async def describe_last_change(
    work: UnitOfWork, record_id: int, stored: Stored | None, *, called: str, words: str = ""
) -> Conflict:
    """Return the last change of a record, which happened after a page about it was opened.

    `stored` is the record as it is now, or None if it is gone. The title calls it by `called`, or
    by its name in the audit log if that is empty.
    """
    title, entry = await _last_change(work, record_id, stored, called)
    texts = (entry.before, entry.after) if entry else ("", "")
    before, after = map(entry_values, texts)
    changes = differences(before, after, await _names(work, before, after))
    return Conflict(title=title, words=words, changes=changes)


async def _last_change(
    work: UnitOfWork, record_id: int, stored: Stored | None, called: str
) -> tuple[str, AuditEntry | None]:
    """Return a sentence about the last change of a record, and its audit entry.

    A record can also change with another one, such as a link with the name of its section. Then
    its own last entry does not lead to what is stored, and nobody is named.
    """
    page = await list_audit(work, AuditFilter(object_id=record_id), limit=1)
    entry = next(iter(page.entries), None)
    current = record_values(asdict(stored)) if stored else {}
    if entry is None or (stored and differences(entry_values(entry.after), current, {})):
        if not called:
            return _("Somebody changed it after you opened this page"), None
        return _("Somebody changed %(what)s after you opened this page", what=called), None
    return _change_words(entry, page.actors, called or entry.object_name, work.now), entry


def _change_words(entry: AuditEntry, actors: Mapping[int, str], what: str, now: int) -> Text:
    words = {
        "who": actor_words(entry, actors) if entry.actor_id in actors else _("Somebody else"),
        "what": what,
        "at": past_words(entry.time, now),
    }
    if entry.action is Action.DELETE:
        return _("%(who)s deleted %(what)s %(at)s, after you opened this page", **words)
    if entry.action is Action.REVOKE:
        return _("%(who)s revoked %(what)s %(at)s, after you opened this page", **words)
    return _("%(who)s changed %(what)s %(at)s, after you opened this page", **words)


async def _names(work: UnitOfWork, *records: Mapping[str, Any]) -> dict[int, str]:
    """Return the names of the portals and groups that records refer to, by id."""
    portals = {each for record in records for each in record.get("portal_ids", ())}
    names = {each.id: each.name for each in (await work.portals.find_all(portals)).values()}
    if any("group_ids" in record for record in records):
        names |= {each.id: each.name for each in await work.groups.all()}
    return names
