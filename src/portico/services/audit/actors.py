"""The names of actors: administrators, API clients, portal users and the operator."""

from __future__ import annotations

from collections.abc import Iterable

from portico.domain.records import fold
from portico.services.access import OPERATOR_ID
from portico.services.work import UnitOfWork
from portico.storage.audit.log import AuditLog
from portico.storage.people.administrators import AdministratorRepository
from portico.storage.tenancy.identity import IdentityRepository

OPERATOR_NAME = "Operator"


async def actor_names(work: UnitOfWork, actor_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of actors by id. Those that were deleted have the name of that time."""
    ids = set(actor_ids)
    if not ids:
        return {}
    clients = await IdentityRepository(work.connection).clients(work.scope.customer_id)
    names = {client.id: client.name for client in clients if client.id in ids}
    if OPERATOR_ID in ids:
        names[OPERATOR_ID] = OPERATOR_NAME
    if others := ids - set(names):
        names |= await AdministratorRepository(work.connection).names(others)
    # A user who first signs in through a provider creates their own account.
    if others := ids - set(names):
        names |= await work.users.names(others)
    if others := ids - set(names):
        names |= await AuditLog(work.connection, work.scope).last_names(others)
    return names


async def actors_named(work: UnitOfWork, text: str) -> list[int]:
    """Return the ids of the tenant's administrators and API clients with a text in their names.

    The operator is one of them. Portal users are not, because they change nothing but their own
    account, whose name is that of the entry's object.
    """
    if not text:
        return []
    part, customer_id = fold(text), work.scope.customer_id
    clients = await IdentityRepository(work.connection).clients(customer_id)
    people = await AdministratorRepository(work.connection).of_tenant(customer_id)
    names = {each.id: each.name for each in clients}
    names |= {each.id: f"{each.display_name}\n{each.name}" for each in people}
    names[OPERATOR_ID] = OPERATOR_NAME
    return [actor_id for actor_id, name in names.items() if part in fold(name)]
