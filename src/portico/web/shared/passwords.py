"""Argon2id for people's passwords, on threads, a few at a time."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LANES = 4


def hashes_at_once() -> int:
    """How many hashes one process makes at once: two, or one on a machine with fewer cores than
    the two would use.

    Each takes 64 MiB and a thread for each lane. More at once would not finish sooner.
    """
    return 2 if (os.cpu_count() or 1) >= LANES else 1


class Argon2Passwords:
    """The low-memory profile of RFC 9106: 64 MiB, three passes, four lanes."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(hashes_at_once(), thread_name_prefix="argon2")
        self._decoy: str | None = None

    @cached_property
    def _hasher(self) -> PasswordHasher:
        # Imported when somebody signs in: every start of the server would pay for it.
        from argon2 import PasswordHasher
        from argon2.profiles import RFC_9106_LOW_MEMORY

        return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

    async def hash(self, password: str) -> str:
        """The form in which a password is stored, salt included."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: self._hasher.hash(password))

    async def verify(self, stored: str, password: str) -> bool:
        """Whether the password is the stored one. An empty `stored` takes as long and is False."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._verify, stored, password)

    def _verify(self, stored: str, password: str) -> bool:
        from argon2.exceptions import Argon2Error, InvalidHashError

        if self._decoy is None:
            self._decoy = self._hasher.hash("nobody's password")
        try:
            matches = self._hasher.verify(stored or self._decoy, password)
        except (Argon2Error, InvalidHashError):
            return False
        return matches and bool(stored)
