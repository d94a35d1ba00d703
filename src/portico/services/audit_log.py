"""Reading the audit trail: pages of entries, newest first, and rows for a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from portico.domain.audit import AuditEntry, AuditFilter
from portico.domain.base import DEFAULT_MICROTENANT_ID
from portico.domain.cells import neutral_cell
from portico.services.actors import actor_names
from portico.services.unit_of_work import UnitOfWork
from portico.storage.audit_log import AuditLog

PAGE_LIMIT = 500
CSV_LIMIT = 10_000
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
    """Entries, newest first; the known names of actors and of microtenants other than that of the
    scope; where the next page begins.

    `next_id` is what to pass as `before_id`, None on the last page.
    """

    entries: Sequence[AuditEntry]
    actors: Mapping[int, str]
    microtenants: Mapping[int, str]
    next_id: int | None


async def list_audit(
    work: UnitOfWork, wanted: AuditFilter, *, before_id: int | None = None, limit: int = 50
) -> AuditPage:
    """The entries that pass a filter and are older than `before_id`, at most 500.

    Whoever belongs to a microtenant or works in one sees its entries; in Default a tenant-wide
    caller sees the tenant's.
    """
    limit = max(1, min(limit, PAGE_LIMIT))
    found = await audit_log(work).page(wanted, before_id=before_id, limit=limit + 1)
    entries = found[:limit]
    return AuditPage(
        entries=entries,
        actors=await actor_names(work, (entry.actor_id for entry in entries)),
        microtenants=await _other_microtenants(work, entries),
        next_id=entries[-1].id if len(found) > limit else None,
    )


async def audit_rows(
    work: UnitOfWork, wanted: AuditFilter, *, limit: int = CSV_LIMIT
) -> list[Sequence[str]]:
    """The newest entries that pass a filter as rows of a CSV file, the header first.

    No cell can be taken for a formula.
    """
    rows: list[Sequence[str]] = [CSV_HEADER]
    here = {work.scope.microtenant_id: work.microtenant_name}
    before_id = None
    while len(rows) <= limit:
        most = min(PAGE_LIMIT, limit + 1 - len(rows))
        page = await list_audit(work, wanted, before_id=before_id, limit=most)
        rows += [_row(entry, page.actors, {**page.microtenants, **here}) for entry in page.entries]
        before_id = page.next_id
        if before_id is None:
            break
    return rows


def audit_log(work: UnitOfWork) -> AuditLog:
    """The part of the audit trail that the caller may see."""
    everywhere = (
        work.principal.microtenant_id is None
        and work.scope.microtenant_id == DEFAULT_MICROTENANT_ID
    )
    return AuditLog(work.connection, work.scope, everywhere=everywhere)


async def _other_microtenants(work: UnitOfWork, entries: Sequence[AuditEntry]) -> Mapping[int, str]:
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
        entry.before,
        entry.after,
        entry.transaction_id,
        entry.client_transaction_id or "",
    )
    return tuple(map(neutral_cell, cells))
