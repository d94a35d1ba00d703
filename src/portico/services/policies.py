"""Use-cases of acceptable use policies."""

from __future__ import annotations

from dataclasses import asdict

from portico.domain.policies import KIND, Aup, AupSpec, check_aup
from portico.domain.records import Page
from portico.domain.search import ListQuery
from portico.services import recording
from portico.services.access import require_admin
from portico.services.naming import require_free_name
from portico.services.work import UnitOfWork


async def list_aups(work: UnitOfWork, query: ListQuery) -> Page[Aup]:
    """Return one page of the scope's policies."""
    return await work.aups.page(query)


async def get_aup(work: UnitOfWork, aup_id: int, *, lock: bool = False) -> Aup:
    """Return one policy. Raises NotFound."""
    return await work.aups.get(aup_id, lock=lock)


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
