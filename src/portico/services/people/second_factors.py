"""Use-cases of second factors and recovery codes: added, removed, reset, and required."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from portico.domain.errors import Forbidden, InvalidField, InvalidInput, NotFound
from portico.domain.people.administrators import Administrator
from portico.domain.people.second_factors import (
    CODES_KIND,
    KIND,
    MOST_FACTORS,
    RECOVERY_CODES,
    RULE_KIND,
    NewFactor,
    RecoveryCodes,
    SecondFactor,
    SecondFactorRule,
    new_recovery_codes,
    recovery_digest,
)
from portico.domain.people.sessions import ProvenBy
from portico.services import recording
from portico.services.access import OPERATOR_ID, require_admin, require_whole_tenant
from portico.services.people.administrators import GrantedAdministrator, list_administrators
from portico.services.people.sessions import SignedInAdministrator
from portico.services.work import UnitOfWork
from portico.storage.people.devices import ConsoleDevices
from portico.storage.people.second_factors import (
    PasswordProofs,
    SecondFactorRules,
    SecondFactors,
    StoredRecoveryCodes,
)
from portico.storage.people.sessions import ConsoleSessions
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.tenancy.identity import IdentityRepository


@dataclass(frozen=True, kw_only=True)
class OwnFactors:
    """An administrator's factors, the unused recovery codes, and the tenants that require one."""

    factors: tuple[SecondFactor, ...]
    codes_left: int
    required_by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AddedFactor:
    """A factor that was stored. The first one comes with recovery codes, which are shown once."""

    factor: SecondFactor
    recovery_codes: tuple[str, ...] = field(default=(), repr=False)


async def list_own_factors(
    work: UnitOfWork, cipher: SecretCipher, administrator_id: int
) -> OwnFactors:
    """Return what an administrator has set up."""
    connection = work.connection
    identity = IdentityRepository(connection)
    required_by = []
    for customer_id in await SecondFactorRules(connection).requiring(administrator_id):
        details = await identity.scope_details(customer_id, 0)
        required_by += [details.tenant.name] if details is not None else []
    return OwnFactors(
        factors=tuple(await SecondFactors(connection, cipher).of(administrator_id)),
        codes_left=await StoredRecoveryCodes(connection).left(administrator_id),
        required_by=tuple(required_by),
    )


async def add_factor(
    work: UnitOfWork, cipher: SecretCipher, new: NewFactor, *, session: str = ""
) -> AddedFactor:
    """Store a factor of the caller, who has just proven it and the password.

    The first factor ends the caller's sessions, all but the one with the digest `session`, which
    then counts as proven by a second factor. Raises InvalidInput.
    """
    administrator = await _caller(work)
    factors = SecondFactors(work.connection, cipher)
    existing = await factors.of(administrator.id)
    if len(existing) >= MOST_FACTORS:
        raise InvalidInput(f"You can have {MOST_FACTORS} second factors. Remove one first.")
    if new.credential_id and await factors.has_credential(new.credential_id):
        raise InvalidField("passkey", "This passkey is set up already.")
    values = {name: each for name, each in asdict(new).items() if name != "secret"}
    factor = SecondFactor(
        **values, id=work.new_id(), administrator_id=administrator.id, creation_time=work.now
    )
    await factors.insert(factor, new.secret)
    await recording.record_creation(work.in_default(), KIND, factor)
    sessions = ConsoleSessions(work.connection)
    if session:
        await sessions.prove(session, ProvenBy.SECOND_FACTOR)
    if existing:
        return AddedFactor(factor=factor)
    await sessions.end_all(administrator.id, but=session)
    return AddedFactor(factor=factor, recovery_codes=await _renew_codes(work, administrator))


async def remove_factor(work: UnitOfWork, cipher: SecretCipher, factor_id: int) -> None:
    """Delete a factor of the caller, who has just proven the password.

    With the last one go the recovery codes. Raises NotFound, or InvalidInput for the last factor
    of somebody who must have one.
    """
    administrator = await _caller(work)
    factors = SecondFactors(work.connection, cipher)
    existing = await factors.of(administrator.id)
    removed = next((each for each in existing if each.id == factor_id), None)
    if removed is None:
        raise NotFound(factor_id)
    is_last = len(existing) == 1
    if is_last and await SecondFactorRules(work.connection).requiring(administrator.id):
        raise InvalidInput(
            f"{removed.name} is your last second factor, and you must have one. Add another one "
            "first."
        )
    await factors.remove(removed.id)
    await recording.record_deletion(work.in_default(), KIND, removed)
    if is_last:
        await _forget_codes(work, administrator)


async def renew_recovery_codes(work: UnitOfWork, cipher: SecretCipher) -> tuple[str, ...]:
    """Return new recovery codes of the caller, who has just proven the password.

    The earlier codes become invalid. Raises InvalidInput for somebody without a second factor.
    """
    administrator = await _caller(work)
    if not await SecondFactors(work.connection, cipher).of(administrator.id):
        raise InvalidInput("Set up a second factor first. Recovery codes stand in for it.")
    return await _renew_codes(work, administrator)


