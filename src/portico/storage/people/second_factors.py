"""Stored second factors, recovery codes, proofs of passwords, and which tenants require a factor.

They belong to administrators, so no tenant owns them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Delete, Select, bindparam, delete, func, select, update

from portico.domain.people.second_factors import PasswordProof, SecondFactor
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, cached, insert_into
from portico.storage.schema.people_tables import (
    administrator_grant,
    password_proof,
    recovery_code,
    second_factor,
    second_factor_rule,
)
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.secrets.secrets import FACTOR_SECRET, SecretKeyRepository

_COLUMNS = [each for each in second_factor.c if each is not FACTOR_SECRET.column]


class SecondFactors:
    """The second factors of administrators."""

    def __init__(self, connection: Connection, cipher: SecretCipher) -> None:
        self._connection = connection
        self._cipher = cipher

    async def of(self, *administrator_ids: int) -> list[SecondFactor]:
        """Return the factors of administrators, oldest first."""
        rows = await self._connection.rows(_factors(), {"requested": sorted(administrator_ids)})
        return [SecondFactor(**row._asdict()) for row in rows]

    async def secret(self, factor: SecondFactor) -> str:
        """Return the decrypted secret of a factor. Raises SecretError."""
        mine = second_factor.c.id == factor.id
        rows = await self._connection.rows(select(FACTOR_SECRET.column).where(mine))
        return self._cipher.decrypt(FACTOR_SECRET.location(vars(factor)), rows[0].secret)

    async def has_credential(self, credential_id: str) -> bool:
        """Return whether a passkey is stored already, for whomever."""
        same = second_factor.c.credential_id == credential_id
        return bool(await self._connection.rows(select(second_factor.c.id).where(same)))

    async def insert(self, factor: SecondFactor, secret: str) -> None:
        """Store a new factor and its secret, encrypted. Raises SecretError."""
        row = asdict(factor)
        keys = SecretKeyRepository(self._connection, self._cipher)
        sealed = await keys.encrypt(FACTOR_SECRET, row, secret)
        await self._connection.run(insert_into(second_factor), [row | {"secret": sealed}])

    async def replace_secret(self, administrator_id: int, factor_id: int, secret: str) -> None:
        """Store another secret, encrypted. Raises SecretError."""
        row = {"administrator_id": administrator_id, "id": factor_id}
        keys = SecretKeyRepository(self._connection, self._cipher)
        sealed = await keys.encrypt(FACTOR_SECRET, row, secret)
        statement = update(second_factor).where(second_factor.c.id == factor_id)
        await self._connection.run(statement.values(secret=sealed))

    async def note_use(self, factor: SecondFactor, counter: int, now: int) -> bool:
        """Store a use and the new counter. False if another use was as far a moment ago.

        A counter of 0 is that of a passkey that does not count.
        """
        behind = second_factor.c.counter < counter if counter else second_factor.c.counter == 0
        statement = update(second_factor).where(second_factor.c.id == factor.id, behind)
        return bool(await self._connection.run(statement.values(counter=counter, last_used=now)))

    async def remove(self, *factor_ids: int) -> None:
        """Delete factors."""
        await self._connection.run(delete(second_factor).where(second_factor.c.id.in_(factor_ids)))


class StoredRecoveryCodes:
    """The unused recovery codes of administrators, as digests."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def left(self, administrator_id: int) -> int:
        """Return the number of unused codes."""
        statement = select(func.count()).select_from(recovery_code)
        mine = recovery_code.c.administrator_id == administrator_id
        rows = await self._connection.rows(statement.where(mine))
        return int(rows[0][0])

    async def replace(self, administrator_id: int, digests: Iterable[str]) -> None:
        """Store new codes in place of all others; none to delete them."""
        mine = recovery_code.c.administrator_id == administrator_id
        await self._connection.run(delete(recovery_code).where(mine))
        rows = [{"administrator_id": administrator_id, "digest": each} for each in digests]
        if rows:
            await self._connection.run(insert_into(recovery_code), rows)

    async def take(self, administrator_id: int, digest: str) -> bool:
        """Delete a code. Return whether it existed."""
        values = {"administrator_id": administrator_id, "digest": digest}
        return bool(await self._connection.run(_taken(), values))


