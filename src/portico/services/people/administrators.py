"""Use-cases of administrators: their accounts, their grants, and revoking them at once.

Only the operator changes an administrator who also works in other tenants. A tenant changes its own
grants and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from portico.domain.errors import Forbidden, InvalidField, NameTaken, NotFound, UnknownReference
from portico.domain.people.administrators import (
    KIND,
    Administrator,
    AdministratorSpec,
    Grant,
    GrantSpec,
    check_administrator,
)
from portico.domain.records import fold, natural_key
from portico.domain.tenancy.identity import Role
from portico.services import recording
from portico.services.access import OPERATOR_ID, require_admin, require_whole_tenant
from portico.services.work import UnitOfWork
from portico.storage.people.devices import ConsoleDevices
from portico.storage.people.password_links import ConsolePasswordLinks
from portico.storage.people.second_factors import forget_second_factors
from portico.storage.people.sessions import ConsoleSessions
from portico.storage.tenancy.identity import IdentityRepository


@dataclass(frozen=True, kw_only=True)
class GrantedAdministrator(Administrator):
    """An administrator with its grants in one tenant. `works_elsewhere`: it has others."""

    grants: tuple[Grant, ...]
    works_elsewhere: bool


async def list_administrators(work: UnitOfWork) -> list[GrantedAdministrator]:
    """Return the tenant's administrators, by name. Raises Forbidden."""
    require_whole_tenant(work)
    stored = await work.administrators.of_tenant(work.scope.customer_id)
    return await _with_grants(work, sorted(stored, key=lambda each: natural_key(each.name)))


async def get_administrator(
    work: UnitOfWork, administrator_id: int, *, lock: bool = False
) -> GrantedAdministrator:
    """Return one of the tenant's administrators, locked if asked. Raises NotFound."""
    require_whole_tenant(work, administrator_id)
    stored = await work.administrators.find(administrator_id, lock=lock)
    if stored is not None:
        (granted,) = await _with_grants(work, [stored])
        if granted.grants:
            return granted
    raise NotFound(administrator_id)


async def create_administrator(
    work: UnitOfWork, spec: AdministratorSpec, grants: Sequence[GrantSpec], password_hash: str = ""
) -> GrantedAdministrator:
    """Store a new administrator with grants in the tenant. Raises InvalidInput or Forbidden.

    Without a password hash (`passwords.hash_password`) only a provider signs it in.
    """
    require_grants(work, grants)
    spec = check_administrator(spec)
    if await work.administrators.find_by_name(spec.name) is not None:
        raise NameTaken(spec.name)
    made = Administrator(
        **asdict(spec), id=work.new_id(), password_hash=password_hash, creation_time=work.now
    )
    await work.administrators.insert(made)
    await _store_grants(work, made.id, grants)
    created = await get_administrator(work, made.id)
    await recording.record_creation(work.in_default(), KIND, created)
    return created


async def update_administrator(
    work: UnitOfWork,
    administrator_id: int,
    spec: AdministratorSpec,
    *,
    locked: GrantedAdministrator | None = None,
) -> GrantedAdministrator:
    """Replace name, display name and e-mail of an administrator whom the caller may have `locked`.

    Raises NotFound, InvalidInput or Forbidden.
    """
    before = await get_changeable(work, administrator_id, locked)
    spec = check_administrator(spec, before)
    if fold(spec.name) != fold(before.name):
        holder = await work.administrators.find_by_name(spec.name)
        if holder is not None and holder.id != administrator_id:
            raise NameTaken(spec.name)
    return await _store(work, before, replace(before, **asdict(spec)))


async def set_grants(
    work: UnitOfWork,
    administrator_id: int,
    grants: Sequence[GrantSpec],
    *,
    locked: GrantedAdministrator | None = None,
) -> GrantedAdministrator | None:
    """Replace the grants in this tenant. Return None if none is left there.

    The caller may have `locked` the administrator. Raises NotFound, InvalidInput or Forbidden.
    """
    require_admin(work)
    before = locked or await get_administrator(work, administrator_id, lock=True)
    require_other(work, administrator_id, "change its own grants")
    if not any(map(_manages_tenant, grants)):
        await _require_another_manager(work, before)
    await _store_grants(work, administrator_id, grants)
    stored = await work.administrators.find(administrator_id)
    assert stored is not None
    (after,) = await _with_grants(work, [stored])
    await recording.record_update(work.in_default(), KIND, before, after)
    if after.grants:
        return after
    await _sign_out(work, administrator_id)
    return None