async def use_recovery_code(work: UnitOfWork, administrator: Administrator, code: str) -> bool:
    """Use up a recovery code of the caller. Return whether it was one."""
    codes = StoredRecoveryCodes(work.connection)
    left = await codes.left(administrator.id)
    if not await codes.take(administrator.id, recovery_digest(administrator.id, code)):
        return False
    before = _codes(administrator, left)
    after = replace(before, left=left - 1)
    await recording.record_update(work.in_default(), CODES_KIND, before, after)
    return True


async def reset_second_factors(
    work: UnitOfWork, cipher: SecretCipher, administrator: Administrator
) -> int:
    """Delete an administrator's factors and recovery codes, end its sessions, forget its devices.

    Returns the number of factors. Only the operator can do that. Raises Forbidden.
    """
    if work.principal.actor_id != OPERATOR_ID:
        raise Forbidden("Only the operator resets a second factor.")
    await work.administrators.find(administrator.id, lock=True)
    factors = SecondFactors(work.connection, cipher)
    removed = await factors.of(administrator.id)
    if removed:
        await factors.remove(*(each.id for each in removed))
        await recording.record_deletion(work.in_default(), KIND, *removed)
    await _forget_codes(work, administrator)
    await PasswordProofs(work.connection).end_all(administrator.id)
    await ConsoleSessions(work.connection).end_all(administrator.id)
    await ConsoleDevices(work.connection).forget_all(administrator.id)
    return len(removed)


async def is_second_factor_required(work: UnitOfWork) -> bool:
    """Return whether the tenant requires a second factor. Raises Forbidden."""
    require_whole_tenant(work)
    return await SecondFactorRules(work.connection).requires(work.scope.customer_id)


async def require_second_factor(
    work: UnitOfWork, signed_in: SignedInAdministrator, *, required: bool
) -> None:
    """Require a second factor of the tenant's administrators, or no longer.

    This ends the use of sessions by password alone, so the caller's own must be a better one.
    Raises Forbidden or InvalidInput.
    """
    require_admin(work)
    require_whole_tenant(work)
    if required and signed_in.session.proven_by is ProvenBy.PASSWORD:
        raise InvalidInput(
            "Set up a second factor of your own first, and sign in with it. Otherwise this would "
            "sign you out."
        )
    rules = SecondFactorRules(work.connection)
    before = SecondFactorRule(
        id=work.scope.customer_id,
        name="Second factor of administrators",
        second_factor_required=await rules.requires(work.scope.customer_id),
    )
    if before.second_factor_required == required:
        return
    await rules.set(work.scope.customer_id, required=required)
    after = replace(before, second_factor_required=required)
    await recording.record_update(work.in_default(), RULE_KIND, before, after)


async def list_factors_of_administrators(
    work: UnitOfWork, cipher: SecretCipher
) -> list[tuple[GrantedAdministrator, Sequence[SecondFactor]]]:
    """Return the tenant's administrators and their second factors, by name. Raises Forbidden."""
    administrators = await list_administrators(work)
    stored = await SecondFactors(work.connection, cipher).of(*(each.id for each in administrators))
    by_owner: Mapping[int, list[SecondFactor]] = {each.id: [] for each in administrators}
    for factor in stored:
        by_owner[factor.administrator_id].append(factor)
    return [(each, by_owner[each.id]) for each in administrators]


async def _caller(work: UnitOfWork) -> Administrator:
    """Return the caller, locked. Raises NotFound, or Forbidden for one without a password."""
    stored = await work.administrators.find(work.principal.actor_id, lock=True)
    if stored is None:
        raise NotFound(work.principal.actor_id)
    if not stored.password_hash:
        raise Forbidden("This account has no password: a provider signs it in.")
    return stored


async def _renew_codes(work: UnitOfWork, administrator: Administrator) -> tuple[str, ...]:
    codes = new_recovery_codes()
    stored = StoredRecoveryCodes(work.connection)
    before = _codes(administrator, await stored.left(administrator.id))
    digests = [recovery_digest(administrator.id, each) for each in codes]
    await stored.replace(administrator.id, digests)
    after = replace(before, left=RECOVERY_CODES, renewed_time=work.now)
    await recording.record_update(work.in_default(), CODES_KIND, before, after)
    return codes


async def _forget_codes(work: UnitOfWork, administrator: Administrator) -> None:
    stored = StoredRecoveryCodes(work.connection)
    if left := await stored.left(administrator.id):
        await stored.replace(administrator.id, ())
        codes = _codes(administrator, left)
        await recording.record_deletion(work.in_default(), CODES_KIND, codes)


def _codes(administrator: Administrator, left: int) -> RecoveryCodes:
    name = f"Recovery codes of {administrator.display_name or administrator.name}"
    return RecoveryCodes(id=administrator.id, name=name, left=left)
