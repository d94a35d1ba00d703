"""Undoing a change for ten minutes: the audit trail tells how everything was before it.

All of a transaction is put back or nothing, and only while every object looks as the change left
it. The undoing is a change like any other: audited, and so to be undone itself.
"""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any

from portico.domain.audit import Action, AuditEntry
from portico.domain.errors import Forbidden, InvalidField, NotFound, PorticoError
from portico.domain.records import Record
from portico.services import recording
from portico.services.access import require_admin
from portico.services.audit.log import audit_log
from portico.services.recording import read_record
from portico.services.threads import are_large, run_on_thread
from portico.services.undo.restoring import RESTORERS, R, Restorer, changed_meanwhile
from portico.services.work import UnitOfWork

UNDO_SECONDS = 600
_BATCHED = {Action.CREATE, Action.UPDATE, Action.DELETE}
_UNSTAMPED = {"presentation", "position", "modified_time", "modified_by"}
"""Fields that change without a new stamp, and the stamps."""


async def undo_change(work: UnitOfWork, transaction_id: str) -> list[AuditEntry]:
    """Puts back all that the caller changed in one transaction; the entries that told of it.

    Raises NotFound, Forbidden for another one's change, InvalidField when it is too late or cannot
    be undone, ConcurrentChange naming an object that was changed since.
    """
    require_admin(work)
    entries = await audit_log(work).of_transaction(transaction_id)
    _require_undoable(work, transaction_id, entries)
    put_back: set[int] = set()
    for run in _runs(entries[::-1]):
        await _put_back(work, RESTORERS[run[0].object_type], run, put_back)
        put_back.update(entry.object_id for entry in run)
    return entries


async def can_undo(work: UnitOfWork, transaction_id: str) -> bool:
    """Whether the caller may undo a change at this moment, as far as one can tell beforehand."""
    try:
        require_admin(work)
        _require_undoable(
            work, transaction_id, await audit_log(work).outline_of_transaction(transaction_id)
        )
    except PorticoError:
        return False
    return True


def _require_undoable(work: UnitOfWork, transaction_id: str, entries: Sequence[AuditEntry]) -> None:
    if not entries or any(each.microtenant_id != work.scope.microtenant_id for each in entries):
        raise NotFound(transaction_id)
    if any(each.actor_id != work.principal.actor_id for each in entries):
        raise Forbidden("Somebody else made this change; only who made it can undo it.")
    if entries[0].time < work.now - UNDO_SECONDS:
        minutes = UNDO_SECONDS // 60
        raise InvalidField("transactionId", f"A change can be undone for {minutes} minutes.")
    for each in entries:
        if each.action not in _BATCHED or each.object_type not in RESTORERS:
            raise InvalidField(
                "transactionId", f"A change of this kind cannot be undone: {each.object_type}."
            )


def _runs(entries: Sequence[AuditEntry]) -> list[list[AuditEntry]]:
    """Entries that follow one another, do the same to the same kind, and to different objects."""
    runs: list[list[AuditEntry]] = []
    for entry in entries:
        last = runs[-1] if runs else []
        alike = last and (last[0].object_type, last[0].action) == (entry.object_type, entry.action)
        if alike and entry.object_id not in {each.object_id for each in last}:
            last.append(entry)
        else:
            runs.append([entry])
    return runs


async def _put_back(
    work: UnitOfWork, restorer: Restorer[Any], run: list[AuditEntry], already: Container[int]
) -> None:
    """Put one run back. `already` has the ids of objects that this undoing has changed before."""
    current = await restorer.current(work, [entry.object_id for entry in run])
    for entry in run:
        if (entry.action is Action.DELETE) == (entry.object_id in current):
            why = "is there again" if entry.action is Action.DELETE else "is gone"
            raise changed_meanwhile(restorer.kind, entry.object_name, why)
    sides = await run_on_thread(
        lambda: [_sides(restorer, entry, current.get(entry.object_id)) for entry in run],
        when=are_large(run),
    )
    for entry, (_, after) in zip(run, sides, strict=True):
        if after is not None and entry.object_id not in already:
            now = current[entry.object_id]
            if restorer.comparable(now) != restorer.comparable(after):
                raise changed_meanwhile(restorer.kind, now.name)
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
    """Return the object as it was, as changed now, unless only its position or looks differ."""
    if after is not None and _stamped_part(before) == _stamped_part(after):
        return before
    return replace(before, modified_time=work.now, modified_by=work.principal.actor_id)


def _stamped_part(record: Record) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _UNSTAMPED}
