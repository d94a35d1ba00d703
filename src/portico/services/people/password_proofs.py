"""Proofs of passwords: what a right password gives while something else is still asked for.

A proof is not a session. It is valid for ten minutes, in one browser, while the password and the
account stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from portico.domain.people.administrators import Administrator
from portico.domain.people.second_factors import PasswordProof
from portico.domain.people.sessions import new_token, token_digest
from portico.services.runtime import Runtime
from portico.storage.engine.connections import Connection
from portico.storage.people.administrators import AdministratorRepository
from portico.storage.people.second_factors import PasswordProofs

PROOF_SECONDS = 10 * 60


@dataclass(frozen=True, kw_only=True)
class NewPasswordProof:
    """A proof that was opened just now. Only the browser keeps the token."""

    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Prover:
    """The administrator of a valid proof."""

    proof: PasswordProof
    administrator: Administrator


async def open_password_proof(
    runtime: Runtime, connection: Connection, administrator: Administrator, bound_to: str
) -> NewPasswordProof:
    """Store a proof for an administrator who has just proven the password.

    `bound_to` is another secret of the browser, which must come with the token.
    """
    token, now = new_token(), runtime.now
    proof = PasswordProof(
        digest=token_digest(token),
        administrator_id=administrator.id,
        browser=token_digest(bound_to),
        password=token_digest(administrator.password_hash),
        challenge=new_token(),
        expires=now + PROOF_SECONDS,
    )
    await PasswordProofs(connection).add(proof, now)
    return NewPasswordProof(token=token)


async def find_prover(
    runtime: Runtime, connection: Connection, token: str, bound_to: str, *, lock: bool = False
) -> Prover | None:
    """Return the administrator of a proof, locked if asked.

    None stands for a proof that is unknown, expired or another browser's, for another password,
    and for a disabled account.
    """
    if not token or not bound_to:
        return None
    proof = await PasswordProofs(connection).find(token_digest(token))
    if proof is None or runtime.now >= proof.expires or proof.browser != token_digest(bound_to):
        return None
    administrators = AdministratorRepository(connection)
    administrator = await administrators.find(proof.administrator_id, lock=lock)
    if administrator is None or administrator.disabled_time is not None:
        return None
    if proof.password != token_digest(administrator.password_hash):
        return None
    return Prover(proof=proof, administrator=administrator)


async def renew_challenge(runtime: Runtime, proof: PasswordProof) -> str:
    """Store and return what a passkey must sign next. Earlier challenges become invalid."""
    challenge = new_token()
    async with runtime.database.transaction() as connection:
        await PasswordProofs(connection).challenge(proof.digest, challenge)
    return challenge
