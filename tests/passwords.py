"""Hashing of passwords that costs tests next to nothing."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import CHEAPEST

from tests.secret_watch import secret_watch


class QuickPasswords:
    """Argon2id at its cheapest.

    A stored hash says how it was made, so a server verifies one of these as quickly. What a server
    hashes itself, and how long it takes over unknown names, stays as it is for everybody.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(CHEAPEST)

    async def hash(self, password: str) -> str:
        """The form in which a password is stored, salt included."""
        secret_watch().learn(password)
        return self._hasher.hash(password)

    async def verify(self, stored: str, password: str) -> bool:
        """Whether the password is the stored one."""
        try:
            return bool(stored) and self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False


QUICK_PASSWORDS = QuickPasswords()
