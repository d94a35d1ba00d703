"""Passwords on their way into storage: checked and hashed before a transaction begins."""

from __future__ import annotations

from portico.domain.passwords import PasswordHasher, check_password


async def hash_password(passwords: PasswordHasher, password: str) -> str:
    """The stored form of a new password. Raises InvalidField.

    Hashing is slow on purpose, so it must not happen while a tenant's other writers wait.
    """
    return await passwords.hash(check_password(password))
