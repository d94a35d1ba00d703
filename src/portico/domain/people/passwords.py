"""The rule for passwords of people, and the interface of their hash.

Length is the only rule: composition rules make passwords worse, and blocklists become outdated.
"""

from __future__ import annotations

import secrets
from typing import Protocol

from portico.domain.errors import InvalidField

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 5, 5


class PasswordHasher(Protocol):
    """A slow hash of people's passwords."""

    async def hash(self, password: str) -> str:
        """Return the stored form of a password, including its salt."""

    async def verify(self, stored: str, password: str) -> bool:
        """Return whether the password matches. An empty `stored` takes as long and is False."""


def check_password(password: str, *, name: str = "password") -> str:
    """Return the password if its length is allowed. Raises InvalidField."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidField(
            name,
            f"It has {len(password)} characters; "
            f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} are allowed.",
        )
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InvalidField(name, "It contains half of a surrogate pair; remove it.") from None
    return password


def new_password() -> str:
    """Return a password of 125 random bits that is easy to read aloud."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)
