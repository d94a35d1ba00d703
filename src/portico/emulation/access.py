"""What a client needs to reach a running stand-in: addresses, the certificate file, credentials."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

PRODUCTION = "production"
VANITY_DOMAIN = "portico"


@dataclass(frozen=True, kw_only=True)
class TenantAccess:
    """A tenant, and the id and secret of an API client that can change everything in it."""

    customer_id: str
    name: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, kw_only=True)
class StandInAccess:
    """The addresses of a stand-in, and its first tenants. An empty text means that it has none.

    `ca_file` has the CA of the stand-in, and `ca_bundle` also those that the machine trusts.
    `cloud` and `vanity_domain` are what the vendor's clients want to know.
    """

    url: str
    tls_url: str = ""
    proxy_url: str = ""
    ca_file: str = ""
    ca_bundle: str = ""
    cloud: str = PRODUCTION
    vanity_domain: str = VANITY_DOMAIN
    no_proxy: tuple[str, ...] = ()
    tenants: tuple[TenantAccess, ...] = ()

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=2)

    @staticmethod
    def from_json(text: str) -> StandInAccess:
        """Return what `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        values.pop("environment", None)  # only programs without this class need it
        tenants = tuple(TenantAccess(**each) for each in values.pop("tenants"))
        no_proxy = tuple(values.pop("no_proxy"))
        return StandInAccess(**values, no_proxy=no_proxy, tenants=tenants)


def access_text(access: StandInAccess) -> str:
    """Return what the command line prints about a stand-in."""
    rows = [
        ("HTTP", access.url),
        ("HTTPS", access.tls_url),
        ("Proxy", access.proxy_url),
        ("CA file", access.ca_file),
        ("Cloud", access.cloud),
        ("Vanity domain", access.vanity_domain),
    ]
    for tenant in access.tenants:
        rows += [
            ("", ""),
            ("Tenant", tenant.name),
            ("Customer id", tenant.customer_id),
            ("Client id", tenant.client_id),
            ("Client secret", tenant.client_secret),
        ]
    shown = [(name, value) for name, value in rows if value or not name]
    return "\n".join(f"{name:16}{value}".rstrip() for name, value in shown)
