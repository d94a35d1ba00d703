"""Signing people in: by password under the lock-out, or on the word of an OpenID provider.

An unknown name, a wrong password and a disabled account are answered alike and after the same
work. An attempt counts as failed before the password is looked at, so that many at once count too.
What was proven is checked again in the transaction that opens the session.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from portico.domain.errors import AccessDenied, ConcurrentChange, InvalidField, LockedOut
from portico.domain.people.administrators import Administrator
from portico.domain.people.lockout import (
    FailureKey,
    Failures,
    account_digest,
    address_block,
    address_network,
    failure_keys,
    with_failure,
    without_failure,
)
from portico.domain.people.passwords import LONGEST_PASSWORD
from portico.domain.people.providers import IdentityProvider, ProvenPerson
from portico.domain.people.sessions import ConsoleSession, PortalSession, ProvenBy, token_digest
from portico.domain.people.users import KIND as USER_KIND
from portico.domain.people.users import PortalUser
from portico.domain.records import NAME_LIMIT, Scope, check_name, fold
from portico.domain.tenancy.identity import Principal, Role
from portico.services import recording
from portico.services.access import open_work, scope_access
from portico.services.password_queue import Applicant
from portico.services.people.password_proofs import NewPasswordProof, open_password_proof
from portico.services.people.sessions import (
    NewSession,
    open_console_session,
    open_portal_session,
)
from portico.services.runtime import Runtime
from portico.storage.engine.connections import Connection
from portico.storage.people.administrators import AdministratorRepository
from portico.storage.people.devices import ConsoleDevices, KnownDevices, PortalDevices
from portico.storage.people.lockout import SignInFailures
from portico.storage.people.providers import ProviderRepository
from portico.storage.people.second_factors import SecondFactorRules, SecondFactors
from portico.storage.people.users import PortalUserRepository

CONSOLE = "console"
COUNTING_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class Browser:
    """The browser that asks to sign somebody in.

    `device` is the token that it got at an earlier sign-in, or empty, and `token` the token of its
    forms. `arrival` is its request's number in the queue for passwords. `left` returns when it
    closes the connection.
    """

    address: str
    device: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    arrival: int | None = None
    left: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt to prove a password: what its failure counts for, and its place in the queue."""

    keys: tuple[FailureKey, ...]
    applicant: Applicant


async def sign_in_administrator(
    runtime: Runtime, name: str, password: str, browser: Browser
) -> NewSession[ConsoleSession] | NewPasswordProof:
    """Open a session for the administrator with that name and password.

    An administrator who has a second factor, or must have one, gets a proof of the password
    instead, which `second_factor_sign_in` accepts. Raises LockedOut, AccessDenied, or
    TooManySignIns before the password is looked at.
    """
    async with runtime.database.read() as connection:
        administrator = await AdministratorRepository(connection).find_by_name(_findable(name))
        device = await _known_device(runtime, ConsoleDevices(connection), browser, administrator)
    usable = administrator is not None and administrator.disabled_time is None
    stored = administrator.password_hash if administrator is not None and usable else ""
    attempt = _attempt(CONSOLE, name, browser, device)
    await _prove(runtime, attempt, browser, stored, password)
    async with runtime.database.transaction() as connection:
        await forgive(runtime, connection, attempt)
        current = (
            await AdministratorRepository(connection).find(administrator.id)
            if administrator
            else None
        )
        if current is None or current.disabled_time is not None or current.password_hash != stored:
            raise AccessDenied
        if await _needs_second_factor(runtime, connection, current.id):
            await _require_grants(connection, current)
            return await open_password_proof(runtime, connection, current, browser.token)
        return await admit_administrator(
            runtime, connection, current, browser, proven_by=ProvenBy.PASSWORD
        )


