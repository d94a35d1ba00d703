"""Passwords of people: the one rule about them, and what hashing them has to offer.

The rule is length alone: composition rules make passwords worse, and blocklists go stale.
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
        """The form in which a password is stored, salt included."""

    async def verify(self, stored: str, password: str) -> bool:
        """Whether the password is the stored one. An empty `stored` takes as long and is False."""


def check_password(password: str, *, name: str = "password") -> str:
    """The password as it is, if its length is allowed. Raises InvalidField."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidField(
            name,
            f"It has {len(password)} characters; "
            f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} are allowed.",
        )
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InvalidField(name, "It holds half of a surrogate pair.") from None
    return password


def new_password() -> str:
    """A password of 125 random bits that is easy to read aloud."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)
