"""A filled server as its client sees it: port, credentials and ids.

It is filled through the API, which also checks that a contestant works.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from bench import dataset
from bench.http_client import JSON, Connection, expect


@dataclass(frozen=True)
class Credentials:
    """An API client of one tenant."""

    customer_id: str
    client_id: str
    client_secret: str


@dataclass
class Site:
    """One tenant on one server."""

    port: int
    credentials: Credentials
    connection: Connection
    token: str = ""
    portal_ids: list[str] = field(default_factory=list)
    link_ids: list[str] = field(default_factory=list)
    create_portals: list[str] = field(default_factory=list)
    bulk_portals: list[str] = field(default_factory=list)

    @property
    def links_path(self) -> str:
        return f"/mgmtconfig/v1/admin/customers/{self.credentials.customer_id}/userPortalLink"

    @property
    def bulk_path(self) -> str:
        return f"/mgmtconfig/v2/admin/customers/{self.credentials.customer_id}/userPortalLink/bulk"

    @property
    def portals_path(self) -> str:
        return f"/mgmtconfig/v1/admin/customers/{self.credentials.customer_id}/userPortal"

    def post(self, path: str, body: dict[str, Any], what: str) -> Any:  # noqa: ANN401  # any JSON
        answer = self.connection.send(
            "POST", path, token=self.token, body=json.dumps(body), content_type=JSON
        )
        return expect(answer, 201, what).json()


def open_site(port: int, credentials: Credentials) -> Site:
    """Sign in to a running server, and return it as a site."""
    site = Site(port, credentials, Connection(port))
    sign_in(site)
    return site


def sign_in(site: Site) -> None:
    fields = {
        "client_id": site.credentials.client_id,
        "client_secret": site.credentials.client_secret,
    }
    answer = expect(site.connection.post_form("/signin", fields), 200, "sign-in")
    site.token = answer.json()["access_token"]


def same_data(site: Site, port: int) -> Site:
    """Return a site with the same ids and credentials on another port."""
    twin = open_site(port, site.credentials)
    twin.portal_ids, twin.link_ids = site.portal_ids, site.link_ids
    return twin


def fill(site: Site) -> None:
    """Create the dataset's portals and links in an empty tenant."""
    site.portal_ids = [
        _create_portal(site, dataset.portal_name(number)) for number in range(dataset.PORTALS)
    ]
    for portal, run in dataset.bulks():
        site.link_ids += create_bulk(site, [link.body() for link in run], site.portal_ids[portal])


def create_spare_portals(site: Site, count: int, label: str) -> list[str]:
    """Create empty portals for later writes, because a portal has at most 500 links."""
    return [_create_portal(site, f"{label} {number:04d}") for number in range(count)]


def create_bulk(site: Site, bodies: list[dict[str, Any]], portal_id: str) -> list[str]:
    """Send one bulk request, and return the ids of the new links in order."""
    body = {"userPortalLinks": bodies, "userPortals": [{"id": portal_id}]}
    created = site.post(site.bulk_path, body, "bulk of links")["userPortalLinks"]
    return [link["id"] for link in created]


def _create_portal(site: Site, name: str) -> str:
    created = site.post(site.portals_path, dataset.portal_body(name), f"portal {name}")
    return str(created["id"])