async def add_grant(work: UnitOfWork, administrator_id: int, grant: GrantSpec) -> None:
    """Let an administrator of any tenant work in this one too. Only the operator can do that.

    Raises NotFound, InvalidInput or Forbidden.
    """
    if work.principal.actor_id != OPERATOR_ID:
        raise Forbidden("Only the operator lets an administrator of another tenant in.")
    stored = await work.administrators.find(administrator_id)
    if stored is None:
        raise NotFound(administrator_id)
    (before,) = await _with_grants(work, [stored])
    others = [each for each in before.grants if each.microtenant_id != grant.microtenant_id]
    await _store_grants(work, administrator_id, [*others, grant])
    (after,) = await _with_grants(work, [stored])
    await recording.record_update(work.in_default(), KIND, before, after)


async def disable_administrator(work: UnitOfWork, administrator_id: int) -> GrantedAdministrator:
    """Disable an administrator, end its sessions and forget its known devices.

    Raises NotFound or Forbidden.
    """
    before = await get_changeable(work, administrator_id)
    require_other(work, administrator_id, "disable itself")
    if work.principal.actor_id != OPERATOR_ID:  # who must be able to disable anybody at once
        await _require_another_manager(work, before)
    await _sign_out(work, administrator_id)
    return await _store(work, before, replace(before, disabled_time=work.now))


async def enable_administrator(work: UnitOfWork, administrator_id: int) -> GrantedAdministrator:
    """Re-enable a disabled administrator. Raises NotFound or Forbidden."""
    before = await get_changeable(work, administrator_id)
    return await _store(work, before, replace(before, disabled_time=None))


async def delete_administrator(
    work: UnitOfWork, administrator_id: int, *, locked: GrantedAdministrator | None = None
) -> None:
    """Delete an administrator, whom the caller may have `locked`, with its sessions.

    An administrator who also works in other tenants only loses its roles in this one, unless the
    operator deletes it. Raises NotFound, or Forbidden, also for oneself and for the last one who
    can change everything.
    """
    require_admin(work)
    before = locked or await get_administrator(work, administrator_id, lock=True)
    require_other(work, administrator_id, "delete itself")
    if before.works_elsewhere and work.principal.actor_id != OPERATOR_ID:
        await set_grants(work, administrator_id, (), locked=before)
        return
    await _require_another_manager(work, before, everywhere=True)
    await _sign_out(work, administrator_id)
    await forget_second_factors(work.connection, administrator_id)
    await work.administrators.remove(administrator_id)
    await recording.record_deletion(work.in_default(), KIND, before)


async def set_administrator_password(
    work: UnitOfWork,
    administrator_id: int,
    password_hash: str,
    *,
    exempt_session: str = "",
    locked: GrantedAdministrator | None = None,
) -> None:
    """Replace the password, end all sessions but the one with the digest, and forget all devices.

    The caller may have `locked` the administrator. Raises NotFound or Forbidden.
    """
    before = await get_changeable(work, administrator_id, locked)
    await _sign_out(work, administrator_id, but=exempt_session)
    await _store(work, before, replace(before, password_hash=password_hash))


async def set_own_password(work: UnitOfWork, password_hash: str, *, exempt_session: str) -> None:
    """Replace the caller's own password, whatever its role.

    This ends the caller's other sessions and forgets all of its known devices.
    The caller must have proven that it knows the present one (`sign_in.prove_password`).
    Raises NotFound for a caller that is no administrator, Forbidden for one without a password.
    """
    stored = await work.administrators.find(work.principal.actor_id)
    if stored is None:
        raise NotFound(work.principal.actor_id)
    if not stored.password_hash:
        raise Forbidden("This account has no password: a provider signs it in.")
    (before,) = await _with_grants(work, [stored])
    await _sign_out(work, stored.id, but=exempt_session)
    await _store(work, before, replace(before, password_hash=password_hash))


async def replace_password(
    work: UnitOfWork, administrator: Administrator, password_hash: str
) -> Administrator:
    """Store another password of a locked administrator, who must sign in again; return the latter.

    The caller has made sure that it may, and writes the audit entry.
    """
    after = replace(administrator, password_hash=password_hash)
    await _sign_out(work, administrator.id)
    await work.administrators.replace(after)
    return after


