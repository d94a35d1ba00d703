"""The second half of a sign-in to the console: from a proof of the password to a session.

Wrong answers count under a lock-out of their own, as wrong passwords do. A right password does not
reset it, so knowing the password does not help to guess the code.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from portico.domain.errors import AccessDenied
from portico.domain.people.administrators import Administrator
from portico.domain.people.second_factors import (
    FactorMethod,
    NewFactor,
    SecondFactor,
    matching_step,
)
from portico.domain.people.sessions import ConsoleSession, ProvenBy
from portico.domain.tenancy.identity import Principal
from portico.services.access import open_work, scope_access
from portico.services.people.passkeys import RelyingParty, verify_use
from portico.services.people.password_proofs import Prover, find_prover
from portico.services.people.second_factors import (
    AddedFactor,
    OwnFactors,
    add_factor,
    list_own_factors,
    use_recovery_code,
)
from portico.services.people.sessions import NewSession
from portico.services.people.sign_in import (
    Attempt,
    Browser,
    admit_administrator,
    begin_guess,
    forgive,
)
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection
from portico.storage.people.administrators import AdministratorRepository
from portico.storage.people.second_factors import PasswordProofs, SecondFactors
from portico.storage.secrets.secret_keys import SecretError

SCOPE = "console second factor"

logger = logging.getLogger("portico")


class PasswordProofExpired(AccessDenied):
    """The password must be proven again: too much time has passed, or the account has changed."""

    def __init__(self) -> None:
        super().__init__("The sign-in took too long. Sign in again.")


@dataclass(frozen=True, kw_only=True)
class PendingSignIn:
    """Somebody who has proven a password, and the second factors to choose from."""

    prover: Prover
    own: OwnFactors

    @property
    def must_set_up(self) -> bool:
        """Whether there is no factor yet, so that one must be set up now."""
        return not self.own.factors


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What somebody answers: one of a code of an app, a recovery code, and a passkey's answer."""

    code: str = field(default="", repr=False)
    recovery_code: str = field(default="", repr=False)
    passkey: str = field(default="", repr=False)
    party: RelyingParty | None = None


async def find_pending_sign_in(
    runtime: Runtime, token: str, browser: Browser, *, transaction_id: str
) -> PendingSignIn:
    """Return the sign-in that a proof began in the browser. Raises PasswordProofExpired."""
    prover = await _prover(runtime, token, browser)
    async with runtime.database.read() as connection:
        work = await _work_of(runtime, connection, prover.administrator, transaction_id)
        own = await list_own_factors(work, runtime.cipher, prover.administrator.id)
    return PendingSignIn(prover=prover, own=own)


async def finish_sign_in(
    runtime: Runtime, token: str, browser: Browser, answer: Answer, *, transaction_id: str
) -> NewSession[ConsoleSession]:
    """Open a session for the administrator of a proof who answers with a second factor.

    Raises PasswordProofExpired, LockedOut before the answer is looked at, or AccessDenied.
    """
    prover = await _prover(runtime, token, browser)
    attempt = await begin_guess(runtime, SCOPE, prover.administrator, browser)
    if answer.recovery_code:
        async with _writing_as(runtime, prover.administrator, transaction_id) as work:
            if not await use_recovery_code(work, prover.administrator, answer.recovery_code):
                raise AccessDenied
            return await _admit(runtime, work.connection, token, browser, prover, attempt)
    used = await _passkey_use(runtime, prover, answer) if answer.passkey else None
    async with runtime.database.transaction() as connection:
        used = used or await _app_use(runtime, connection, prover, answer.code)
        factors = SecondFactors(connection, runtime.cipher)
        if used is None or not await factors.note_use(*used, runtime.now):
            raise AccessDenied
        return await _admit(runtime, connection, token, browser, prover, attempt)