async def _needs_second_factor(
    runtime: Runtime, connection: Connection, administrator_id: int
) -> bool:
    """Return whether an administrator has a second factor, or must set one up."""
    if await SecondFactors(connection, runtime.cipher).of(administrator_id):
        return True
    return bool(await SecondFactorRules(connection).requiring(administrator_id))


async def prove_password(
    runtime: Runtime, administrator: Administrator, password: str, browser: Browser
) -> None:
    """Make sure that a signed-in administrator knows the password, under the console's lock-out.

    Raises LockedOut, TooManySignIns, or AccessDenied, also for an account without a password.
    """
    async with runtime.database.read() as connection:
        device = await _known_device(runtime, ConsoleDevices(connection), browser, administrator)
    attempt = _attempt(CONSOLE, administrator.name, browser, device)
    attempt = replace(attempt, applicant=signed_in_applicant(administrator.id))
    await _prove(runtime, attempt, browser, administrator.password_hash, password)
    async with runtime.database.transaction() as connection:
        await forgive(runtime, connection, attempt)


@asynccontextmanager
async def attempt_by_link(runtime: Runtime, scope: str, browser: Browser) -> AsyncIterator[None]:
    """Hold a turn to hash the password of somebody who has a password link and no name to type.

    The attempt counts as failed for the browser's address, like a sign-in in the same scope, until
    the block ends without an error. Raises LockedOut or TooManySignIns.
    """
    block = address_block(browser.address)
    attempt = Attempt(
        keys=(FailureKey(scope=scope, address=block),),
        applicant=Applicant(
            known=False,
            groups=(block, address_network(browser.address)),
            arrival=browser.arrival,
        ),
    )
    async with runtime.password_queue.turn(attempt.applicant, browser.left):
        await _count_attempt(runtime, attempt.keys)
        yield
    async with runtime.database.transaction() as connection:
        await forgive(runtime, connection, attempt)


async def sign_in_user(
    runtime: Runtime, customer_id: int, name: str, password: str, browser: Browser
) -> NewSession[PortalSession]:
    """Open a session for the tenant's portal user with that name and password.

    Raises LockedOut, AccessDenied, or TooManySignIns before the password is looked at.
    """
    scope = Scope(customer_id=customer_id)
    # Read before taking a turn: a tenant whose database does not answer must not hold one.
    async with runtime.database.read(customer_id) as connection:
        user = await PortalUserRepository(connection, scope).find_by_name(_findable(name))
        devices = PortalDevices(connection, customer_id)
        device = await _known_device(runtime, devices, browser, user)
    stored = user.password_hash if user is not None and user.enabled else ""
    attempt = _attempt(str(customer_id), name, browser, device)
    await _prove(runtime, attempt, browser, stored, password)
    async with runtime.database.transaction(customer_id) as connection:
        await forgive(runtime, connection, attempt)
        users = PortalUserRepository(connection, scope)
        current = await users.find(user.id, lock=True) if user else None
        if current is None or not current.enabled or current.password_hash != stored:
            raise AccessDenied
        await users.note_sign_in(replace(current, last_sign_in=runtime.now))
        return await open_portal_session(
            runtime, connection, current, earlier_device=browser.device
        )


def signed_in_applicant(administrator_id: int) -> Applicant:
    """Return the applicant for a signed-in administrator who needs a turn to hash a password."""
    return Applicant(known=True, groups=(f"administrator {administrator_id}",))


def _findable(name: str) -> str:
    """Return the name, or a placeholder if it cannot exist, so that timing does not reveal it."""
    try:
        return check_name(name)
    except InvalidField:
        return ""


async def _known_device(
    runtime: Runtime,
    devices: KnownDevices,
    browser: Browser,
    account: Administrator | PortalUser | None,
) -> str:
    """Return the digest of the browser's device if the account knows it, else an empty text."""
    if not browser.device or account is None:
        return ""
    digest = token_digest(browser.device)
    return digest if await devices.owner_of(digest, runtime.now) == account.id else ""


