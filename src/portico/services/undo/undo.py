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
from portico.services import recording
from portico.services.access import require_admin
from portico.services.audit.log import audit_log
from portico.services.threads import are_large, run_on_thread
from portico.services.undo.restoring import RESTORERS, Json, Restorer, changed_meanwhile
from portico.services.work import UnitOfWork

UNDO_SECONDS = 600
_BATCHED = {Action.CREATE, Action.UPDATE, Action.DELETE}
_UNSTAMPED = {"presentation", "position", "modified_time", "modified_by"}


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
    """Puts one run back. Objects that this undoing has put back already carry its own stamps."""
    found = await restorer.current(work, [entry.object_id for entry in run])

    def require_unchanged() -> None:
        for entry in run:
            if entry.object_id not in already:
                _require_unchanged(restorer, entry, found.get(entry.object_id))

    large = are_large(run)
    await run_on_thread(require_unchanged, when=large)
    if run[0].action is Action.CREATE:
        gone = await restorer.remove(work, [found[entry.object_id] for entry in run])
        await recording.record_deletion(work, restorer.kind, *gone)
        return
    records = await run_on_thread(
        lambda: [_restored(work, restorer, entry) for entry in run], when=large
    )
    if run[0].action is Action.DELETE:
        await restorer.add(work, records)
        await recording.record_creation(work, restorer.kind, *records)
        return
    await restorer.change(work, records)
    changes = await run_on_thread(
        lambda: [(_alike(found[each.id], each, restorer), each) for each in records], when=large
    )
    await recording.record_updates(work, restorer.kind, changes)


def _require_unchanged(restorer: Restorer[Any], entry: AuditEntry, now: Any) -> None:  # noqa: ANN401  # a record of any kind
    if entry.action is Action.DELETE:
        if now is not None:
            raise changed_meanwhile(restorer.kind, entry.object_name, "is there again")
        return
    if now is None:
        raise changed_meanwhile(restorer.kind, entry.object_name, "is gone")
    after: Json = json.loads(entry.after)
    if restorer.comparable(now, after) != restorer.comparable(restorer.parse(after), after):
        raise changed_meanwhile(restorer.kind, now.name)


def _restored(work: UnitOfWork, restorer: Restorer[Any], entry: AuditEntry) -> Any:  # noqa: ANN401
    """The object as it was. Its stamps say that it changed, unless only its place did."""
    before: Json = json.loads(entry.before)
    record = restorer.parse(before)
    if entry.after and _stamped_part(before) == _stamped_part(json.loads(entry.after)):
        return record
    return replace(record, modified_time=work.now, modified_by=work.principal.actor_id)


def _stamped_part(told: Json) -> Json:
    return {name: value for name, value in told.items() if name not in _UNSTAMPED}


def _alike(now: Any, restored: Any, restorer: Restorer[Any]) -> Any:  # noqa: ANN401
    """The object as it was found, told with the members that the restored one has."""
    if type(now) is type(restored):
        return now
    return restorer.parse(restorer.tell(now, vars(restored)))
