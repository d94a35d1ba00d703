"""Use-cases of acceptable use policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from portico.domain.csv_safety import neutral_cell
from portico.domain.errors import SearchTooExpensive
from portico.domain.policies import KIND, Aup, AupSpec, check_aup, next_text_version
from portico.domain.portals.activity import Acceptance, policy_version
from portico.domain.records import Page
from portico.domain.search import ListQuery
from portico.services import recording
from portico.services.access import require_admin
from portico.services.naming import require_free_name
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import ReadTooSlow
from portico.storage.portals.activity import Activity


@dataclass(frozen=True, kw_only=True)
class AcceptancePage:
    """One page of the acceptances of a policy. `next_id` is None on the last one."""

    aup: Aup
    items: Sequence[Acceptance]
    next_id: int | None


ACCEPTANCE_HEADER = ("time", "person", "user id", "policy", "version", "digest of the text")


async def list_aups(work: UnitOfWork, query: ListQuery) -> Page[Aup]:
    """Return one page of the scope's policies."""
    return await work.aups.page(query)


async def get_aup(work: UnitOfWork, aup_id: int, *, lock: bool = False) -> Aup:
    """Return one policy. Raises NotFound."""
    return await work.aups.get(aup_id, lock=lock)


async def list_acceptances(
    work: UnitOfWork,
    aup_id: int,
    text: str = "",
    *,
    before_id: int | None = None,
    limit: int = 50,
) -> AcceptancePage:
    """Return the acceptances of a policy that are older than `before_id`, newest first.

    `text` is part of the person's name. Raises NotFound or SearchTooExpensive.
    """
    aup = await get_aup(work, aup_id)
    activity = Activity(work.connection, work.scope.customer_id)
    try:
        newest = await activity.acceptances(aup_id, text, before_id=before_id, limit=limit + 1)
    except ReadTooSlow as error:
        if not text:
            raise
        raise SearchTooExpensive(error.seconds) from error
    items = newest[:limit]
    return AcceptancePage(
        aup=aup,
        items=[_numbered(each, aup) for each in items],
        next_id=items[-1].id if len(newest) > limit else None,
    )


def acceptance_rows(page: AcceptancePage) -> list[Sequence[str]]:
    """Return acceptances as rows of a CSV file with the columns of `ACCEPTANCE_HEADER`."""
    return [
        tuple(
            map(
                neutral_cell,
                (
                    datetime.fromtimestamp(each.time, UTC).isoformat(),
                    each.name,
                    str(each.user_id or ""),
                    page.aup.name,
                    str(each.text_version or ""),
                    each.version,
                ),
            )
        )
        for each in page.items
    ]


def _numbered(acceptance: Acceptance, aup: Aup) -> Acceptance:
    """Return the acceptance with the number of the current text, if it has that text."""
    if acceptance.text_version is None and acceptance.version == policy_version(aup.aup):
        return replace(acceptance, text_version=aup.text_version)
    return acceptance


async def create_aup(work: UnitOfWork, spec: AupSpec) -> Aup:
    """Store a new policy. Raises InvalidInput or Forbidden."""
    require_admin(work)
    spec = check_aup(spec)
    await _require_free_name(work, spec)
    aup = Aup(
        **asdict(spec),
        **work.new_stamps(),
        microtenant_id=work.scope.microtenant_id,
    )
    await work.aups.insert(aup)
    await recording.record_creation(work, KIND, aup)
    return aup


async def update_aup(work: UnitOfWork, aup_id: int, spec: AupSpec) -> None:
    """Replace every writable field. Raises NotFound, InvalidInput or Forbidden."""
    require_admin(work)
    before = await get_aup(work, aup_id, lock=True)
    spec = check_aup(spec, stored_name=before.name)
    await _require_free_name(work, spec, holder=aup_id)
    after = Aup(
        **asdict(spec),
        **work.changed_stamps(before),
        microtenant_id=before.microtenant_id,
        text_version=next_text_version(before, spec.aup),
    )
    await work.aups.replace(after)
    await recording.record_update(work, KIND, before, after)


async def delete_aup(work: UnitOfWork, aup_id: int, *, locked: Aup | None = None) -> None:
    """Delete a policy, which the caller may have `locked`. Raises NotFound or Forbidden."""
    require_admin(work)
    aup = locked or await get_aup(work, aup_id, lock=True)
    await work.aups.remove(aup_id)
    await recording.record_deletion(work, KIND, aup)


async def _require_free_name(work: UnitOfWork, spec: AupSpec, holder: int | None = None) -> None:
    """Raise NameTaken if another policy has the name. A policy can have no name."""
    if spec.name:
        await require_free_name(work.aups, spec.name, holder=holder)
