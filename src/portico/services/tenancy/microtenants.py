"""Use-cases of microtenants. Default is listed and never changed."""

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
    """One page of the microtenants; a caller confined to one sees that one."""
    return await work.microtenants.visible_page(query, work.principal.microtenant_id)


async def summarise_microtenants(work: UnitOfWork) -> list[Microtenant]:
    """Every microtenant that the caller may see, by precedence, Default last."""
    return [each for each in await work.microtenants.all() if _is_visible(work, each)]


async def get_microtenant(
    work: UnitOfWork, microtenant_id: int, *, lock: bool = False
) -> Microtenant:
    """One microtenant. Raises NotFound, also for one that the caller may not see."""
    found = await work.microtenants.find(microtenant_id, lock=lock)
    if found is None or not _is_visible(work, found):
        raise NotFound(microtenant_id)
    return found


async def create_microtenant(work: UnitOfWork, spec: MicrotenantSpec) -> Microtenant:
    """Stores a new microtenant, just before Default. Raises InvalidInput or Forbidden."""
    require_manager(work)
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
    """Replaces everything that a client may write. Raises NotFound, InvalidInput or Forbidden."""
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


async def delete_microtenant(work: UnitOfWork, microtenant_id: int) -> None:
    """Deletes a microtenant that owns nothing. Raises NotFound, StillReferenced or Forbidden."""
    require_manager(work)
    microtenant = await _changeable(work, microtenant_id)
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
    """Raises Forbidden for a caller that may not change microtenants."""
    require_admin(work)
    require_default_microtenant(work)


async def _put_default_after(
    work: UnitOfWork, created: Microtenant, existing: Sequence[Microtenant]
) -> None:
    """Keep Default last. Its number never shrinks, so that restored microtenants stay before it."""
    default = next(each for each in existing if each.is_default)
    if default.scope_order <= created.scope_order:
        await work.microtenants.replace(replace(default, scope_order=created.scope_order + 1))


def _is_visible(work: UnitOfWork, microtenant: Microtenant) -> bool:
    return work.principal.microtenant_id in (None, microtenant.id)


async def _changeable(work: UnitOfWork, microtenant_id: int) -> Microtenant:
    if microtenant_id == DEFAULT_MICROTENANT_ID:
        raise InvalidField("id", "The Default microtenant cannot be changed or deleted.")
    return await get_microtenant(work, microtenant_id, lock=True)


def _require_auth_domains(
    work: UnitOfWork, spec: MicrotenantSpec, others: list[Microtenant]
) -> None:
    """A domain belongs to the tenant (when the tenant has named any) and to one microtenant."""
    owned = {domain.lower() for domain in work.tenant.auth_domains}
    taken = {domain.lower() for other in others for domain in other.criteria_attribute_values}
    for domain in spec.criteria_attribute_values:
        if owned and domain.lower() not in owned:
            raise ForeignAuthDomain(domain)
        if domain.lower() in taken:
            raise AuthDomainTaken(domain)
