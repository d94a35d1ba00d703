"""Reading the audit trail: narrowed, newest first, and counted by the day."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, select

from portico.domain.audit import Action, AuditEntry, AuditFilter
from portico.domain.records import Scope, first_id_at
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import kept
from portico.storage.schema.tables import audit_entry

DAY_SECONDS = 86_400
_HOUR_SECONDS = 3_600

_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "before_id": audit_entry.c.id < bindparam("before_id"),
    "from_id": audit_entry.c.id >= bindparam("from_id"),
    "since": audit_entry.c.time >= bindparam("since"),
    "until": audit_entry.c.time < bindparam("until"),
    "wanted_actor": audit_entry.c.actor_id == bindparam("wanted_actor"),
    "wanted_type": audit_entry.c.object_type == bindparam("wanted_type"),
    "wanted_object": audit_entry.c.object_id == bindparam("wanted_object"),
    "wanted_action": audit_entry.c.action
    == bindparam("wanted_action", type_=audit_entry.c.action.type),
    "wanted_transaction": audit_entry.c.transaction_id == bindparam("wanted_transaction"),
}


class AuditLog:
    """The audit entries of one tenant: of one microtenant, or of all for `everywhere`."""

    def __init__(self, connection: Connection, scope: Scope, *, everywhere: bool = False) -> None:
        self._connection = connection
        self._scope = scope
        self._everywhere = everywhere

    async def page(
        self, wanted: AuditFilter, *, before_id: int | None, limit: int
    ) -> list[AuditEntry]:
        """The newest entries that pass the filter and are older than that one, newest first."""
        values: dict[str, object] = {
            "before_id": before_id,
            "from_id": None if wanted.since is None else _from_id(wanted.since),
            "since": wanted.since,
            "until": wanted.until,
            "wanted_actor": wanted.actor_id,
            "wanted_type": wanted.object_type or None,
            "wanted_object": wanted.object_id,
            "wanted_action": wanted.action,
            "wanted_transaction": wanted.transaction_id or None,
        }
        said = {name: value for name, value in values.items() if value is not None}
        statement = _page(frozenset(said), self._everywhere)
        rows = await self._connection.scan(statement, self._bound(most=limit, **said))
        return [AuditEntry(**row._asdict()) for row in rows]

    async def of_transaction(self, transaction_id: str) -> list[AuditEntry]:
        """Every entry of one transaction, in the order in which they were made."""
        parameters = self._bound(wanted_transaction=transaction_id)
        rows = await self._connection.rows(_of_transaction(self._everywhere), parameters)
        return [AuditEntry(**row._asdict()) for row in rows]

    async def outline_of_transaction(self, transaction_id: str) -> list[AuditEntry]:
        """The same without what the entries tell of before and after, which can be much."""
        parameters = self._bound(wanted_transaction=transaction_id)
        statement = _of_transaction(self._everywhere, texts=False)
        rows = await self._connection.rows(statement, parameters)
        return [AuditEntry(**row._asdict(), before="", after="") for row in rows]

    async def per_day(self, since: int) -> dict[int, tuple[int, int]]:
        """How many entries there are of each day since a moment, by the day's number since 1970:
        those of something new, and the others.
        """
        parameters = self._bound(since=since, from_id=_from_id(since))
        rows = await self._connection.scan(_per_day(self._everywhere), parameters)
        return {row.day: (int(row.added), row.entries - int(row.added)) for row in rows}

    def _bound(self, **values: object) -> dict[str, object]:
        values["scope_customer_id"] = self._scope.customer_id
        values["scope_microtenant_id"] = self._scope.microtenant_id
        return values


def _from_id(since: int) -> int:
    """An hour earlier than needed: clocks of servers differ, and times are compared as well."""
    return first_id_at(since - _HOUR_SECONDS)


def _within(everywhere: bool) -> list[ColumnElement[bool]]:
    """Beside the tenant: the microtenant, unless all are meant."""
    own = audit_entry.c.microtenant_id == bindparam("scope_microtenant_id")
    return [] if everywhere else [own]


@kept
def _page(said: frozenset[str], everywhere: bool) -> Select[Any]:
    conditions = [_CONDITIONS[name] for name in sorted(said)]
    return (
        select(audit_entry)
        .where(audit_entry.c.customer_id == bindparam("scope_customer_id"))
        .where(*_within(everywhere), *conditions)
        .order_by(audit_entry.c.id.desc())
        .limit(bindparam("most"))
    )


@kept
def _of_transaction(everywhere: bool, *, texts: bool = True) -> Select[Any]:
    wanted = _CONDITIONS["wanted_transaction"]
    columns = [each for each in audit_entry.c if texts or each.name not in {"before", "after"}]
    return (
        select(*columns)
        .where(audit_entry.c.customer_id == bindparam("scope_customer_id"))
        .where(*_within(everywhere), wanted)
        .order_by(audit_entry.c.id)
    )


@kept
def _per_day(everywhere: bool) -> Select[Any]:
    day = (audit_entry.c.time // DAY_SECONDS).label("day")
    is_new = case((audit_entry.c.action == Action.CREATE, 1), else_=0)
    return (
        select(day, func.count().label("entries"), func.sum(is_new).label("added"))
        .where(audit_entry.c.customer_id == bindparam("scope_customer_id"))
        .where(*_within(everywhere), _CONDITIONS["from_id"], _CONDITIONS["since"])
        .group_by(day)
    )
