"""The vendor's operations on user portals and what is around them.

docs/reference/coverage.md lists them. `scripts/coverage-page` writes
that page from this list and from the routes. A test compares both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portico.app import api_operations

V1 = "/mgmtconfig/v1/admin/customers/{customerId}"
V2 = "/mgmtconfig/v2/admin/customers/{customerId}"
REFERENCE = "reference"
DOCUMENTED = "documented"
RECORDED = "recorded"
CLIENT = "client"
OPERATIONS = api_operations()


@dataclass(frozen=True)
class VendorOperation:
    """An operation of the vendor. docs/explanation/vendor-api.md explains the tags of `source`."""

    method: str
    path: str
    source: str
    note: str = ""

    @property
    def served_by(self) -> str | None:
        """The operation id of Portico's route for it, or None."""
        for each in OPERATIONS:
            if (each.method, each.path) == (self.method, self.path):
                return each.id
        return None


@dataclass(frozen=True)
class Group:
    """Operations under one heading of the page."""

    heading: str
    operations: tuple[VendorOperation, ...]


def _noun(name: str, source: str, *extra: VendorOperation) -> tuple[VendorOperation, ...]:
    """Return the five usual operations of a noun, and others."""
    path = f"{V1}/{name}"
    return (
        VendorOperation("GET", path, source),
        VendorOperation("POST", path, source),
        VendorOperation("GET", f"{path}/{{id}}", source),
        VendorOperation("PUT", f"{path}/{{id}}", source),
        VendorOperation("DELETE", f"{path}/{{id}}", source),
        *extra,
    )


_SEGMENTS = "The stand-in's segments come from the seed, those of a server from the command line."
_CARRIES_NO_TRAFFIC = "Portico carries no traffic to application segments."

GROUPS = (
    Group(
        "User portal links",
        _noun(
            "userPortalLink",
            REFERENCE,
            VendorOperation(
                "GET",
                f"{V1}/userPortalLink/userPortal/{{portalId}}",
                REFERENCE,
                "The documented list. Both SDKs read it as one link.",
            ),
            VendorOperation(
                "POST",
                f"{V2}/userPortalLink/bulk",
                REFERENCE,
                "The documented object; for the Python SDK, an array of it.",
            ),
            VendorOperation("POST", f"{V1}/userPortalLink/bulk", DOCUMENTED, "The same as on v2."),
        ),
    ),
    Group("User portals", _noun("userPortal", RECORDED)),
    Group(
        "Acceptable use policies",
        _noun(
            "userportal/aup",
            CLIENT,
            VendorOperation(
                "PUT",
                f"{V1}/userportal/aup",
                CLIENT,
                "A note by a third party names it. No client calls it.",
            ),
        ),
    ),
    Group(
        "Certificates",
        _noun(
            "certificate",
            CLIENT,
            VendorOperation(
                "GET",
                f"{V2}/clientlessCertificate/issued",
                CLIENT,
                "The same list as `certificate`.",
            ),
        ),
    ),
    Group(
        "Application segments",
        (
            VendorOperation("GET", f"{V1}/application", CLIENT),
            VendorOperation("GET", f"{V1}/application/{{id}}", CLIENT),
            VendorOperation("POST", f"{V1}/application", CLIENT, _SEGMENTS),
            VendorOperation("PUT", f"{V1}/application/{{id}}", CLIENT, _SEGMENTS),
            VendorOperation("DELETE", f"{V1}/application/{{id}}", CLIENT, _SEGMENTS),
            *(
                VendorOperation(method, f"{V1}/application/{name}", CLIENT, _CARRIES_NO_TRAFFIC)
                for method, name in (
                    ("POST", "provision"),
                    ("PUT", "{id}/share"),
                    ("POST", "{id}/move"),
                    ("GET", "getAppsByType"),
                    ("GET", "export"),
                    ("GET", "configured/count"),
                    ("GET", "count/currentAndMaxLimit"),
                    ("GET", "{id}/mappings"),
                    ("GET", "{id}/weightedLbConfig"),
                    ("PUT", "{id}/weightedLbConfig"),
                    ("PUT", "bulkUpdateMultiMatch"),
                    ("POST", "multimatchUnsupportedReferences"),
                )
            ),
        ),
    ),
    Group(
        "Microtenants",
        _noun(
            "microtenants",
            RECORDED,
            VendorOperation("GET", f"{V1}/microtenants/summary", RECORDED),
            VendorOperation(
                "POST",
                f"{V1}/microtenants/search",
                DOCUMENTED,
                "The documented filters and those of the Go SDK.",
            ),
            VendorOperation("GET", f"{V1}/authDomains", RECORDED),
        ),
    ),
    Group(
        "Signing in",
        (
            VendorOperation("POST", "/signin", DOCUMENTED, "Legacy. By client secret."),
            VendorOperation(
                "POST", "/authn/v1/oauth/token", CLIENT, "Legacy, in the Python SDK's cloud DEV."
            ),
            VendorOperation("POST", "/signout", DOCUMENTED, "Ends the session everywhere."),
            VendorOperation(
                "POST", "/oauth2/v1/token", DOCUMENTED, "OneAPI. By client secret or assertion."
            ),
            VendorOperation("GET", "/mgmtconfig/v1/admin/me", DOCUMENTED, "Who the caller is."),
        ),
    ),
)


def declared() -> Iterator[VendorOperation]:
    """Yield the operations of every group."""
    for group in GROUPS:
        yield from group.operations