async def set_up_and_sign_in(
    runtime: Runtime, token: str, browser: Browser, new: NewFactor, *, transaction_id: str
) -> tuple[NewSession[ConsoleSession], AddedFactor]:
    """Store the first factor of the administrator of a proof, and open a session.

    Raises PasswordProofExpired, also for somebody who has a factor already, or InvalidInput.
    """
    prover = await _prover(runtime, token, browser)
    async with _writing_as(runtime, prover.administrator, transaction_id) as work:
        factors = SecondFactors(work.connection, runtime.cipher)
        await work.administrators.find(prover.administrator.id, lock=True)
        if await factors.of(prover.administrator.id):
            raise PasswordProofExpired
        added = await add_factor(work, runtime.cipher, new)
        opened = await _admit(runtime, work.connection, token, browser, prover, None)
    return opened, added


async def _prover(runtime: Runtime, token: str, browser: Browser) -> Prover:
    async with runtime.database.read() as connection:
        prover = await find_prover(runtime, connection, token, browser.token)
    if prover is None:
        raise PasswordProofExpired
    return prover


async def _passkey_use(
    runtime: Runtime, prover: Prover, answer: Answer
) -> tuple[SecondFactor, int]:
    """Return the passkey that signed the challenge of the proof, and its new counter."""
    party = answer.party
    if party is None:
        raise AccessDenied
    async with runtime.database.read() as connection:
        passkeys = await _readable(runtime, connection, prover, FactorMethod.PASSKEY)
    stored = [(each, data) for each, data in passkeys if each.host == party.host]
    return await verify_use(party, prover.proof.challenge, answer.passkey, stored)


async def _app_use(
    runtime: Runtime, connection: Connection, prover: Prover, code: str
) -> tuple[SecondFactor, int] | None:
    """Return the authenticator app that shows a code, and the time step of the code."""
    for app, secret in await _readable(runtime, connection, prover, FactorMethod.APP):
        step = matching_step(secret, code, runtime.now, after=app.counter)
        if step is not None:
            return app, step
    return None


async def _readable(
    runtime: Runtime, connection: Connection, prover: Prover, method: FactorMethod
) -> list[tuple[SecondFactor, str]]:
    """Return the administrator's factors of one kind with their secrets.

    Logs a factor whose secret does not decrypt and leaves it out, so that the others still work.
    """
    factors = SecondFactors(connection, runtime.cipher)
    readable = []
    for each in await factors.of(prover.administrator.id):
        if each.method is method:
            try:
                readable.append((each, await factors.secret(each)))
            except SecretError as error:
                logger.error("Second factor %s cannot be used. %s", each.id, error.reason)
    return readable


async def _admit(
    runtime: Runtime,
    connection: Connection,
    token: str,
    browser: Browser,
    prover: Prover,
    attempt: Attempt | None,
) -> NewSession[ConsoleSession]:
    """Use the proof up, which must still be as it was, and open the session."""
    current = await find_prover(runtime, connection, token, browser.token, lock=True)
    if current is None or not await PasswordProofs(connection).end(prover.proof):
        raise PasswordProofExpired
    if attempt is not None:
        await forgive(runtime, connection, attempt)
    return await admit_administrator(
        runtime, connection, current.administrator, browser, proven_by=ProvenBy.SECOND_FACTOR
    )


@asynccontextmanager
async def _writing_as(
    runtime: Runtime, administrator: Administrator, transaction_id: str
) -> AsyncIterator[UnitOfWork]:
    """Open a unit of work of an administrator in the first tenant of its grants."""
    async with runtime.database.read() as connection:
        customer_id = (await _principal(connection, administrator)).customer_id
    async with runtime.database.write(customer_id) as connection:
        yield await _work_of(runtime, connection, administrator, transaction_id)


async def _work_of(
    runtime: Runtime, connection: Connection, administrator: Administrator, transaction_id: str
) -> UnitOfWork:
    access = await scope_access(connection, await _principal(connection, administrator))
    return open_work(runtime, connection, access, transaction_id=transaction_id)


async def _principal(connection: Connection, administrator: Administrator) -> Principal:
    """Return an administrator as the caller in its first tenant. Raises PasswordProofExpired."""
    grants = await AdministratorRepository(connection).grants([administrator.id])
    if not grants:
        raise PasswordProofExpired
    return Principal(
        actor_id=administrator.id,
        customer_id=grants[0].customer_id,
        role=grants[0].role,
        microtenant_id=grants[0].microtenant_id,
    )
