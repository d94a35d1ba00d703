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
from portico.web.console.audit.entries import Change, differences, entry_values, record_values
from portico.web.console.frame.words import clock, day_words

VERBS: Mapping[Action, str] = {Action.DELETE: "deleted", Action.REVOKE: "revoked"}
"""The verbs of the changes that are no mere changes."""


Stored = Record | Administrator | ApiClient


class Conflict(msgspec.Struct, frozen=True):
    """Who changed the record and when, and the fields that differ."""

    title: str
    words: str
    changes: list[Change]


async def compare_with_stored(
    work: UnitOfWork, noun: str, stored: Stored, requested: Stored
) -> Conflict:
    """Return the differences between a stored record and the same record as a form requests it."""
    title, _ = await _last_change(work, stored.id, stored, f"this {noun}")
    before, after = record_values(asdict(stored)), record_values(asdict(requested))
    changes = differences(before, after, await _names(work, before, after))
    words = "Nothing is stored yet. Compare the two, then save again or take what is stored."
    if not changes:
        words = "What is stored now is what this form says."
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
        return f"Somebody changed {called or 'it'} after you opened this page", None
    who = page.actors.get(entry.actor_id, "Somebody else")
    verb = VERBS.get(entry.action, "changed")
    at = f"{day_words(entry.time, work.now).lower()} at {clock(entry.time)[:5]}"
    return f"{who} {verb} {called or entry.object_name} {at}, after you opened this page", entry


async def _names(work: UnitOfWork, *records: Mapping[str, Any]) -> dict[int, str]:
    """Return the names of the portals and groups that records refer to, by id."""
    portals = {each for record in records for each in record.get("portal_ids", ())}
    names = {each.id: each.name for each in (await work.portals.find_all(portals)).values()}
    if any("group_ids" in record for record in records):
        names |= {each.id: each.name for each in await work.groups.all()}
    return names
