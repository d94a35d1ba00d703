"""Reading the audit trail: pages of entries, newest first, and rows of a CSV file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from portico.domain.audit import AuditEntry, AuditFilter
from portico.domain.csv_safety import neutral_cell
from portico.domain.records import DEFAULT_MICROTENANT_ID
from portico.domain.tenancy.identity import fingerprint
from portico.services.audit.actors import actor_names, actors_named
from portico.services.work import UnitOfWork
from portico.storage.audit.log import AuditLog

PAGE_LIMIT = 500
EXPORT_PAGE = 100
"""Entries per page of an export; each entry can hold several pictures of up to 128 KiB."""

SEARCHED_ENTRIES = 20_000
"""How many entries one search for a text looks at. No index has their names."""

PICTURES = ("icon_text", "image_data", "favicon")
_DIGEST_DIGITS = 12
CSV_HEADER = (
    "time",
    "actor",
    "actor id",
    "action",
    "object type",
    "object",
    "object id",
    "microtenant",
    "microtenant id",
    "before",
    "after",
    "transaction id",
    "client transaction id",
)


@dataclass(frozen=True, kw_only=True)
class AuditPage:
    """One page of entries, newest first, with names by id.

    `microtenants` has those of other microtenants than the scope's. Pass `next_id` as `before_id`
    to get the next page; it is None on the last one. A search for a text can end on a page of few
    entries or none, and go on with the next (`SEARCHED_ENTRIES`).
    """

    entries: Sequence[AuditEntry]
    actors: Mapping[int, str]
    microtenants: Mapping[int, str]
    next_id: int | None


@dataclass(frozen=True)
class SearchEnd:
    """The oldest entry that a search for a text looks at, and its time in epoch seconds."""

    id: int
    time: int


async def list_audit(
    work: UnitOfWork, filters: AuditFilter, *, before_id: int | None = None, limit: int = 50
) -> AuditPage:
    """Return the entries that match the filters and are older than `before_id`, at most 500.

    Tenant-wide callers in the Default microtenant see the entries of the whole tenant. All others
    see those of their microtenant.
    """
    limit = max(1, min(limit, PAGE_LIMIT))
    named = await actors_named(work, filters.text)
    end = await search_end(work, filters, before_id)
    newest = await audit_log(work).page(
        replace(filters, from_id=end.id if end else None),
        before_id=before_id,
        limit=limit + 1,
        named_actors=named,
    )
    entries = newest[:limit]
    return AuditPage(
        entries=entries,
        actors=await actor_names(work, (entry.actor_id for entry in entries)),
        microtenants=await other_microtenants(work, entries),
        next_id=entries[-1].id if len(newest) > limit else end.id if end else None,
    )


async def search_end(
    work: UnitOfWork, filters: AuditFilter, before_id: int | None
) -> SearchEnd | None:
    """Return the oldest entry that a search for a text looks at; None if it looks at all of them.

    Entries of one object or one request have an index, so a search looks at all of these.
    """
    if not filters.text or filters.object_id is not None or filters.transaction_id:
        return None
    last = await audit_log(work).behind(before_id, SEARCHED_ENTRIES)
    if last is None or last[1] < (filters.since or 0):
        return None
    return SearchEnd(*last)


def audit_rows(page: AuditPage, here: Mapping[int, str]) -> list[Sequence[str]]:
    """Return a page of entries as rows of a CSV file with the columns of `CSV_HEADER`.

    `here` has the name of the scope's own microtenant. Cells that a spreadsheet would take for
    formulas are escaped, and each picture is replaced by its size and digest.
    """
    microtenants = {**page.microtenants, **here}
    return [_row(entry, page.actors, microtenants) for entry in page.entries]


def audit_log(work: UnitOfWork) -> AuditLog:
    """Return the part of the audit trail that the caller is allowed to see."""
    return AuditLog(work.connection, work.scope, everywhere=sees_whole_tenant(work))


def sees_whole_tenant(work: UnitOfWork) -> bool:
    """Return whether the caller sees the entries of every microtenant."""
    return (
        work.principal.microtenant_id is None
        and work.scope.microtenant_id == DEFAULT_MICROTENANT_ID
    )


async def other_microtenants(work: UnitOfWork, entries: Sequence[AuditEntry]) -> Mapping[int, str]:
    """Return the names of the microtenants of entries, without the scope's own, by id."""
    elsewhere = {entry.microtenant_id for entry in entries} - {work.scope.microtenant_id}
    if not elsewhere:
        return {}
    return {each.id: each.name for each in await work.microtenants.all() if each.id in elsewhere}


def _row(
    entry: AuditEntry, actors: Mapping[int, str], microtenants: Mapping[int, str]
) -> Sequence[str]:
    cells = (
        datetime.fromtimestamp(entry.time, UTC).isoformat(),
        actors.get(entry.actor_id, ""),
        str(entry.actor_id),
        entry.action.value,
        entry.object_type,
        entry.object_name,
        str(entry.object_id),
        microtenants.get(entry.microtenant_id, ""),
        str(entry.microtenant_id),
        without_pictures(entry.before),
        without_pictures(entry.after),
        entry.transaction_id,
        entry.client_transaction_id or "",
    )
    return tuple(map(neutral_cell, cells))


def without_pictures(record: str) -> str:
    """Return the JSON of a record, with each picture replaced by its size and digest."""
    if not any(f'"{name}"' in record for name in PICTURES):
        return record
    return json.dumps(json.loads(record, object_hook=_without_pictures), ensure_ascii=False)


def _without_pictures(members: dict[str, Any]) -> dict[str, Any]:
    for name in PICTURES:
        content = members.get(name)
        if content and isinstance(content, str):
            digest = fingerprint(content.encode())[:_DIGEST_DIGITS]
            members[name] = f"(icon, {len(content):,} characters, SHA-256 {digest})"
    return members
