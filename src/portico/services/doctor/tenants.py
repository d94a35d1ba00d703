"""Checks of the content: tenants with one name, domains that are not allowed, certificates."""

from __future__ import annotations

from collections import Counter

from portico.domain.portals.domains import covering_domains
from portico.domain.records import fold
from portico.services.doctor.checks import Examined, Result, good, listed, warn
from portico.storage.portals.certificates import expired_certificates
from portico.storage.portals.domains import AllowedDomains, PortalDomains
from portico.storage.tenancy.identity import IdentityRepository

MOST = 100
"""How many faults a check looks for."""


async def check_tenant_names(examined: Examined) -> Result:
    """Look for tenants whose names differ at most in case."""
    async with examined.database.read() as connection:
        tenants = await IdentityRepository(connection).all_tenants()
    counts = Counter(fold(each.name) for each in tenants)
    doubled = [f"{each.name} ({each.id})" for each in tenants if counts[fold(each.name)] > 1]
    if doubled:
        return warn(
            f"Several tenants have the same name: {listed(doubled)}.",
            "The console and the commands show names, so a change can reach the wrong tenant.",
            examined.line.write("tenant", "list"),
        )
    return good(f"All tenants ({len(tenants)}) have different names.")


async def check_domains(examined: Examined) -> Result:
    """Look for portals with a domain that the operator has not allowed for their tenant."""
    refused: list[tuple[str, int]] = []
    async with examined.database.read() as connection:
        allowed = {each.name: each.customer_id for each in await AllowedDomains(connection).all()}
        for tenant in await IdentityRepository(connection).all_tenants():
            for claim in await PortalDomains(connection, tenant.id).all():
                # The most specific allowed domain decides.
                owners = [allowed[name] for name in covering_domains(claim.host) if name in allowed]
                is_computed = claim.host.endswith(f".{examined.managed_suffix}")
                if owners[:1] != [tenant.id] and not is_computed:
                    refused.append((claim.host, tenant.id))
            if len(refused) >= MOST:
                break
    if refused:
        host, customer_id = refused[0]
        return warn(
            f"Portals have domains that are not allowed: {listed([each for each, _ in refused])}.",
            "Visitors of such a domain do not reach the portal.",
            examined.line.write("domain", "allow", host, "--customer", str(customer_id)),
        )
    return good("Every domain of a portal is allowed.")


async def check_certificates(examined: Examined) -> Result:
    """Look for enabled portals whose certificate has expired."""
    expired: list[tuple[str, str]] = []
    async with examined.database.read() as connection:
        for tenant in await IdentityRepository(connection).all_tenants():
            left = MOST - len(expired)
            if left > 0:
                expired += await expired_certificates(connection, tenant.id, examined.now, left)
    if expired:
        names = [f"{certificate} of portal {portal}" for portal, certificate in expired]
        return warn(
            f"Certificates of portals have expired: {listed(names)}.",
            "API clients that read them get an expired certificate.",
            "openssl x509 -noout -enddate -in renewed.pem  # then upload it through the API",
        )
    return good("No enabled portal has an expired certificate.")
