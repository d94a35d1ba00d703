"""Reading what one request did: its entries as one, newest request first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from portico.domain.audit import Action, AuditEntry, AuditFilter, RequestPart
from portico.domain.errors import SearchTooExpensive
from portico.services.audit.actors import actor_names, actors_named
from portico.services.audit.log import other_microtenants, search_end, sees_whole_tenant
from portico.services.work import UnitOfWork
from portico.storage.audit.requests import AuditRequests
from portico.storage.engine.connections import ReadTooSlow

UPDATES_READ = 1_000
"""How many updates of all requests of a page are read to tell what they have in common."""


@dataclass(frozen=True, kw_only=True)
class AuditRequest:
    """What one request changed, as far as it matches the filters.

    `newest` is its newest entry, complete if it is the only one. `parts` are sorted by age.
    `updates` are its updates, or none if there are too many or one is too large.
    """

    newest: AuditEntry
    parts: Sequence[RequestPart]
    updates: Sequence[AuditEntry]

    @property
    def count(self) -> int:
        """The number of entries."""
        return sum(part.count for part in self.parts)


@dataclass(frozen=True, kw_only=True)
class RequestPage:
    """One page of requests, newest first, with names by id, like `AuditPage`.

    `searched_since` is the time of the oldest entry that a search for a text looked at, if there
    are older ones.
    """

    requests: Sequence[AuditRequest]
    actors: Mapping[int, str]
    microtenants: Mapping[int, str]
    next_id: int | None
    searched_since: int | None = None


async def list_requests(
    work: UnitOfWork, filters: AuditFilter, *, before_id: int | None = None, limit: int = 50
) -> RequestPage:
    """Return the requests with matching entries, whose newest is older than `before_id`.

    Callers see the entries that `list_audit` returns. Raises SearchTooExpensive.
    """
    named = await actors_named(work, filters.text)
    found = audit_requests(work)
    try:
        end = await search_end(work, filters, before_id)
        window = replace(filters, from_id=end.id if end else None)
        newest = await found.page(window, before_id=before_id, limit=limit + 1, named_actors=named)
    except ReadTooSlow as error:
        if not filters.text:
            raise
        raise SearchTooExpensive(error.seconds) from error
    heads = newest[:limit]
    is_full = len(newest) > limit
    parts = await _parts(found, heads, filters, named)
    whole = await _whole(found, [each for each in heads if _is_single(parts[_key(each)])])
    updates = await _updates(found, parts)
    return RequestPage(
        requests=[
            AuditRequest(
                newest=whole.get(head.id, head),
                parts=parts[_key(head)],
                updates=updates.get(_key(head), ()),
            )
            for head in heads
        ],
        actors=await actor_names(work, (head.actor_id for head in heads)),
        microtenants=await other_microtenants(work, heads),
        next_id=heads[-1].id if is_full else end.id if end else None,
        searched_since=end.time if end and not is_full else None,
    )


def audit_requests(work: UnitOfWork) -> AuditRequests:
    """Return the requests that the caller is allowed to see."""
    return AuditRequests(work.connection, work.scope, everywhere=sees_whole_tenant(work))


def _key(each: AuditEntry | RequestPart) -> tuple[str, int]:
    return each.transaction_id, each.time


def _is_single(parts: Sequence[RequestPart]) -> bool:
    return sum(part.count for part in parts) == 1


async def _parts(
    found: AuditRequests,
    heads: Sequence[AuditEntry],
    filters: AuditFilter,
    named_actors: Sequence[int],
) -> Mapping[tuple[str, int], Sequence[RequestPart]]:
    if not heads:
        return {}
    by_request: dict[tuple[str, int], list[RequestPart]] = defaultdict(list)
    parts = await found.parts((each.transaction_id for each in heads), filters, named_actors)
    for part in sorted(parts, key=lambda each: each.first_id):
        by_request[_key(part)].append(part)
    return by_request


async def _whole(found: AuditRequests, heads: Sequence[AuditEntry]) -> Mapping[int, AuditEntry]:
    if not heads:
        return {}
    return {each.id: each for each in await found.with_ids({head.id for head in heads})}


async def _updates(
    found: AuditRequests, parts: Mapping[tuple[str, int], Sequence[RequestPart]]
) -> Mapping[tuple[str, int], Sequence[AuditEntry]]:
    """Return the updates of each request with several entries, if all of them can be compared."""
    expected = {
        key: sum(part.count for part in each if part.action is Action.UPDATE)
        for key, each in parts.items()
        if not _is_single(each)
    }
    transaction_ids = {key[0] for key, count in expected.items() if count}
    if not transaction_ids:
        return {}
    by_request: dict[tuple[str, int], list[AuditEntry]] = defaultdict(list)
    for each in await found.updates(transaction_ids, limit=UPDATES_READ):
        by_request[_key(each)].append(each)
    return {
        key: updates
        for key, updates in by_request.items()
        if len(updates) >= expected.get(key, 0) and all(each.before for each in updates)
    }
