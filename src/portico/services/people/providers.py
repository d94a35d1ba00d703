"""Use-cases of OpenID providers, which the operator manages and sign-in pages list."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace

from portico.domain.errors import NameTaken, NotFound, Unavailable
from portico.domain.people.providers import (
    KIND,
    IdentityProvider,
    IdentityProviderSpec,
    check_provider,
)
from portico.services import recording
from portico.services.access import operator_writing, require_whole_tenant
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.people.devices import ConsoleDevices, PortalDevices
from portico.storage.people.providers import ProviderRepository
from portico.storage.people.sessions import ConsoleSessions, PortalSessions
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.secrets.secret_keys import SecretError

logger = logging.getLogger("portico")


async def create_provider(
    runtime: Runtime, customer_id: int, spec: IdentityProviderSpec, *, client_secret: str = ""
) -> IdentityProvider:
    """Store a new provider of a tenant. Raises NotFound, InvalidInput or SecretError."""
    spec = check_provider(spec)
    async with operator_writing(runtime, customer_id) as work:
        providers = ProviderRepository(work.connection)
        if any(each.name == spec.name for each in await providers.of_tenant(customer_id)):
            raise NameTaken(spec.name)
        made = IdentityProvider(
            **asdict(spec), id=work.new_id(), customer_id=customer_id, creation_time=work.now
        )
        await providers.insert(made, client_secret, runtime.cipher)
        await recording.record_creation(work, KIND, made)
    return made


async def set_client_secret(
    runtime: Runtime, provider_id: int, client_secret: str
) -> IdentityProvider:
    """Replace a provider's client secret and enable it. Raises NotFound or SecretError."""
    async with runtime.database.read() as connection:
        provider = await ProviderRepository(connection).find(provider_id)
    if provider is None:
        raise NotFound(provider_id)
    async with operator_writing(runtime, provider.customer_id) as work:
        return await change_secret(work, runtime.cipher, provider, client_secret, enabled=True)


async def change_secret(
    work: UnitOfWork,
    cipher: SecretCipher,
    before: IdentityProvider,
    client_secret: str,
    *,
    enabled: bool,
) -> IdentityProvider:
    """Replace a provider's client secret within a transaction. Raises SecretError."""
    after = replace(before, enabled=enabled)
    await ProviderRepository(work.connection).update_secret(after, client_secret, cipher)
    await recording.record_update(work, KIND, before, after)
    return after


async def read_client_secret(runtime: Runtime, provider: IdentityProvider) -> str:
    """Return a provider's client secret. Raises Unavailable, and logs why it cannot be read."""
    try:
        async with runtime.database.read() as connection:
            return await ProviderRepository(connection).client_secret(provider, runtime.cipher)
    except SecretError as error:
        logger.error("Nobody can sign in by provider %s. %s", provider.name, error.reason)
        raise Unavailable("The provider cannot be used now; the server's log says why.") from error


async def list_providers(runtime: Runtime, customer_id: int) -> list[IdentityProvider]:
    """Return a tenant's providers, oldest first."""
    async with runtime.database.read() as connection:
        return await ProviderRepository(connection).of_tenant(customer_id)


@dataclass(frozen=True, kw_only=True)
class ProviderUse:
    """A provider, how many people of the tenant sign in through it, and the last time, or 0."""

    provider: IdentityProvider
    users: int
    administrators: int
    last_sign_in: int


async def list_own_providers(work: UnitOfWork) -> list[IdentityProvider]:
    """Return the tenant's providers, oldest first. Raises Forbidden."""
    require_whole_tenant(work)
    return await ProviderRepository(work.connection).of_tenant(work.scope.customer_id)


async def list_provider_use(work: UnitOfWork) -> list[ProviderUse]:
    """Return the tenant's providers with their use, oldest first. Raises Forbidden."""
    users = await work.users.use_of_providers()
    administrators = await work.administrators.of_tenant(work.scope.customer_id)
    listed: list[ProviderUse] = []
    for provider in await list_own_providers(work):
        own = [each for each in administrators if each.provider_id == provider.id]
        count, last = users.get(provider.id, (0, 0))
        listed.append(
            ProviderUse(
                provider=provider,
                users=count,
                administrators=len(own),
                last_sign_in=max([last, *(each.last_sign_in or 0 for each in own)]),
            )
        )
    return listed


async def remove_provider(runtime: Runtime, provider_id: int) -> IdentityProvider:
    """Delete a provider and sign its people out. They are not deleted. Raises NotFound."""
    async with runtime.database.read() as connection:
        provider = await ProviderRepository(connection).find(provider_id)
    if provider is None:
        raise NotFound(provider_id)
    async with operator_writing(runtime, provider.customer_id) as work:
        # Removing the provider first waits for sign-ins that have locked it. The sessions that they
        # open end below.
        await ProviderRepository(work.connection).remove(provider_id)
        await ConsoleSessions(work.connection).end_all_by(provider_id)
        await PortalSessions(work.connection, provider.customer_id).end_all_by(provider_id)
        await ConsoleDevices(work.connection).forget_all_by(provider_id)
        await PortalDevices(work.connection, provider.customer_id).forget_all_by(provider_id)
        await recording.record_deletion(work, KIND, provider)
    return provider


async def portal_providers(runtime: Runtime, customer_id: int) -> list[IdentityProvider]:
    """Return the providers that sign in a tenant's portal users."""
    async with runtime.database.read() as connection:
        providers = await ProviderRepository(connection).of_tenant(customer_id)
    return [each for each in providers if each.signs_into_portals_of(customer_id)]


async def console_providers(runtime: Runtime) -> list[IdentityProvider]:
    """Return the providers of all tenants that sign in administrators."""
    async with runtime.database.read() as connection:
        return await ProviderRepository(connection).for_console()


async def find_provider(runtime: Runtime, provider_id: int) -> IdentityProvider | None:
    """Return the provider with that id, enabled or not, or None."""
    async with runtime.database.read() as connection:
        return await ProviderRepository(connection).find(provider_id)
