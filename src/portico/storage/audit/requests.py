"""Queries on what one request did: its newest entry, counts by kind, and later changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, exists, func, select

from portico.domain.audit import Action, AuditEntry, AuditFilter, RequestPart
from portico.domain.records import TimeOrderedIds
from portico.storage.audit.log import AuditReader, condition_values, in_scope, matching
from portico.storage.engine.statements import Among, alias_by_index, cached
from portico.storage.schema.tables import audit_entry

SHORT_TEXTS = 8_000
"""Characters of both texts of an entry up to which `updates` returns them."""

_REQUEST_IDS = 120_000 * TimeOrderedIds.NODES * TimeOrderedIds.SEQUENCES
"""How far apart the ids of one request can be. Statements of a write end within a minute, so two
minutes are enough, and the databases need not read every later entry.
"""

_OUTLINE = [each for each in audit_entry.c if each.name not in {"before", "after"}]


class AuditRequests(AuditReader):
    """The entries, grouped by the request that made them."""

    async def page(
        self,
        filters: AuditFilter,
        *,
        before_id: int | None,
        limit: int,
        named_actors: Sequence[int] = (),
    ) -> list[AuditEntry]:
        """Return the newest matching entry of each request, newest first, without its texts.

        Those of later requests than the entry `before_id` are left out.
        """
        given = condition_values(filters, named_actors, before_id)
        statement = _page(frozenset(given), self._everywhere)
        rows = await self._connection.scan(statement, self._bound(page_size=limit, **given))
        return [AuditEntry(**row._asdict(), before="", after="") for row in rows]

    async def parts(
        self,
        transaction_ids: Iterable[str],
        filters: AuditFilter,
        named_actors: Sequence[int] = (),
    ) -> list[RequestPart]:
        """Return the matching entries of transactions, counted by action and kind."""
        given = condition_values(filters, named_actors)
        parameters = self._bound(transaction_ids=sorted(set(transaction_ids)), **given)
        statement = _parts(frozenset(given), self._everywhere)
        rows = await self._connection.scan(statement, parameters)
        return [RequestPart(**row._asdict()) for row in rows]

    async def updates(self, transaction_ids: Iterable[str], *, limit: int) -> list[AuditEntry]:
        """Return the newest updates of transactions, at most `limit`.

        They have no texts if these are longer than SHORT_TEXTS, as with pictures.
        """
        parameters = self._bound(transaction_ids=sorted(set(transaction_ids)), page_size=limit)
        rows = await self._connection.scan(_updates(self._everywhere), parameters)
        return [AuditEntry(**row._asdict()) for row in rows]

    async def with_ids(self, entry_ids: Collection[int]) -> list[AuditEntry]:
        """Return whole entries."""
        parameters = self._bound(entry_ids=sorted(entry_ids))
        rows = await self._connection.scan(_with_ids(self._everywhere), parameters)
        return [AuditEntry(**row._asdict()) for row in rows]

    async def changed_since(self, transaction_ids: Iterable[str]) -> set[str]:
        """Return those of the transactions whose objects a later one has changed."""
        parameters = self._bound(transaction_ids=sorted(set(transaction_ids)))
        rows = await self._connection.scan(_changed_since(self._everywhere), parameters)
        return {row.transaction_id for row in rows}


@cached
def _page(given: frozenset[str], everywhere: bool) -> Select[Any]:
    later = audit_entry.alias("later")
    of_the_same_request = exists().where(
        *in_scope(everywhere, later),
        later.c.transaction_id == audit_entry.c.transaction_id,
        later.c.time == audit_entry.c.time,
        later.c.id > audit_entry.c.id,
        later.c.id <= audit_entry.c.id + _REQUEST_IDS,
        *matching(given - {"before_id"}, later),
    )
    return (
        select(*_OUTLINE)
        .where(*in_scope(everywhere), *matching(given), ~of_the_same_request)
        .order_by(audit_entry.c.id.desc())
        .limit(bindparam("page_size"))
    )


@cached
def _parts(given: frozenset[str], everywhere: bool) -> Select[Any]:
    alike = [
        audit_entry.c[name]
        for name in (
            "transaction_id",
            "time",
            "microtenant_id",
            "actor_id",
            "action",
            "object_type",
        )
    ]
    return (
        select(
            *alike,
            func.count().label("count"),
            func.min(audit_entry.c.id).label("first_id"),
            func.max(audit_entry.c.object_name).label("object_name"),
        )
        .where(*in_scope(everywhere), *_among_transactions(), *matching(given))
        .group_by(*alike)
    )


@cached
def _updates(everywhere: bool) -> Select[Any]:
    length = func.length(audit_entry.c.before) + func.length(audit_entry.c.after)
    texts = [
        case((length <= SHORT_TEXTS, audit_entry.c[name]), else_="").label(name)
        for name in ("before", "after")
    ]
    return (
        select(*_OUTLINE, *texts)
        .where(*in_scope(everywhere), *_among_transactions())
        .where(audit_entry.c.action == Action.UPDATE)
        .order_by(audit_entry.c.id.desc())
        .limit(bindparam("page_size"))
    )


@cached
def _with_ids(everywhere: bool) -> Select[Any]:
    chosen = Among(audit_entry.c.id, "entry_ids")
    return select(audit_entry).where(*in_scope(everywhere), chosen)


@cached
def _changed_since(everywhere: bool) -> Select[Any]:
    later = alias_by_index(audit_entry, "later", "ix_audit_entry_object")
    changed = exists().where(
        and_(
            later.c.customer_id == audit_entry.c.customer_id,
            later.c.object_id == audit_entry.c.object_id,
            later.c.object_type == audit_entry.c.object_type,
            later.c.id > audit_entry.c.id,
            later.c.transaction_id != audit_entry.c.transaction_id,
        )
    )
    return (
        select(audit_entry.c.transaction_id)
        .where(*in_scope(everywhere), *_among_transactions(), changed)
        .distinct()
    )


def _among_transactions() -> list[Among]:
    return [Among(audit_entry.c.transaction_id, "transaction_ids")]
