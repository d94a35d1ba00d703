"""What a client needs to reach a running stand-in: addresses, the certificate file, credentials."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
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

    `cloud` and `vanity_domain` are what the vendor's clients want to know.
    """

    url: str
    tls_url: str = ""
    proxy_url: str = ""
    ca_file: str = ""
    cloud: str = PRODUCTION
    vanity_domain: str = VANITY_DOMAIN
    no_proxy: tuple[str, ...] = ()
    tenants: tuple[TenantAccess, ...] = ()

    def environment(self) -> dict[str, str]:
        """Return the variables that lead unmodified clients of the vendor to the first tenant."""
        variables = {
            "PORTICO_EMULATOR_URL": self.url,
            "PORTICO_EMULATOR_TLS_URL": self.tls_url,
            "HTTPS_PROXY": self.proxy_url,
            "https_proxy": self.proxy_url,
            "NO_PROXY": ",".join(self.no_proxy),
            "no_proxy": ",".join(self.no_proxy),
            "REQUESTS_CA_BUNDLE": self.ca_file,
            "CURL_CA_BUNDLE": self.ca_file,
            "SSL_CERT_FILE": self.ca_file,
            "ZSCALER_CLIENT_CACHE_ENABLED": "false",
            "CHECKPOINT_DISABLE": "1",
            "ZSCALER_VANITY_DOMAIN": self.vanity_domain,
            "ZSCALER_CLOUD": "" if self.cloud == PRODUCTION else self.cloud,
            "ZPA_CLOUD": self.cloud.upper(),
        }
        for tenant in self.tenants[:1]:
            for prefix in ("ZSCALER", "ZPA"):
                variables[f"{prefix}_CUSTOMER_ID"] = tenant.customer_id
                variables[f"{prefix}_CLIENT_ID"] = tenant.client_id
                variables[f"{prefix}_CLIENT_SECRET"] = tenant.client_secret
        return {name: value for name, value in variables.items() if value}

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=2)

    @staticmethod
    def from_json(text: str) -> StandInAccess:
        """Return what `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        tenants = tuple(TenantAccess(**each) for each in values.pop("tenants"))
        no_proxy = tuple(values.pop("no_proxy"))
        return StandInAccess(**values, no_proxy=no_proxy, tenants=tenants)


def environment_file(variables: Mapping[str, str]) -> str:
    """Return the lines `NAME=value` of a file that a shell can read."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


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
