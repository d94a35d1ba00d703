"""Argon2id for passwords of people, on a few threads."""

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
    """Return how many hashes one process computes at once: two, or one with too few cores.

    Each takes 64 MiB and a thread for each lane. More at once would not finish sooner.
    """
    return 2 if (os.cpu_count() or 1) >= LANES else 1


class Argon2Passwords:
    """Hashes passwords by the low-memory profile of RFC 9106: 64 MiB, three passes, four lanes.

    `for_tests` hashes with almost no work instead, for people who exist only in tests.
    """

    def __init__(self, *, for_tests: bool = False) -> None:
        self._for_tests = for_tests
        self._threads = ThreadPoolExecutor(hashes_at_once(), thread_name_prefix="argon2")
        self._decoy: str | None = None

    @cached_property
    def _hasher(self) -> PasswordHasher:
        # Imported at the first sign-in, to keep the start of the server fast.
        from argon2 import PasswordHasher
        from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

        return PasswordHasher.from_parameters(CHEAPEST if self._for_tests else RFC_9106_LOW_MEMORY)

    async def hash(self, password: str) -> str:
        """Return the hash to store for a password, with its salt."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: self._hasher.hash(password))

    async def verify(self, stored: str, password: str) -> bool:
        """Return whether the hash is the password's. An empty one takes as long and is False."""
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