class PasswordProofs:
    """The proofs of passwords, for a few minutes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, proof: PasswordProof, now: int) -> None:
        """Store a proof, and delete those that have expired."""
        await self._connection.run(delete(password_proof).where(password_proof.c.expires <= now))
        await self._connection.run(insert_into(password_proof), [asdict(proof)])

    async def find(self, digest: str) -> PasswordProof | None:
        """Return the proof with that digest, expired or not, or None."""
        rows = await self._connection.rows(_proof(), {"digest": digest})
        return PasswordProof(**rows[0]._asdict()) if rows else None

    async def challenge(self, digest: str, challenge: str) -> None:
        """Store what a passkey must sign next."""
        statement = update(password_proof).where(password_proof.c.digest == digest)
        await self._connection.run(statement.values(challenge=challenge))

    async def end(self, proof: PasswordProof) -> bool:
        """Delete a proof. False if it was used, or its challenge replaced, a moment ago."""
        values = {"digest": proof.digest, "challenge": proof.challenge}
        return bool(await self._connection.run(_ended(), values))

    async def end_all(self, administrator_id: int) -> None:
        """Delete the proofs of an administrator."""
        mine = password_proof.c.administrator_id == administrator_id
        await self._connection.run(delete(password_proof).where(mine))


class SecondFactorRules:
    """The tenants that require a second factor of their administrators."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def requires(self, customer_id: int) -> bool:
        """Return whether a tenant requires a second factor."""
        mine = second_factor_rule.c.tenant_id == customer_id
        return bool(await self._connection.rows(select(second_factor_rule).where(mine)))

    async def requiring(self, administrator_id: int) -> list[int]:
        """Return the tenants of an administrator that require a second factor."""
        values = {"administrator_id": administrator_id}
        return [row.tenant_id for row in await self._connection.rows(_requiring(), values)]

    async def set(self, customer_id: int, *, required: bool) -> None:
        """Store whether a tenant requires a second factor."""
        mine = second_factor_rule.c.tenant_id == customer_id
        await self._connection.run(delete(second_factor_rule).where(mine))
        if required:
            await self._connection.run(
                insert_into(second_factor_rule), [{"tenant_id": customer_id}]
            )


async def forget_second_factors(connection: Connection, administrator_id: int) -> None:
    """Delete the factors, recovery codes and proofs of an administrator who is deleted."""
    for owned in (second_factor, recovery_code, password_proof):
        await connection.run(delete(owned).where(owned.c.administrator_id == administrator_id))


@cached
def _factors() -> Select[Any]:
    among = Among(second_factor.c.administrator_id, "requested")
    return select(*_COLUMNS).where(among).order_by(second_factor.c.id)


@cached
def _taken() -> Delete:
    return delete(recovery_code).where(
        recovery_code.c.administrator_id == bindparam("administrator_id"),
        recovery_code.c.digest == bindparam("digest"),
    )


@cached
def _proof() -> Select[Any]:
    return select(password_proof).where(password_proof.c.digest == bindparam("digest"))


@cached
def _ended() -> Delete:
    return delete(password_proof).where(
        password_proof.c.digest == bindparam("digest"),
        password_proof.c.challenge == bindparam("challenge"),
    )


@cached
def _requiring() -> Select[Any]:
    granted = select(administrator_grant.c.customer_id).where(
        administrator_grant.c.administrator_id == bindparam("administrator_id")
    )
    chosen = select(second_factor_rule.c.tenant_id)
    return chosen.where(second_factor_rule.c.tenant_id.in_(granted)).order_by(
        second_factor_rule.c.tenant_id
    )