def _attempt(scope: str, account: str, browser: Browser, device: str) -> Attempt:
    """Return a sign-in attempt. `device` is the digest of a known device, or empty."""
    strangers = (
        address_block(browser.address),
        address_network(browser.address),
        f"{scope} {account_digest(account)}",
    )
    return Attempt(
        keys=failure_keys(scope, account, browser.address, device=device),
        applicant=Applicant(
            known=bool(device),
            groups=(f"device {device}",) if device else strangers,
            arrival=browser.arrival,
        ),
    )


async def _prove(
    runtime: Runtime, attempt: Attempt, browser: Browser, stored: str, password: str
) -> None:
    """Verify a password when it is its turn. Raises LockedOut, AccessDenied or TooManySignIns."""
    if len(password) > LONGEST_PASSWORD:
        stored, password = "", ""
    async with runtime.password_queue.turn(attempt.applicant, browser.left):
        await _count_attempt(runtime, attempt.keys)
        if not await runtime.passwords.verify(stored, password):
            raise AccessDenied


async def begin_guess(
    runtime: Runtime, scope: str, administrator: Administrator, browser: Browser
) -> Attempt:
    """Count an attempt of an administrator in a scope of its own as failed until it succeeds.

    Raises LockedOut while a lock lasts. `forgive` uncounts it.
    """
    async with runtime.database.read() as connection:
        device = await _known_device(runtime, ConsoleDevices(connection), browser, administrator)
    attempt = _attempt(scope, administrator.name, browser, device)
    await _count_attempt(runtime, attempt.keys)
    return attempt


async def _count_attempt(runtime: Runtime, keys: tuple[FailureKey, ...]) -> None:
    """Count an attempt as failed until it succeeds. Raises LockedOut while a lock lasts."""
    for left in reversed(range(COUNTING_TRIES)):
        try:
            async with runtime.database.transaction() as connection:
                failures = SignInFailures(connection)
                counted = await failures.find(keys)
                locked_until = max((each.locked_until for each in counted.values()), default=0)
                if locked_until > runtime.now:
                    raise LockedOut(locked_until - runtime.now)
                more = [with_failure(counted.get(key), key, runtime.now) for key in keys]
                await failures.store(more, runtime.now)
            return
        except ConcurrentChange:  # another attempt was counted in between: count after it
            if not left:
                raise


async def forgive(runtime: Runtime, connection: Connection, attempt: Attempt) -> None:
    """Uncount an attempt that succeeded, and reset the account's failures."""
    failures = SignInFailures(connection)
    counted = await failures.find(attempt.keys)
    left: list[Failures] = []
    for key, each in counted.items():
        left.append(replace(each, failures=0) if key.is_pair else without_failure(each))
    if left:
        await failures.store(left, runtime.now)


async def admit_administrator(
    runtime: Runtime,
    connection: Connection,
    administrator: Administrator,
    browser: Browser,
    *,
    proven_by: ProvenBy,
) -> NewSession[ConsoleSession]:
    """Open a session for an administrator in force. Raises AccessDenied for one without grants."""
    await _require_grants(connection, administrator)
    await AdministratorRepository(connection).note_sign_in(administrator.id, runtime.now)
    return await open_console_session(
        runtime,
        connection,
        administrator.id,
        proven_by=proven_by,
        earlier_device=browser.device,
    )


async def _require_grants(connection: Connection, administrator: Administrator) -> None:
    if not await AdministratorRepository(connection).grants([administrator.id]):
        raise AccessDenied


