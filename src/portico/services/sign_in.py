"""Signing people in: by password under the lock-out, or on the word of an OpenID provider.

An unknown name, a wrong password and a disabled account are answered alike and after the same
work. An attempt counts as failed before the password is looked at, so that many at once count too.
"""

from __future__ import annotations

from dataclasses import replace

from portico.domain.administrators import Administrator
from portico.domain.base import NAME_LIMIT, Scope, check_name, fold
from portico.domain.errors import AccessDenied, ConcurrentChange, InvalidField, LockedOut
from portico.domain.identity import Principal, Role
from portico.domain.lockout import Failures, failure_keys, with_failure, without_failure
from portico.domain.passwords import LONGEST_PASSWORD
from portico.domain.providers import IdentityProvider, ProvenPerson
from portico.domain.sessions import ConsoleSession, PortalSession
from portico.domain.users import KIND as USER_KIND
from portico.domain.users import PortalUser
from portico.services import audit
from portico.services.access import open_work
from portico.services.sessions import (
    Gate,
    NewSession,
    open_console_session,
    open_portal_session,
)
from portico.storage.administrators import AdministratorRepository
from portico.storage.connections import Connection
from portico.storage.lockout import SignInFailures
from portico.storage.users import PortalUserRepository

CONSOLE = "console"
COUNTING_TRIES = 8


async def sign_in_administrator(
    gate: Gate, name: str, password: str, *, address: str
) -> NewSession[ConsoleSession]:
    """A session for the administrator with that name and password.

    Raises LockedOut or AccessDenied.
    """
    await _count_attempt(gate, CONSOLE, name, address)
    async with gate.database.read() as connection:
        found = await AdministratorRepository(connection).find_by_name(_findable(name))
    usable = found is not None and found.disabled_time is None
    stored = found.password_hash if found is not None and usable else ""
    if not await _verify(gate, stored, password) or found is None:
        raise AccessDenied
    async with gate.database.transaction() as connection:
        await _forgive_attempt(gate, connection, CONSOLE, name, address)
        return await _admit_administrator(gate, connection, found)


async def prove_password(
    gate: Gate, administrator: Administrator, password: str, *, address: str
) -> None:
    """Makes sure that who is signed in knows the password, under the lock-out of the console.

    Raises LockedOut, or AccessDenied for a wrong password and for an account without one.
    """
    name = administrator.name
    await _count_attempt(gate, CONSOLE, name, address)
    if not await _verify(gate, administrator.password_hash, password):
        raise AccessDenied
    async with gate.database.transaction() as connection:
        await _forgive_attempt(gate, connection, CONSOLE, name, address)


async def sign_in_user(
    gate: Gate, customer_id: int, name: str, password: str, *, address: str
) -> NewSession[PortalSession]:
    """A session for the tenant's portal user with that name and password.

    Raises LockedOut or AccessDenied.
    """
    door = str(customer_id)
    await _count_attempt(gate, door, name, address)
    async with gate.database.read() as connection:
        users = PortalUserRepository(connection, Scope(customer_id=customer_id))
        found = await users.find_by_name(_findable(name))
    stored = found.password_hash if found is not None and found.enabled else ""
    if not await _verify(gate, stored, password) or found is None:
        raise AccessDenied
    async with gate.database.transaction() as connection:
        await _forgive_attempt(gate, connection, door, name, address)
        users = PortalUserRepository(connection, Scope(customer_id=customer_id))
        await users.note_sign_in(replace(found, last_sign_in=gate.now))
        return await open_portal_session(gate, connection, found)


def _findable(name: str) -> str:
    """The name if anybody could have it, else one that nobody has."""
    try:
        return check_name(name)
    except InvalidField:
        return ""


