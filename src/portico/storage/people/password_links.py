"""Stored password links. An account has one at most, and a new one replaces it."""

from __future__ import annotations

from typing import ClassVar

from portico.domain.people.password_links import PasswordLink
from portico.storage.engine.statements import insert_into
from portico.storage.people.accounts import OwnedByAccounts
from portico.storage.schema.people_tables import (
    administrator,
    console_password_link,
    portal_password_link,
    portal_user,
)


class PasswordLinks(OwnedByAccounts):
    """The password links of administrators, or of one tenant's portal users."""

    async def find(self, digest: str, now: int) -> PasswordLink | None:
        """Return the link with that digest, or None for one that has expired."""
        return await self._one("digest", digest, now)

    async def of_account(self, account_id: int, now: int) -> PasswordLink | None:
        """Return the link of an account, or None for one that has expired."""
        return await self._one(self.owner.name, account_id, now)

    async def store(self, link: PasswordLink, now: int) -> None:
        """Store a link in place of the earlier one, and delete those that have expired."""
        await self._delete((self.owner == link.account_id) | (self.table.c.expires <= now))
        row = {self.owner.name: link.account_id, "digest": link.digest, "expires": link.expires}
        await self._connection.run(insert_into(self.table), [self._tenant | row])

    async def take(self, digest: str, now: int) -> bool:
        """Delete a link to use it. Return False for one that somebody took before."""
        table = self.table.c
        return bool(await self._delete(table.digest == digest, table.expires > now))

    async def end(self, account_id: int) -> None:
        """Delete the link of an account."""
        await self._delete(self.owner == account_id)

    async def _one(self, column: str, value: str | int, now: int) -> PasswordLink | None:
        row = await self._unexpired(column, value, now)
        return PasswordLink(**row._asdict()) if row else None


class ConsolePasswordLinks(PasswordLinks):
    """The password links of every administrator of the installation."""

    table: ClassVar = console_password_link
    owner: ClassVar = console_password_link.c.administrator_id
    accounts: ClassVar = administrator


class PortalPasswordLinks(PasswordLinks):
    """The password links of one tenant's portal users."""

    table: ClassVar = portal_password_link
    owner: ClassVar = portal_password_link.c.user_id
    accounts: ClassVar = portal_user
