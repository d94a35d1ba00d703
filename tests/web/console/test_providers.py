"""The providers of a tenant on the people pages: who signs in through them, and when last."""

from __future__ import annotations

import re
from dataclasses import replace

from portico.domain.people.providers import IdentityProviderSpec
from portico.domain.people.users import PortalUserSpec
from portico.services.access import operator_writing
from portico.services.people.providers import create_provider
from portico.services.people.users import create_user
from portico.services.runtime import Runtime
from tests.harness import MICROTENANTS, Tenant, as_operator, create_tenant
from tests.web.console.clerks import hire
from tests.web.visits import add_user

ISSUER = "https://login.example.com"


def add_provider_with_a_person(tenant: Tenant) -> int:
    """The id of a new provider through which somebody has signed in once."""
    customer_id = int(tenant.customer_id)
    spec = IdentityProviderSpec(name="Alder Login", issuer=ISSUER, client_id="portico")

    async def make(runtime: Runtime) -> int:
        provider = await create_provider(runtime, customer_id, spec, client_secret="hidden-secret")
        async with operator_writing(runtime, customer_id) as work:
            user = await create_user(work, PortalUserSpec(name="ines"))
            linked = replace(user, provider_id=provider.id, subject="1", last_sign_in=work.now)
            await work.users.replace(linked)
        return provider.id

    return as_operator(tenant.server.database, make)


def test_providers_are_listed_with_their_use(tenant: Tenant) -> None:
    clerk = hire(tenant)
    assert "No provider yet" in clerk.get("providers").text
    provider = add_provider_with_a_person(tenant)
    add_user(tenant, "uma")
    foreign = add_provider_with_a_person(create_tenant(tenant.server))

    page = clerk.get("providers").text
    assert "Alder Login" in page
    assert ISSUER in page
    assert "1 user<" in page
    assert "Enabled" in page
    assert "hidden-secret" not in page
    assert "portico provider create" in page
    assert str(foreign) not in page
    assert "<form" not in page.partition("<main")[2].partition("</main")[0]

    def names(place: str) -> list[str]:
        return re.findall(r'<a class="name"[^>]*>([^<]+)</a>', clerk.get(place).text)

    assert names("users") == ["ines", "uma"]
    assert names(f"users?via={provider}") == ["ines"]
    assert names(f"users?via={foreign}") == []
    assert clerk.get("users?via=x").status_code == 404
    assert "Alder Login</td>" in clerk.get("users").text


def test_providers_are_for_those_who_manage_people(tenant: Tenant) -> None:
    east = tenant.caller().create(MICROTENANTS, {"name": "East", "enabled": True})["id"]
    assert hire(tenant, microtenant=str(east)).get("providers").status_code == 403
