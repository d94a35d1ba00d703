"""Use-cases of OpenID providers: made by the operator, read by whoever shows a sign-in page."""

from __future__ import annotations

from dataclasses import asdict

from portico.domain.errors import NameTaken, NotFound
from portico.domain.providers import KIND, IdentityProvider, IdentityProviderSpec, check_provider
from portico.services import audit
from portico.services.identity import Operator
from portico.storage.connections import Database
from portico.storage.devices import ConsoleDevices, PortalDevices
from portico.storage.providers import ProviderRepository
from portico.storage.sessions import ConsoleSessions, PortalSessions


async def create_provider(
    operator: Operator, customer_id: int, spec: IdentityProviderSpec
) -> IdentityProvider:
    """Stores a new provider of a tenant. Raises NotFound or InvalidInput."""
    spec = check_provider(spec)
    async with operator.writing(customer_id) as work:
        providers = ProviderRepository(work.connection)
        if any(each.name == spec.name for each in await providers.of_tenant(customer_id)):
            raise NameTaken(spec.name)
        made = IdentityProvider(
            **asdict(spec), id=work.new_id(), customer_id=customer_id, creation_time=work.now
        )
        await providers.insert(made)
        await audit.record_creation(work, KIND, made)
    return made


async def list_providers(operator: Operator, customer_id: int) -> list[IdentityProvider]:
    """A tenant's providers, oldest first."""
    async with operator.database.read() as connection:
        return await ProviderRepository(connection).of_tenant(customer_id)


async def remove_provider(operator: Operator, provider_id: int) -> IdentityProvider:
    """Forgets a provider: those it signed in stay, but are signed out. Raises NotFound."""
    async with operator.database.read() as connection:
        found = await ProviderRepository(connection).find(provider_id)
    if found is None:
        raise NotFound(provider_id)
    async with operator.writing(found.customer_id) as work:
        # First the provider: this waits for sign-ins that hold it, whose sessions end then too.
        await ProviderRepository(work.connection).remove(provider_id)
        await ConsoleSessions(work.connection).end_all_by(provider_id)
        await PortalSessions(work.connection, found.customer_id).end_all_by(provider_id)
        await ConsoleDevices(work.connection).forget_all_by(provider_id)
        await PortalDevices(work.connection, found.customer_id).forget_all_by(provider_id)
        await audit.record_deletion(work, KIND, found)
    return found


async def portal_providers(database: Database, customer_id: int) -> list[IdentityProvider]:
    """The providers that sign a tenant's portal users in."""
    async with database.read() as connection:
        found = await ProviderRepository(connection).of_tenant(customer_id)
    return [each for each in found if each.signs_into_portals_of(customer_id)]


async def console_providers(database: Database) -> list[IdentityProvider]:
    """The providers that sign administrators in, of every tenant."""
    async with database.read() as connection:
        return await ProviderRepository(connection).for_console()


async def find_provider(database: Database, provider_id: int) -> IdentityProvider | None:
    """The provider with that id, in use or not, or None."""
    async with database.read() as connection:
        return await ProviderRepository(connection).find(provider_id)
