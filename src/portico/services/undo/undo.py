"""Undoing a change within ten minutes, from its entries in the audit trail.

A transaction is undone as a whole, and only if nobody has changed its objects since. Undoing is an
audited change itself, so it can be undone too.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from typing import Any

from portico.domain.audit import Action, AuditEntry, AuditFilter, RequestPart
from portico.domain.errors import Forbidden, InvalidField, NotFound, PorticoError
from portico.domain.records import Record
from portico.services import recording
from portico.services.access import require_admin
from portico.services.audit.log import audit_log
from portico.services.audit.requests import audit_requests
from portico.services.recording import read_record
from portico.services.threads import are_large, run_on_thread
from portico.services.undo.restoring import RESTORERS, R, Restorer, changed_since
from portico.services.work import UnitOfWork

UNDO_SECONDS = 600
_UNDOABLE = {Action.CREATE, Action.UPDATE, Action.DELETE}
_UNSTAMPED = {"presentation", "position", "modified_time", "modified_by"}
"""Fields that change without new stamps, and the stamps themselves."""


async def undo_change(work: UnitOfWork, transaction_id: str) -> list[AuditEntry]:
    """Undo everything that the caller changed in one transaction, and return its entries.

    Raises NotFound, Forbidden for someone else's change, InvalidField when it is too late or the
    change cannot be undone, and ConcurrentChange with the name of an object that changed since.
    """
    require_admin(work)
    entries = await audit_log(work).of_transaction(transaction_id)
    _require_undoable(work, transaction_id, entries)
    restored: set[int] = set()
    for run in _runs(entries[::-1]):
        await _restore(work, RESTORERS[run[0].object_type], run, restored)
        restored.update(entry.object_id for entry in run)
    return entries


async def can_undo(work: UnitOfWork, transaction_id: str) -> bool:
    """Return whether the caller can probably undo a change now."""
    return transaction_id in await find_undoable(work, [transaction_id])


async def find_undoable(work: UnitOfWork, transaction_ids: Iterable[str]) -> set[str]:
    """Return those of the transactions that the caller can probably undo now.

    Reads only the audit trail, so an object that was changed and changed back counts as changed.
    """
    requested = set(transaction_ids)
    if not requested:
        return set()
    requests = audit_requests(work)
    parts: dict[str, list[RequestPart]] = {each: [] for each in requested}
    for part in await requests.parts(requested, AuditFilter()):
        parts[part.transaction_id].append(part)
    undoable = {each for each in requested if _is_undoable(work, each, parts[each])}
    return undoable - await requests.changed_since(undoable) if undoable else undoable


def _is_undoable(work: UnitOfWork, transaction_id: str, parts: Sequence[RequestPart]) -> bool:
    try:
        require_admin(work)
        _require_undoable(work, transaction_id, parts)
    except PorticoError:
        return False
    return True


def _require_undoable(
    work: UnitOfWork, transaction_id: str, entries: Sequence[AuditEntry] | Sequence[RequestPart]
) -> None:
    if not entries or any(each.microtenant_id != work.scope.microtenant_id for each in entries):
        raise NotFound(transaction_id)
    if any(each.actor_id != work.principal.actor_id for each in entries):
        raise Forbidden("Only the person who made this change can undo it.")
    if min(each.time for each in entries) < work.now - UNDO_SECONDS:
        minutes = UNDO_SECONDS // 60
        raise InvalidField("transactionId", f"It is over {minutes} minutes old: too late to undo.")
    for each in entries:
        if each.action not in _UNDOABLE or each.object_type not in RESTORERS:
            raise InvalidField(
                "transactionId", f"Changes of this kind cannot be undone: {each.object_type}."
            )


def _runs(entries: Sequence[AuditEntry]) -> list[list[AuditEntry]]:
    """Return entries grouped into runs: the same action on different objects of one kind."""
    runs: list[list[AuditEntry]] = []
    for entry in entries:
        last = runs[-1] if runs else []
        alike = last and (last[0].object_type, last[0].action) == (entry.object_type, entry.action)
        if alike and entry.object_id not in {each.object_id for each in last}:
            last.append(entry)
        else:
            runs.append([entry])
    return runs


async def _restore(
    work: UnitOfWork, restorer: Restorer[Any], run: list[AuditEntry], restored: Container[int]
) -> None:
    """Undo one run. `restored` has the ids of objects that the same undo has changed before."""
    current = await restorer.current(work, [entry.object_id for entry in run])
    for entry in run:
        if (entry.action is Action.DELETE) == (entry.object_id in current):
            why = "exists again" if entry.action is Action.DELETE else "no longer exists"
            raise changed_since(restorer.kind, entry.object_name, why)
    sides = await run_on_thread(
        lambda: [_sides(restorer, entry, current.get(entry.object_id)) for entry in run],
        when=are_large(run),
    )
    for entry, (_, after) in zip(run, sides, strict=True):
        if after is not None and entry.object_id not in restored:
            now = current[entry.object_id]
            if restorer.comparable(now) != restorer.comparable(after):
                raise changed_since(restorer.kind, now.name)
    if run[0].action is Action.CREATE:
        removed = await restorer.remove(work, [current[entry.object_id] for entry in run])
        await recording.record_deletion(work, restorer.kind, *removed)
        return
    records = [_stamped(work, before, after) for before, after in sides]
    if run[0].action is Action.DELETE:
        await restorer.add(work, records)
        await recording.record_creation(work, restorer.kind, *records)
        return
    await restorer.change(work, records, current)
    changes = [(current[each.id], each) for each in records]
    await recording.record_updates(work, restorer.kind, changes)


def _sides(restorer: Restorer[R], entry: AuditEntry, now: R | None) -> tuple[R | None, R | None]:
    """Return an object before and after a change, None where it did not exist.

    A presentation or page that the change left alone is as it is now. Entries of earlier versions
    of Portico leave it out.
    """
    before, after = (json.loads(text) if text else {} for text in (entry.before, entry.after))
    for name in [name for name, value in before.items() if isinstance(value, dict)]:
        if before[name] == after.get(name):
            del before[name], after[name]
    return (
        read_record(restorer.record, before, now) if before else None,
        read_record(restorer.record, after, now) if after else None,
    )


def _stamped(work: UnitOfWork, before: Any, after: Any) -> Any:  # noqa: ANN401  # of any kind
    """Return the object as it was, with new stamps unless only unstamped fields differ."""
    if after is not None and _stamped_part(before) == _stamped_part(after):
        return before
    return replace(before, **work.changed_stamps(before))


def _stamped_part(record: Record) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _UNSTAMPED}
