"""Stored known devices: browsers in which somebody has signed in before. They expire."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import select

from portico.domain.people.sessions import DEVICE_SECONDS, DEVICES_PER_ACCOUNT
from portico.storage.engine.statements import insert_into
from portico.storage.people.accounts import OwnedByAccounts
from portico.storage.schema.people_tables import (
    administrator,
    console_device,
    portal_device,
    portal_user,
)


class KnownDevices(OwnedByAccounts):
    """The known devices of administrators, or of one tenant's portal users."""

    async def owner_of(self, digest: str, now: int) -> int | None:
        """Return the account that last signed in on the device, or None for an unknown device."""
        row = await self._unexpired("digest", digest, now)
        return row.account_id if row else None

    async def add(self, account_id: int, digest: str, now: int, *, instead_of: str) -> None:
        """Store a device in place of another, and delete expired ones and the oldest ones."""
        device = self.table.c
        mine = self.owner == account_id
        newest = (
            select(device.digest)
            .where(*self._in_tenant(self.table), mine, device.digest != instead_of)
            .order_by(device.expires.desc(), device.digest)
            .limit(DEVICES_PER_ACCOUNT - 1)
        )
        superfluous = mine & device.digest.not_in(newest)
        await self._delete((device.expires <= now) | superfluous | (device.digest == instead_of))
        row = {"digest": digest, self.owner.name: account_id, "expires": now + DEVICE_SECONDS}
        await self._connection.run(insert_into(self.table), [self._tenant | row])

    async def forget_all(self, account_id: int) -> None:
        """Delete the devices of an account."""
        await self._delete(self.owner == account_id)

    async def forget_all_by(self, provider_id: int) -> None:
        """Delete the devices of accounts that sign in through a provider."""
        await self._delete_by(provider_id)


class ConsoleDevices(KnownDevices):
    """The known devices of every administrator of the installation."""

    table: ClassVar = console_device
    owner: ClassVar = console_device.c.administrator_id
    accounts: ClassVar = administrator


class PortalDevices(KnownDevices):
    """The known devices of one tenant's portal users."""

    table: ClassVar = portal_device
    owner: ClassVar = portal_device.c.user_id
    accounts: ClassVar = portal_user