async def _verify(gate: Gate, stored: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        stored, password = "", ""
    return await gate.passwords.verify(stored, password)


async def _count_attempt(gate: Gate, scope: str, account: str, address: str) -> None:
    """Counts an attempt as failed until it succeeds. Raises LockedOut while a lock lasts."""
    for left in reversed(range(COUNTING_TRIES)):
        try:
            async with gate.database.transaction() as connection:
                await _count(SignInFailures(connection), gate.now, scope, account, address)
            return
        except ConcurrentChange:  # another attempt was counted in between: count after it
            if not left:
                raise


async def _count(
    failures: SignInFailures, now: int, scope: str, account: str, address: str
) -> None:
    keys = failure_keys(scope, account, address)
    counted = await failures.find(keys)
    locked_until = max((each.locked_until for each in counted.values()), default=0)
    if locked_until > now:
        raise LockedOut(locked_until - now)
    await failures.store([with_failure(counted.get(key), key, now) for key in keys], now)


async def _forgive_attempt(
    gate: Gate, connection: Connection, scope: str, account: str, address: str
) -> None:
    """Takes back what was counted for an attempt that succeeded, and the account's own failures."""
    failures = SignInFailures(connection)
    counted = await failures.find(failure_keys(scope, account, address))
    left: list[Failures] = []
    for key, each in counted.items():
        left.append(replace(each, failures=0) if key.is_pair else without_failure(each))
    if left:
        await failures.store(left, gate.now)


async def _admit_administrator(
    gate: Gate, connection: Connection, found: Administrator
) -> NewSession[ConsoleSession]:
    administrators = AdministratorRepository(connection)
    if not await administrators.grants([found.id]):
        raise AccessDenied
    await administrators.note_sign_in(found.id, gate.now)
    return await open_console_session(gate, connection, found.id)


async def sign_in_administrator_by_provider(
    gate: Gate, provider: IdentityProvider, person: ProvenPerson
) -> NewSession[ConsoleSession]:
    """A session for the administrator whom a provider vouches for. Raises AccessDenied.

    The first time it is found by its verified e-mail address, if one administrator of the
    provider's tenant, and of no other tenant, has it; from then on by the provider's subject.
    """
    async with gate.database.transaction() as connection:
        administrators = AdministratorRepository(connection)
        found = await administrators.find_by_subject(provider.id, person.subject)
        if found is None:
            found = await _administrator_with_email(administrators, provider, person.email)
            if found is not None:
                found = replace(found, provider_id=provider.id, subject=person.subject)
                await administrators.replace(found)
        if found is None or found.disabled_time is not None:
            raise AccessDenied
        return await _admit_administrator(gate, connection, found)


async def _administrator_with_email(
    administrators: AdministratorRepository, provider: IdentityProvider, email: str
) -> Administrator | None:
    if not email:
        return None
    matching = [
        each
        for each in await administrators.of_tenant(provider.customer_id)
        if fold(each.email) == fold(email)
    ]
    if len(matching) != 1 or matching[0].provider_id is not None:
        return None
    # A tenant's provider must not vouch for those who work in other tenants as well.
    grants = await administrators.grants([matching[0].id])
    return matching[0] if {each.customer_id for each in grants} == {provider.customer_id} else None


async def sign_in_user_by_provider(
    gate: Gate, provider: IdentityProvider, person: ProvenPerson, *, transaction_id: str
) -> NewSession[PortalSession]:
    """A session for the portal user whom a provider vouches for; the first time it makes the user.

    What the provider says of name, e-mail and groups is taken over. Raises AccessDenied.
    """
    scope = Scope(customer_id=provider.customer_id)
    async with gate.database.read() as connection:
        found = await PortalUserRepository(connection, scope).find_by_subject(
            provider.id, person.subject
        )
    if found is None:
        return await _admit_new_user(gate, provider, person, transaction_id)
    if not found.enabled:
        raise AccessDenied
    async with gate.database.transaction() as connection:
        user = replace(
            found,
            display_name=person.display_name or found.display_name,
            email=person.email or found.email,
            claimed_groups=person.groups,
            last_sign_in=gate.now,
        )
        await PortalUserRepository(connection, scope).note_sign_in(user)
        return await open_portal_session(gate, connection, user)


async def _admit_new_user(
    gate: Gate, provider: IdentityProvider, person: ProvenPerson, transaction_id: str
) -> NewSession[PortalSession]:
    scope, now = Scope(customer_id=provider.customer_id), gate.now
    async with gate.database.write(provider.customer_id) as connection:
        users = PortalUserRepository(connection, scope)
        user_id = gate.new_id()
        user = PortalUser(
            customer_id=provider.customer_id,
            id=user_id,
            creation_time=now,
            modified_time=now,
            modified_by=user_id,
            name=await _free_name(users, provider, person),
            display_name=person.display_name,
            email=person.email,
            provider_id=provider.id,
            subject=person.subject,
            claimed_groups=person.groups,
            last_sign_in=now,
        )
        await users.insert(user)
        principal = Principal(
            actor_id=user_id, customer_id=user.customer_id, role=Role.VIEWER, microtenant_id=None
        )
        work = await open_work(
            connection, principal, now=now, new_id=gate.new_id, transaction_id=transaction_id
        )
        await audit.record_creation(work, USER_KIND, user)
        return await open_portal_session(gate, connection, user)


async def _free_name(
    users: PortalUserRepository, provider: IdentityProvider, person: ProvenPerson
) -> str:
    """A name that no user has: one who signed up elsewhere must not be taken for the holder."""
    wanted = (person.name or person.email or person.subject)[: NAME_LIMIT // 2].strip()
    name, number = wanted, 1
    while await users.find_by_name(name) is not None:
        suffix = "" if number == 1 else f" {number}"
        name, number = f"{wanted} ({provider.name[: NAME_LIMIT // 3]}{suffix})", number + 1
    return name
