"""Signing in with the vendor's own Python SDK: secrets, an RS256 key, and sessions that end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import zscaler.constants
import zscaler.zpa.legacy
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from zscaler import ZscalerClient
from zscaler.oneapi_client import LegacyZPAClient

from portico.domain.tenancy.identity import Role
from tests.clients.sdk import LEGACY, ONEAPI, connect, lead_to, refused, succeeded
from tests.harness import (
    Credentials,
    Server,
    Tenant,
    as_operator,
    create_client,
    create_tenant,
    served,
)

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("vendor_hosts")]


def new_key() -> tuple[str, str]:
    """A private RSA key and its public half, in PEM."""
    key = rsa.generate_private_key(65_537, 2_048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def key_client(tenant: Tenant, public_key: str) -> str:
    """The id of an API client that signs in by assertion."""
    client, _ = as_operator(
        tenant.server.database,
        lambda runtime: create_client(
            runtime,
            int(tenant.customer_id),
            name="Key client",
            role=Role.ADMIN,
            public_key=public_key,
        ),
    )
    return str(client.id)


def connect_by_key(tenant: Tenant, client_id: str, private_key: str) -> Any:  # noqa: ANN401
    """The SDK's links interface for a client with a private key, in PEM or as a path."""
    config = {
        "clientId": client_id,
        "privateKey": private_key,
        "customerId": tenant.customer_id,
        "vanityDomain": "local",
    }
    return ZscalerClient(config).zpa.user_portal_link


def test_private_key_signs_in(tenant: Tenant, tmp_path: Path) -> None:
    private, public = new_key()
    client_id = key_client(tenant, public)
    file = tmp_path / "key.pem"
    file.write_text(private)

    made = succeeded(
        connect_by_key(tenant, client_id, private).add_portal_link(
            name="Wiki", link="w.example.com"
        )
    )
    listed = succeeded(connect_by_key(tenant, client_id, str(file)).list_portal_link())

    assert made.modified_by == client_id
    assert [each.id for each in listed] == [made.id]


def test_foreign_private_key_is_refused(tenant: Tenant) -> None:
    _, public = new_key()
    foreign, _ = new_key()
    links = connect_by_key(tenant, key_client(tenant, public), foreign)

    with pytest.raises(Exception, match=r"Error authenticating: 400.*invalid_client"):
        links.list_portal_link()


def test_wrong_secret_is_refused_by_oneapi(tenant: Tenant) -> None:
    wrong = Credentials(tenant.credentials().client_id, "wrong")
    links = connect(ONEAPI, tenant.customer_id, wrong).user_portal_link

    with pytest.raises(Exception, match=r"Error authenticating: 400.*invalid_client"):
        links.list_portal_link()


def test_wrong_secret_is_refused_by_legacy(tenant: Tenant) -> None:
    wrong = Credentials(tenant.credentials().client_id, "wrong")

    with pytest.raises(Exception, match="Failed to login using provided credentials"):
        connect(LEGACY, tenant.customer_id, wrong)


def test_oneapi_signs_in_again_after_a_lost_session(server: Server, tenant: Tenant) -> None:
    zpa = connect(ONEAPI, tenant.customer_id, tenant.credentials())
    succeeded(zpa.user_portal_link.list_portal_link())
    first = zpa._request_executor._oauth._access_token
    bearer = {"Authorization": f"Bearer {first}"}
    assert server.http.post("/signout", headers=bearer).status_code == 200

    made = succeeded(zpa.user_portal_link.add_portal_link(name="Wiki", link="w.example.com"))

    assert made.name == "Wiki"
    assert zpa._request_executor._oauth._access_token != first


def test_revoked_client_is_out_at_once(mode: str, tenant: Tenant) -> None:
    credentials = tenant.credentials()
    links = connect(mode, tenant.customer_id, credentials).user_portal_link
    succeeded(links.list_portal_link())

    tenant.revoke(credentials)
    error = refused(links.list_portal_link())

    # OneAPI tries to sign in once more before it gives up; legacy mode does not.
    assert ("SESSION_NOT_VALID" if mode == LEGACY else "invalid_client") in str(error)


def test_foreign_tenant_is_forbidden(mode: str, tenant: Tenant) -> None:
    links = connect(mode, "123456789", tenant.credentials()).user_portal_link

    error = refused(links.list_portal_link())

    assert (error.status_code, error.error_code) == (403, "authz.access.forbidden")


def test_sdk_understands_how_long_to_wait(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(database_url, tmp_path / "server.log", "--rate-limit", "1") as limited:
        lead_to(limited.url, monkeypatch)
        tenant = create_tenant(limited)
        credentials = tenant.credentials()
        config = {
            "clientId": credentials.client_id,
            "clientSecret": credentials.client_secret,
            "customerId": tenant.customer_id,
            "vanityDomain": "local",
            "rateLimit": {"maxRetries": 2, "maxRetrySeconds": 0},  # never wait, say how long
        }
        links = ZscalerClient(config).zpa.user_portal_link
        first = links.list_portal_link()
        second = links.list_portal_link()

    assert succeeded(first) == []
    assert re.search(r"Retry wait time \d+ seconds", str(refused(second)))


def test_legacy_client_signs_in_to_the_cloud_dev(
    server: Server, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK signs in elsewhere there: at `/authn/v1/oauth/token` of another host."""
    monkeypatch.setitem(zscaler.constants.ZPA_BASE_URLS, "DEV", server.url)
    monkeypatch.setattr(zscaler.zpa.legacy, "DEV_AUTH_URL", f"{server.url}/authn/v1/oauth/token")
    credentials = tenant.credentials()
    config = {
        "clientId": credentials.client_id,
        "clientSecret": credentials.client_secret,
        "customerId": tenant.customer_id,
        "cloud": "DEV",
    }

    zpa = LegacyZPAClient(config).zpa

    assert succeeded(zpa.user_portal_link.list_portal_link()) == []
