"""Passwords on their way into storage: checked and hashed before a transaction begins.

Hashing is slow on purpose, so it must not happen while a tenant's other writers wait.
"""

from __future__ import annotations

from portico.domain.people.passwords import check_password
from portico.services.people.sign_in import signed_in_applicant
from portico.services.runtime import Runtime


async def hash_password(runtime: Runtime, password: str) -> str:
    """Return the hash of a new password. Raises InvalidField.

    Commands use it, which hash in their own process. A server has a queue (`hash_in_turn`).
    """
    return await runtime.passwords.hash(check_password(password))


async def hash_in_turn(runtime: Runtime, administrator_id: int, password: str) -> str:
    """Return the hash of a new password that a signed-in administrator sets.

    Raises InvalidField, or TooManySignIns when too many administrators set passwords at once.
    """
    check_password(password)
    async with runtime.password_queue.turn(signed_in_applicant(administrator_id)):
        return await runtime.passwords.hash(password)
