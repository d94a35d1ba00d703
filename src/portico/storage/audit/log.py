"""Queries on the audit trail: filtered pages, whole transactions, and counts per day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, bindparam, case, func, or_, select

from portico.domain.audit import Action, AuditEntry, AuditFilter
from portico.domain.records import Scope, first_id_at
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, cached
from portico.storage.schema.tables import audit_entry
from portico.storage.text_matches import has_spelling, spellings_of

DAY_SECONDS = 86_400
_HOUR_SECONDS = 3_600


class AuditReader:
    """A view of one microtenant's audit entries, or with `everywhere` of the whole tenant's."""

    def __init__(self, connection: Connection, scope: Scope, *, everywhere: bool = False) -> None:
        self._connection = connection
        self._scope = scope
        self._everywhere = everywhere

    async def behind(self, before_id: int | None, entries: int) -> tuple[int, int] | None:
        """Return the id and time of the last of so many entries older than `before_id`.

        Returns None if there are not more than that.
        """
        given = {} if before_id is None else {"before_id": before_id}
        statement = _behind(before_id is not None, self._everywhere)
        rows = await self._connection.scan(statement, self._bound(last=entries - 1, **given))
        return (rows[0].id, rows[0].time) if len(rows) > 1 else None

    def _bound(self, **values: object) -> dict[str, object]:
        values["scope_customer_id"] = self._scope.customer_id
        values["scope_microtenant_id"] = self._scope.microtenant_id
        return values


class AuditLog(AuditReader):
    """The single entries."""

    async def page(
        self,
        filters: AuditFilter,
        *,
        before_id: int | None,
        limit: int,
        named_actors: Sequence[int] = (),
    ) -> list[AuditEntry]:
        """Return the entries that match the filters and are older than `before_id`, newest first.

        Returns at most `limit` entries. `named_actors` have `filters.text` in their names.
        """
        given = condition_values(filters, named_actors, before_id)
        statement = _page(frozenset(given), self._everywhere)
        rows = await self._connection.scan(statement, self._bound(page_size=limit, **given))
        return [AuditEntry(**row._asdict()) for row in rows]

    async def of_transaction(self, transaction_id: str) -> list[AuditEntry]:
        """Return every entry of one transaction, oldest first."""
        parameters = self._bound(transaction_id=transaction_id)
        rows = await self._connection.rows(_of_transaction(self._everywhere), parameters)
        return [AuditEntry(**row._asdict()) for row in rows]

    async def per_day(self, since: int) -> dict[int, tuple[int, int]]:
        """Return how many creations and other changes each day since a moment has.

        Days are numbered from 1970-01-01. `since` is in epoch seconds.
        """
        parameters = self._bound(since=since, from_id=_from_id(since))
        rows = await self._connection.scan(_per_day(self._everywhere), parameters)
        return {row.day: (int(row.added), row.entries - int(row.added)) for row in rows}

    async def last_names(self, object_ids: Iterable[int]) -> dict[int, str]:
        """Return the names that deleted objects of the tenant had, by id."""
        requested = sorted(set(object_ids))
        rows = await self._connection.rows(_last_names(), self._bound(requested=requested))
        return {row.object_id: row.object_name for row in rows}


def condition_values(
    filters: AuditFilter, named_actors: Sequence[int], before_id: int | None = None
) -> dict[str, object]:
    """Return the filters that are set, as values of `matching`."""
    values = vars(filters) | {
        "before_id": before_id,
        "from_id": _first_id(filters),
    }
    given = {name: value for name, value in values.items() if value not in (None, "")}
    if text := given.pop("text", ""):
        given |= spellings_of(str(text))
        given["named_actors"] = list(named_actors)
    return given


def matching(
    given: Collection[str], entries: FromClause = audit_entry
) -> list[ColumnElement[bool]]:
    """Return the conditions on entries for the names of `condition_values`."""
    of = entries.c
    conditions: dict[str, ColumnElement[bool]] = {
        "before_id": of.id < bindparam("before_id"),
        "from_id": of.id >= bindparam("from_id"),
        "since": of.time >= bindparam("since"),
        "until": of.time < bindparam("until"),
        "actor_id": of.actor_id == bindparam("actor_id"),
        "object_type": of.object_type == bindparam("object_type"),
        "object_id": of.object_id == bindparam("object_id"),
        "action": of.action == bindparam("action", type_=of.action.type),
        "transaction_id": of.transaction_id == bindparam("transaction_id"),
    }
    chosen = [each for name, each in conditions.items() if name in given]
    if "named_actors" in given:
        named = or_(has_spelling(of.object_name), Among(of.actor_id, "named_actors"))
        chosen.append(named)
    return chosen


def _first_id(filters: AuditFilter) -> int | None:
    if filters.since is None:
        return filters.from_id
    return max(_from_id(filters.since), filters.from_id or 0)


def _from_id(since: int) -> int:
    """Return the smallest id of an entry since a moment, with an hour's margin for clock skew.

    The condition on `time` filters exactly; the one on `id` uses the primary key.
    """
    return first_id_at(since - _HOUR_SECONDS)


def in_scope(everywhere: bool, entries: FromClause = audit_entry) -> list[ColumnElement[bool]]:
    """Return the conditions on the tenant, and on the microtenant unless `everywhere`."""
    tenant = entries.c.customer_id == bindparam("scope_customer_id")
    own = entries.c.microtenant_id == bindparam("scope_microtenant_id")
    return [tenant] if everywhere else [tenant, own]


@cached
def _page(given: frozenset[str], everywhere: bool) -> Select[Any]:
    return (
        select(audit_entry)
        .where(*in_scope(everywhere), *matching(given))
        .order_by(audit_entry.c.id.desc())
        .limit(bindparam("page_size"))
    )


@cached
def _behind(is_before: bool, everywhere: bool) -> Select[Any]:
    """Return the query for one entry at a distance, and for the one behind it."""
    older = matching({"before_id"} if is_before else {})
    return (
        select(audit_entry.c.id, audit_entry.c.time)
        .where(*in_scope(everywhere), *older)
        .order_by(audit_entry.c.id.desc())
        .limit(2)
        .offset(bindparam("last"))
    )


@cached
def _of_transaction(everywhere: bool) -> Select[Any]:
    return (
        select(audit_entry)
        .where(*in_scope(everywhere), *matching({"transaction_id"}))
        .order_by(audit_entry.c.id)
    )


@cached
def _per_day(everywhere: bool) -> Select[Any]:
    day = (audit_entry.c.time // DAY_SECONDS).label("day")
    is_new = case((audit_entry.c.action == Action.CREATE, 1), else_=0)
    return (
        select(day, func.count().label("entries"), func.sum(is_new).label("added"))
        .where(*in_scope(everywhere), *matching({"from_id", "since"}))
        .group_by(day)
    )


@cached
def _last_names() -> Select[Any]:
    entry = audit_entry.c
    return select(entry.object_id, entry.object_name).where(
        entry.customer_id == bindparam("scope_customer_id"),
        entry.action == Action.DELETE,
        Among(entry.object_id, "requested"),
    )
