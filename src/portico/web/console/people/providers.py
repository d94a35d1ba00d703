"""The providers through which people sign in. The operator adds them, so this page only lists.

No page makes the server contact a host.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from portico.domain.people.providers import IdentityProvider
from portico.services.people.providers import list_own_providers, list_provider_use
from portico.services.work import UnitOfWork
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import joined


class ProviderRow(msgspec.Struct, frozen=True, kw_only=True):
    """One provider. `last_sign_in` is 0 if nobody has signed in through it yet."""

    name: str
    issuer: str
    signs_in: str
    users: int
    users_href: str
    administrators: int
    last_sign_in: int
    enabled: bool


class ProviderListView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of providers."""

    rows: list[ProviderRow]
    customer_id: str
    tab: str = "providers"


@get("/providers")
async def show_providers(console: Console) -> Response:
    """Show the tenant's providers and their use."""
    async with console.reading() as work:
        rows = [
            ProviderRow(
                name=use.provider.name,
                issuer=use.provider.issuer,
                signs_in=_signs_in(use.provider),
                users=use.users,
                users_href=f"{console.base}/users?via={use.provider.id}",
                administrators=use.administrators,
                last_sign_in=use.last_sign_in,
                enabled=use.provider.enabled,
            )
            for use in await list_provider_use(work)
        ]
        view = ProviderListView(rows=rows, customer_id=str(console.customer_id))
        return await console.page("providers.html", work, view, nav="users")


async def provider_names(work: UnitOfWork) -> dict[int, str]:
    """Return the names of the tenant's providers by id."""
    return {each.id: each.name for each in await list_own_providers(work)}


def sign_in_words(password_hash: str, provider_id: int | None, providers: Mapping[int, str]) -> str:
    """Return how somebody signs in, such as "Password" or the name of a provider."""
    ways: list[str] = [_("Password")] if password_hash else []
    if provider_id is not None and provider_id in providers:
        ways.append(providers[provider_id])
    return joined(ways) or _("Not yet")


def _signs_in(provider: IdentityProvider) -> str:
    if provider.for_portals and provider.for_console:
        return _("Users and administrators")
    if provider.for_portals:
        return _("Users")
    return _("Administrators") if provider.for_console else _("Nobody")


ROUTES = [show_providers]
