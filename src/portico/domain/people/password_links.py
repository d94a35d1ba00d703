"""Links by which people set their own password: invitations and resets. Each works once."""

from __future__ import annotations

from dataclasses import dataclass, field

PASSWORD_LINK_SECONDS = 7 * 24 * 60 * 60
"""How long a link works."""


@dataclass(frozen=True, kw_only=True)
class PasswordLink:
    """The stored link of an account. `digest` is that of its token, which only the person has."""

    account_id: int
    digest: str = field(repr=False)
    expires: int
