"""Use-cases of microtenants. Default is listed but cannot be changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from portico.domain.errors import (
    AuthDomainTaken,
    ForeignAuthDomain,
    InvalidField,
    MicrotenantLimitExceeded,
    NotFound,
    StillReferenced,
)
from portico.domain.records import DEFAULT_MICROTENANT_ID, Page
from portico.domain.search import ListQuery
from portico.domain.tenancy.microtenants import (
    KIND,
    MICROTENANTS_PER_TENANT,
    Microtenant,
    MicrotenantSpec,
    check_microtenant,
)
from portico.services import recording
from portico.services.access import require_admin, require_default_microtenant
from portico.services.naming import require_free_name
from portico.services.work import UnitOfWork


async def list_microtenants(work: UnitOfWork, query: ListQuery) -> Page[Microtenant]:
    """Return one page of the microtenants that the caller has access to."""
    return await work.microtenants.visible_page(query, work.principal.microtenant_id)


async def summarise_microtenants(work: UnitOfWork) -> list[Microtenant]:
    """Return every microtenant that the caller has access to, by precedence, Default last."""
    return [each for each in await work.microtenants.all() if _is_visible(work, each)]


async def get_microtenant(
    work: UnitOfWork, microtenant_id: int, *, lock: bool = False
) -> Microtenant:
    """Return one microtenant. Raises NotFound, also if the caller has no access to it."""
    microtenant = await work.microtenants.find(microtenant_id, lock=lock)
    if microtenant is None or not _is_visible(work, microtenant):
        raise NotFound(microtenant_id)
    return microtenant


async def create_microtenant(work: UnitOfWork, spec: MicrotenantSpec) -> Microtenant:
    """Store a new microtenant just before Default. Raises InvalidInput or Forbidden."""
    require_manager(work)
    # Changes take turns, because their rules look at every microtenant.
    await work.microtenants.lock(DEFAULT_MICROTENANT_ID)
    spec = check_microtenant(spec)
    existing = await work.microtenants.all()
    if len(existing) > MICROTENANTS_PER_TENANT:
        raise MicrotenantLimitExceeded(MICROTENANTS_PER_TENANT)
    await require_free_name(work.microtenants, spec.name)
    _require_auth_domains(work, spec, existing)
    created = Microtenant(
        **asdict(spec),
        **work.new_stamps(),
        scope_order=1
        + max((each.scope_order for each in existing if not each.is_default), default=0),
    )
    await work.microtenants.insert(created)
    await _put_default_after(work, created, existing)
    await recording.record_creation(work, KIND, created)
    return created


async def update_microtenant(work: UnitOfWork, microtenant_id: int, spec: MicrotenantSpec) -> None:
    """Replace every writable field. Raises NotFound, InvalidInput or Forbidden."""
    require_manager(work)
    await work.microtenants.lock(DEFAULT_MICROTENANT_ID)
    before = await _changeable(work, microtenant_id)
    spec = check_microtenant(spec, before)
    await require_free_name(work.microtenants, spec.name, holder=microtenant_id)
    others = [each for each in await work.microtenants.all() if each.id != microtenant_id]
    _require_auth_domains(work, spec, others)
    after = Microtenant(
        **asdict(spec),
        **work.changed_stamps(before),
        scope_order=before.scope_order,
    )
    await work.microtenants.replace(after)
    await recording.record_update(work, KIND, before, after)


async def delete_microtenant(
    work: UnitOfWork, microtenant_id: int, *, locked: Microtenant | None = None
) -> None:
    """Delete a microtenant that owns nothing, which the caller may have `locked`.

    Raises NotFound, StillReferenced or Forbidden.
    """
    require_manager(work)
    microtenant = await _changeable(work, microtenant_id, locked)
    owned = await work.microtenants.first_owned(microtenant_id)
    if owned is not None:
        raise StillReferenced(*owned)
    client = await work.microtenants.first_client(microtenant_id)
    if client is not None:
        raise StillReferenced("apiClient", client)
    await work.administrators.forget_microtenant(work.scope.customer_id, microtenant_id)
    await work.microtenants.remove(microtenant_id)
    await recording.record_deletion(work, KIND, microtenant)


def require_manager(work: UnitOfWork) -> None:
    """Raise Forbidden unless the caller can change microtenants."""
    require_admin(work)
    require_default_microtenant(work)


async def _put_default_after(
    work: UnitOfWork, created: Microtenant, existing: Sequence[Microtenant]
) -> None:
    """Keep Default last. Its order never decreases, so that restored microtenants precede it."""
    default = next(each for each in existing if each.is_default)
    if default.scope_order <= created.scope_order:
        await work.microtenants.replace(replace(default, scope_order=created.scope_order + 1))


def _is_visible(work: UnitOfWork, microtenant: Microtenant) -> bool:
    return work.principal.microtenant_id in (None, microtenant.id)


async def _changeable(
    work: UnitOfWork, microtenant_id: int, locked: Microtenant | None = None
) -> Microtenant:
    if microtenant_id == DEFAULT_MICROTENANT_ID:
        raise InvalidField("id", "The Default microtenant cannot be changed or deleted.")
    return locked or await get_microtenant(work, microtenant_id, lock=True)


def _require_auth_domains(
    work: UnitOfWork, spec: MicrotenantSpec, others: list[Microtenant]
) -> None:
    """Raise unless the domains belong to the tenant, if it has any, and to no other microtenant."""
    owned = {domain.lower() for domain in work.tenant.auth_domains}
    taken = {domain.lower() for other in others for domain in other.criteria_attribute_values}
    for domain in spec.criteria_attribute_values:
        if owned and domain.lower() not in owned:
            raise ForeignAuthDomain(domain)
        if domain.lower() in taken:
            raise AuthDomainTaken(domain)
