"""Stored known devices: browsers in which somebody has signed in before. They expire."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, delete, select

from portico.domain.people.sessions import DEVICE_SECONDS, DEVICES_PER_ACCOUNT
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import insert_into, kept
from portico.storage.schema.people_tables import (
    administrator,
    console_device,
    portal_device,
    portal_user,
)


class ConsoleDevices:
    """The known devices of every administrator of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def owner(self, digest: str, now: int) -> int | None:
        """The administrator who last signed in on the device, or None for an unknown device."""
        rows = await self._connection.rows(_console_owner(), {"digest": digest, "now": now})
        return rows[0].administrator_id if rows else None

    async def add(self, administrator_id: int, digest: str, now: int, *, instead_of: str) -> None:
        """Store a device in place of another, and delete expired ones and the oldest ones."""
        mine = console_device.c.administrator_id == administrator_id
        newest = (
            select(console_device.c.digest)
            .where(mine, console_device.c.digest != instead_of)
            .order_by(console_device.c.expires.desc(), console_device.c.digest)
            .limit(DEVICES_PER_ACCOUNT - 1)
        )
        expired = console_device.c.expires <= now
        superfluous = mine & console_device.c.digest.not_in(newest)
        await self._connection.run(
            delete(console_device).where(
                expired | superfluous | (console_device.c.digest == instead_of)
            )
        )
        device = {
            "digest": digest,
            "administrator_id": administrator_id,
            "expires": now + DEVICE_SECONDS,
        }
        await self._connection.run(insert_into(console_device), [device])

    async def forget_all(self, administrator_id: int) -> None:
        """Delete an administrator's devices."""
        statement = delete(console_device)
        await self._connection.run(
            statement.where(console_device.c.administrator_id == administrator_id)
        )

    async def forget_all_by(self, provider_id: int) -> None:
        """Delete the devices of administrators who sign in through a provider."""
        theirs = select(administrator.c.id).where(administrator.c.provider_id == provider_id)
        statement = delete(console_device).where(console_device.c.administrator_id.in_(theirs))
        await self._connection.run(statement)


class PortalDevices:
    """The known devices of one tenant's portal users."""

    def __init__(self, connection: Connection, customer_id: int) -> None:
        self._connection = connection
        self._customer_id = customer_id

    async def owner(self, digest: str, now: int) -> int | None:
        """The user who last signed in on the device, or None for an unknown device."""
        wanted = {"customer_id": self._customer_id, "digest": digest, "now": now}
        rows = await self._connection.rows(_portal_owner(), wanted)
        return rows[0].user_id if rows else None

    async def add(self, user_id: int, digest: str, now: int, *, instead_of: str) -> None:
        """Store a device in place of another, and delete expired ones and the oldest ones."""
        mine = portal_device.c.user_id == user_id
        newest = (
            select(portal_device.c.digest)
            .where(
                portal_device.c.customer_id == self._customer_id,
                mine,
                portal_device.c.digest != instead_of,
            )
            .order_by(portal_device.c.expires.desc(), portal_device.c.digest)
            .limit(DEVICES_PER_ACCOUNT - 1)
        )
        expired = portal_device.c.expires <= now
        superfluous = mine & portal_device.c.digest.not_in(newest)
        await self._connection.run(
            delete(portal_device).where(
                portal_device.c.customer_id == self._customer_id,
                expired | superfluous | (portal_device.c.digest == instead_of),
            )
        )
        device = {
            "customer_id": self._customer_id,
            "digest": digest,
            "user_id": user_id,
            "expires": now + DEVICE_SECONDS,
        }
        await self._connection.run(insert_into(portal_device), [device])

    async def forget_all(self, user_id: int) -> None:
        """Delete a user's devices."""
        statement = delete(portal_device).where(
            portal_device.c.customer_id == self._customer_id, portal_device.c.user_id == user_id
        )
        await self._connection.run(statement)

    async def forget_all_by(self, provider_id: int) -> None:
        """Delete the devices of users who sign in through a provider."""
        theirs = select(portal_user.c.id).where(
            portal_user.c.customer_id == self._customer_id,
            portal_user.c.provider_id == provider_id,
        )
        statement = delete(portal_device).where(
            portal_device.c.customer_id == self._customer_id,
            portal_device.c.user_id.in_(theirs),
        )
        await self._connection.run(statement)


@kept
def _console_owner() -> Select[Any]:
    return select(console_device.c.administrator_id).where(
        console_device.c.digest == bindparam("digest"),
        console_device.c.expires > bindparam("now"),
    )


@kept
def _portal_owner() -> Select[Any]:
    return select(portal_device.c.user_id).where(
        portal_device.c.customer_id == bindparam("customer_id"),
        portal_device.c.digest == bindparam("digest"),
        portal_device.c.expires > bindparam("now"),
    )