def require_grants(work: UnitOfWork, grants: Sequence[GrantSpec]) -> None:
    """Raise Forbidden for a caller that cannot grant, and InvalidField for no grants.

    A form without grants is a mistake; `set_grants` removes all grants of an administrator.
    """
    require_admin(work)
    require_whole_tenant(work)
    if not grants:
        raise InvalidField("grants", "Choose the whole tenant, or at least one microtenant.")


def require_other(work: UnitOfWork, administrator_id: int, deed: str) -> None:
    """Raise Forbidden for a change of oneself, which could leave nobody to manage the tenant."""
    if work.principal.actor_id == administrator_id:
        raise Forbidden(f"An administrator cannot {deed}; another one can.")


def _manages_tenant(grant: GrantSpec) -> bool:
    return grant.role is Role.ADMIN and grant.microtenant_id is None


async def _require_another_manager(
    work: UnitOfWork, leaving: GrantedAdministrator, *, everywhere: bool = False
) -> None:
    """Raise Forbidden if nobody else could change everything in this tenant, or in any, afterwards.

    Administrators who remove one another at the same time wait here, so that one of them stays.
    """
    grants = await work.administrators.grants([leaving.id]) if everywhere else leaving.grants
    for customer_id in sorted({each.customer_id for each in grants if _manages_tenant(each)}):
        await work.administrators.lock_managers(customer_id)
        if await work.administrators.has_other_manager(customer_id, leaving.id):
            continue
        (tenant,) = await IdentityRepository(work.connection).tenants([customer_id])
        raise Forbidden(
            f"{leaving.display_name or leaving.name} is the last administrator who can change "
            f"everything in {tenant.name}. Give somebody else this role first."
        )


async def _sign_out(work: UnitOfWork, administrator_id: int, *, but: str = "") -> None:
    """End sessions, all but the one with that digest, and the password link; forget all devices."""
    await ConsoleSessions(work.connection).end_all(administrator_id, but=but)
    await ConsoleDevices(work.connection).forget_all(administrator_id)
    await ConsolePasswordLinks(work.connection).end(administrator_id)


async def get_changeable(
    work: UnitOfWork, administrator_id: int, locked: GrantedAdministrator | None = None
) -> GrantedAdministrator:
    """Return an administrator that this tenant can change, locked. Raises NotFound or Forbidden."""
    require_admin(work)
    administrator = locked or await get_administrator(work, administrator_id, lock=True)
    if administrator.works_elsewhere and work.principal.actor_id not in (
        OPERATOR_ID,
        administrator_id,
    ):
        raise Forbidden(
            f"{administrator.name} also works in other tenants; "
            "only the operator changes the account."
        )
    return administrator


async def _store(
    work: UnitOfWork, before: GrantedAdministrator, after: GrantedAdministrator
) -> GrantedAdministrator:
    values = asdict(after)
    plain = {name: values[name] for name in Administrator.__dataclass_fields__}
    await work.administrators.replace(Administrator(**plain))
    await recording.record_update(work.in_default(), KIND, before, after)
    return after


async def _store_grants(
    work: UnitOfWork, administrator_id: int, grants: Sequence[GrantSpec]
) -> None:
    places = [each.microtenant_id for each in grants]
    if len(set(places)) != len(places):
        raise InvalidField("grants", "Each microtenant is named at most once.")
    named = [each for each in places if each is not None]
    known = await work.microtenants.find_all(named, lock=True)
    for each in named:
        if each not in known:
            raise UnknownReference(each)
    rows = [
        Grant(
            id=work.new_id(),
            administrator_id=administrator_id,
            customer_id=work.scope.customer_id,
            role=each.role,
            microtenant_id=each.microtenant_id,
        )
        for each in grants
    ]
    await work.administrators.replace_grants(administrator_id, work.scope.customer_id, rows)


async def _with_grants(
    work: UnitOfWork, administrators: Sequence[Administrator]
) -> list[GrantedAdministrator]:
    every = await work.administrators.grants(each.id for each in administrators)
    here = work.scope.customer_id
    return [
        GrantedAdministrator(
            **{name: getattr(each, name) for name in Administrator.__dataclass_fields__},
            grants=tuple(
                g for g in every if g.administrator_id == each.id and g.customer_id == here
            ),
            works_elsewhere=any(
                g.administrator_id == each.id and g.customer_id != here for g in every
            ),
        )
        for each in administrators
    ]
