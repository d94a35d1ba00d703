"""Argon2id for people's passwords, on threads, a few at a time."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

AT_ONCE = 2
"""Hashes that one process makes at once: each takes 64 MiB and all of a core."""


class Argon2Passwords:
    """The low-memory profile of RFC 9106: 64 MiB, three passes, four lanes."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._decoy: str | None = None

    @cached_property
    def _hasher(self) -> PasswordHasher:
        # Imported when somebody signs in: every start of the server would pay for it.
        from argon2 import PasswordHasher
        from argon2.profiles import RFC_9106_LOW_MEMORY

        return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

    async def hash(self, password: str) -> str:
        """The form in which a password is stored, salt included."""
        async with self._turn:
            return await asyncio.to_thread(lambda: self._hasher.hash(password))

    async def verify(self, stored: str, password: str) -> bool:
        """Whether the password is the stored one. An empty `stored` takes as long and is False."""
        async with self._turn:
            return await asyncio.to_thread(self._verify, stored, password)

    def _verify(self, stored: str, password: str) -> bool:
        from argon2.exceptions import Argon2Error, InvalidHashError

        if self._decoy is None:
            self._decoy = self._hasher.hash("nobody's password")
        try:
            matches = self._hasher.verify(stored or self._decoy, password)
        except (Argon2Error, InvalidHashError):
            return False
        return matches and bool(stored)
