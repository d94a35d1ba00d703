"""Two tenants that live as long as the server: one with one of everything in it, one beside it."""

from __future__ import annotations

import pytest

from tests.certificates import certificate_pem
from tests.contract.document import Document
from tests.contract.routes import Home
from tests.harness import (
    APPLICATIONS,
    AUPS,
    CERTIFICATES,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    Server,
    create_applications,
    create_tenant,
)


@pytest.fixture(scope="session")
def home(server: Server) -> Home:
    """A tenant with one of everything."""
    admin = create_tenant(server).caller()
    portal_id = admin.create_portal("Home portal")
    link_id = admin.create_link("Home link", userPortals=[{"id": portal_id}])
    aup_id = admin.create(AUPS, {"name": "Home policy"})["id"]
    microtenant_id = admin.create(MICROTENANTS, {"name": "Home microtenant"})["id"]
    (application_id,) = create_applications(admin, "Home application")
    body = {"name": "Home certificate", "certBlob": certificate_pem()}
    ids = {
        PORTALS: portal_id,
        LINKS: link_id,
        AUPS: aup_id,
        MICROTENANTS: microtenant_id,
        CERTIFICATES: admin.create(CERTIFICATES, body)["id"],
        APPLICATIONS: application_id,
    }
    return Home(admin, ids)


@pytest.fixture(scope="session")
def stranger(server: Server) -> Caller:
    """The administrator of another tenant."""
    return create_tenant(server).caller()


@pytest.fixture(scope="session")
def document(server: Server) -> Document:
    """The OpenAPI document as it is served."""
    described: Document = server.http.get("/openapi.json").json()
    return described
