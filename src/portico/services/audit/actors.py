"""Who did it: the names of those whose ids stand in records and in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable

from portico.services.work import UnitOfWork
from portico.storage.people.administrators import AdministratorRepository
from portico.storage.tenancy.identity import IdentityRepository

OPERATOR_ID = 0
OPERATOR_NAME = "Operator"


async def actor_names(work: UnitOfWork, actor_ids: Iterable[int]) -> dict[int, str]:
    """The names of actors by id; those of whom nothing is known are left out."""
    wanted = set(actor_ids)
    if not wanted:
        return {}
    clients = await IdentityRepository(work.connection).clients(work.scope.customer_id)
    names = {client.id: client.name for client in clients if client.id in wanted}
    if OPERATOR_ID in wanted:
        names[OPERATOR_ID] = OPERATOR_NAME
    if others := wanted - set(names):
        names |= await AdministratorRepository(work.connection).names(others)
    # Whom a provider signs in for the first time is the one who made the account.
    if others := wanted - set(names):
        names |= await work.users.names(others)
    return names
