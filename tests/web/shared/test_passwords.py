"""Argon2id with the parameters that we promise."""

from __future__ import annotations

import asyncio

from portico.web.shared.passwords import Argon2Passwords
from tests.harness import run_on_thread


def test_password_is_known_by_its_hash() -> None:
    async def run() -> tuple[str, str, list[bool]]:
        passwords = Argon2Passwords()
        first, second = await passwords.hash("correct horse"), await passwords.hash("correct horse")
        asked = [(first, "correct horse"), (first, "other"), ("", "other"), ("no hash", "x")]
        verified = await asyncio.gather(*(passwords.verify(*each) for each in asked))
        return first, second, list(verified)

    first, second, verified = run_on_thread(run())

    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second
    assert verified == [True, False, False, False]
