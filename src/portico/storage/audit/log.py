"""Queries on the audit trail: filtered pages, whole transactions, and counts per day."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, select

from portico.domain.audit import Action, AuditEntry, AuditFilter
from portico.domain.records import Scope, first_id_at
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import cached
from portico.storage.schema.tables import audit_entry

DAY_SECONDS = 86_400
_HOUR_SECONDS = 3_600

_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "before_id": audit_entry.c.id < bindparam("before_id"),
    "from_id": audit_entry.c.id >= bindparam("from_id"),
    "since": audit_entry.c.time >= bindparam("since"),
    "until": audit_entry.c.time < bindparam("until"),
    "actor_id": audit_entry.c.actor_id == bindparam("actor_id"),
    "object_type": audit_entry.c.object_type == bindparam("object_type"),
    "object_id": audit_entry.c.object_id == bindparam("object_id"),
    "action": audit_entry.c.action == bindparam("action", type_=audit_entry.c.action.type),
    "transaction_id": audit_entry.c.transaction_id == bindparam("transaction_id"),
}


class AuditLog:
    """The audit entries of one microtenant, or with `everywhere` those of the whole tenant."""

    def __init__(self, connection: Connection, scope: Scope, *, everywhere: bool = False) -> None:
        self._connection = connection
        self._scope = scope
        self._everywhere = everywhere

    async def page(
        self, filters: AuditFilter, *, before_id: int | None, limit: int
    ) -> list[AuditEntry]:
        """Return the entries that match the filters and are older than `before_id`, newest first.

        Returns at most `limit` entries.
        """
        values = vars(filters) | {
            "before_id": before_id,
            "from_id": None if filters.since is None else _from_id(filters.since),
        }
        given = {name: value for name, value in values.items() if value not in (None, "")}
        statement = _page(frozenset(given), self._everywhere)
        rows = await self._connection.scan(statement, self._bound(page_size=limit, **given))
        return [AuditEntry(**row._asdict()) for row in rows]

    async def of_transaction(self, transaction_id: str) -> list[AuditEntry]:
        """Return every entry of one transaction, oldest first."""
        parameters = self._bound(transaction_id=transaction_id)
        rows = await self._connection.rows(_of_transaction(self._everywhere), parameters)
        return [AuditEntry(**row._asdict()) for row in rows]

    async def outline_of_transaction(self, transaction_id: str) -> list[AuditEntry]:
        """Return the same entries with empty `before` and `after`, which can be large."""
        parameters = self._bound(transaction_id=transaction_id)
        statement = _of_transaction(self._everywhere, texts=False)
        rows = await self._connection.rows(statement, parameters)
        return [AuditEntry(**row._asdict(), before="", after="") for row in rows]

    async def per_day(self, since: int) -> dict[int, tuple[int, int]]:
        """Return how many creations and other changes each day since a moment has.

        Days are numbered from 1970-01-01. `since` is in epoch seconds.
        """
        parameters = self._bound(since=since, from_id=_from_id(since))
        rows = await self._connection.scan(_per_day(self._everywhere), parameters)
        return {row.day: (int(row.added), row.entries - int(row.added)) for row in rows}

    def _bound(self, **values: object) -> dict[str, object]:
        values["scope_customer_id"] = self._scope.customer_id
        values["scope_microtenant_id"] = self._scope.microtenant_id
        return values


def _from_id(since: int) -> int:
    """Return the smallest id of an entry since a moment, with an hour's margin for clock skew.

    The condition on `time` filters exactly; the one on `id` uses the primary key.
    """
    return first_id_at(since - _HOUR_SECONDS)


def _within(everywhere: bool) -> list[ColumnElement[bool]]:
    """Return the condition on the microtenant; none for the whole tenant."""
    own = audit_entry.c.microtenant_id == bindparam("scope_microtenant_id")
    return [] if everywhere else [own]


@cached
def _page(given: frozenset[str], everywhere: bool) -> Select[Any]:
    conditions = [_CONDITIONS[name] for name in sorted(given)]
    return (
        select(audit_entry)
        .where(audit_entry.c.customer_id == bindparam("scope_customer_id"))
        .where(*_within(everywhere), *conditions)
        .order_by(audit_entry.c.id.desc())
        .limit(bindparam("page_size"))
    )


@cached
def _of_transaction(everywhere: bool, *, texts: bool = True) -> Select[Any]:
    columns = [each for each in audit_entry.c if texts or each.name not in {"before", "after"}]
    return (
        select(*columns)
        .where(audit_entry.c.customer_id == bindparam("scope_customer_id"))
        .where(*_within(everywhere), _CONDITIONS["transaction_id"])
        .order_by(audit_entry.c.id)
    )


@cached
def _per_day(everywhere: bool) -> Select[Any]:
    day = (audit_entry.c.time // DAY_SECONDS).label("day")
    is_new = case((audit_entry.c.action == Action.CREATE, 1), else_=0)
    return (
        select(day, func.count().label("entries"), func.sum(is_new).label("added"))
        .where(audit_entry.c.customer_id == bindparam("scope_customer_id"))
        .where(*_within(everywhere), _CONDITIONS["from_id"], _CONDITIONS["since"])
        .group_by(day)
    )
