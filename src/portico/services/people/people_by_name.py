"""Finds people by name, for the operator at the command line."""

from __future__ import annotations

from portico.domain.errors import InvalidField
from portico.domain.people.administrators import Administrator
from portico.domain.people.users import PortalUser
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.people.administrators import AdministratorRepository


async def find_administrator_by_name(runtime: Runtime, name: str) -> tuple[Administrator, int]:
    """Return an administrator by name, and a tenant where it has a grant.

    Raises InvalidField, also for one without any grant.
    """
    administrator = await any_administrator(runtime, name)
    async with runtime.database.read() as connection:
        grants = await AdministratorRepository(connection).grants([administrator.id])
    if not grants:
        raise InvalidField(
            "name", f"{administrator.name} works in no tenant; run `portico admin grant`."
        )
    return administrator, grants[0].customer_id


async def any_administrator(runtime: Runtime, name: str) -> Administrator:
    """Return an administrator by name, with grants or without. Raises InvalidField."""
    async with runtime.database.read() as connection:
        administrator = await AdministratorRepository(connection).find_by_name(name)
    if administrator is None:
        raise InvalidField("name", f"Nobody is called {name}.")
    return administrator


async def find_user_by_name(work: UnitOfWork, name: str) -> PortalUser:
    """Return a portal user of the tenant by name. Raises InvalidField."""
    user = await work.users.find_by_name(name)
    if user is None:
        raise InvalidField("name", f"Nobody is called {name}.")
    return user