async def sign_in_administrator_by_provider(
    runtime: Runtime, person: ProvenPerson, browser: Browser
) -> NewSession[ConsoleSession]:
    """Open a session for the administrator whom a provider vouches for.

    The first time it is found by its verified e-mail address, if one administrator of the
    provider's tenant, and of no other tenant, has it; from then on by the provider's subject.
    Raises AccessDenied, also when the provider must not sign administrators in.
    """
    async with runtime.database.transaction() as connection:
        provider = await ProviderRepository(connection).find(person.provider_id, lock=True)
        if provider is None or not provider.signs_into_console:
            raise AccessDenied
        administrators = AdministratorRepository(connection)
        administrator = await administrators.find_by_subject(provider.id, person.subject)
        if administrator is None:
            administrator = await _administrator_with_email(administrators, provider, person.email)
            if administrator is not None:
                administrator = replace(
                    administrator, provider_id=provider.id, subject=person.subject
                )
                await administrators.replace(administrator)
        if administrator is None or administrator.disabled_time is not None:
            raise AccessDenied
        return await admit_administrator(
            runtime, connection, administrator, browser, proven_by=ProvenBy.PROVIDER
        )


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
    # A tenant's provider must not sign in people who also work in other tenants.
    grants = await administrators.grants([matching[0].id])
    return matching[0] if {each.customer_id for each in grants} == {provider.customer_id} else None


async def sign_in_user_by_provider(
    runtime: Runtime,
    customer_id: int,
    person: ProvenPerson,
    browser: Browser,
    *,
    transaction_id: str,
) -> NewSession[PortalSession]:
    """Open a session at a tenant's portals for the user whom a provider vouches for.

    The first sign-in creates the user. What the provider says of name, e-mail and groups is stored.
    Raises AccessDenied, also when the provider must not sign in at portals of this tenant.
    """
    scope = Scope(customer_id=customer_id)
    async with runtime.database.transaction(customer_id) as connection:
        provider = await _provider_of_portals(connection, customer_id, person)
        users = PortalUserRepository(connection, scope)
        stored = await users.find_by_subject(provider.id, person.subject)
        if stored is not None:
            if not stored.enabled:
                raise AccessDenied
            user = replace(
                stored,
                display_name=person.display_name or stored.display_name,
                email=person.email or stored.email,
                claimed_groups=person.groups,
                last_sign_in=runtime.now,
            )
            await users.note_sign_in(user)
            return await open_portal_session(
                runtime, connection, user, earlier_device=browser.device
            )
    return await _admit_new_user(runtime, customer_id, person, browser, transaction_id)


async def _provider_of_portals(
    connection: Connection, customer_id: int, person: ProvenPerson
) -> IdentityProvider:
    """Return the person's provider if it signs in to the tenant's portals. Raises AccessDenied."""
    provider = await ProviderRepository(connection).find(person.provider_id, lock=True)
    if provider is None or not provider.signs_into_portals_of(customer_id):
        raise AccessDenied
    return provider


async def _admit_new_user(
    runtime: Runtime, customer_id: int, person: ProvenPerson, browser: Browser, transaction_id: str
) -> NewSession[PortalSession]:
    scope, now = Scope(customer_id=customer_id), runtime.now
    async with runtime.database.write(customer_id) as connection:
        provider = await _provider_of_portals(connection, customer_id, person)
        users = PortalUserRepository(connection, scope)
        user_id = runtime.new_id()
        user = PortalUser(
            customer_id=customer_id,
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
            actor_id=user_id, customer_id=customer_id, role=Role.VIEWER, microtenant_id=None
        )
        access = await scope_access(connection, principal)
        work = open_work(runtime, connection, access, transaction_id=transaction_id)
        await recording.record_creation(work, USER_KIND, user)
        return await open_portal_session(runtime, connection, user, earlier_device=browser.device)


async def _free_name(
    users: PortalUserRepository, provider: IdentityProvider, person: ProvenPerson
) -> str:
    """Return a name that no user has, so that a new user is not taken for an existing one."""
    requested = (person.name or person.email or person.subject)[: NAME_LIMIT // 2].strip()
    name, number = requested, 1
    while await users.find_by_name(name) is not None:
        suffix = "" if number == 1 else f" {number}"
        name, number = f"{requested} ({provider.name[: NAME_LIMIT // 3]}{suffix})", number + 1
    return name
