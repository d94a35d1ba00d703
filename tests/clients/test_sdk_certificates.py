"""Certificates and application segments through the vendor's own Python SDK."""

from __future__ import annotations

from typing import Any

import pytest

from tests.certificates import RECORDED_SUBJECT, certificate_pem, private_key_pem
from tests.clients.sdk import connect, refused, succeeded, walk
from tests.harness import Caller, Tenant, create_applications

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("vendor_hosts")]


def blob(common_name: str = "bd-redhat.com") -> str:
    """Certificate and private key in one text, as the vendor's own tests send them."""
    return certificate_pem(common_name, subject=RECORDED_SUBJECT) + private_key_pem()


def test_certificate_passes_the_vendors_own_test(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    certificates = zpa.certificates

    made = succeeded(certificates.add_certificate(name="tests-bacert", cert_blob=blob()))
    read = succeeded(certificates.get_certificate(made.id))
    issued = succeeded(certificates.list_issued_certificates())
    succeeded(certificates.delete_certificate(made.id))
    left = succeeded(certificates.list_certificates())

    assert (read.id, read.name, read.microtenant_name) == (made.id, "tests-bacert", "Default")
    assert (made.valid_from, made.valid_to) == ("1764191887", "2079551887")
    assert read.issued_to.startswith("CN=bd-redhat.com,OU=IT Department,")
    assert (read.cname, list(read.san)) == ("bd-redhat.com", ["bd-redhat.com"])
    assert read.certificate.count("BEGIN") == 1
    assert [each.id for each in issued] == [made.id]
    assert left == []


def test_certificate_is_found_by_name_and_renamed(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    certificates = zpa.certificates
    for name in ("bd-hashicorp.com", "sales.bd-hashicorp.com"):
        succeeded(certificates.add_certificate(name=name, cert_blob=blob(name)))

    (found,) = succeeded(
        certificates.list_issued_certificates(query_params={"search": "bd-hashicorp.com"})
    )
    succeeded(certificates.update_certificate(found.id, name="Renamed", description="New"))
    after = succeeded(certificates.get_certificate(found.id))

    assert (found.name, found.cname) == ("bd-hashicorp.com", "bd-hashicorp.com")
    assert (after.name, after.description) == ("Renamed", "New")
    assert after.certificate == found.certificate


def test_certificate_that_a_portal_names_is_refused_by_its_code(zpa: Any) -> None:  # noqa: ANN401
    made = succeeded(zpa.certificates.add_certificate(name="Own", cert_blob=blob()))
    portal = succeeded(
        zpa.user_portal_controller.add_user_portal(
            name="Staff", enabled=True, certificate_id=made.id, domain="portal01"
        )
    )

    read = succeeded(zpa.user_portal_controller.get_user_portal(portal.id))
    error = refused(zpa.certificates.delete_certificate(made.id))

    assert (read.certificate_id, read.certificate_name, read.domain) == (made.id, "Own", "portal01")
    assert (error.status_code, error.error_code) == (400, "resource.referenced")


@pytest.mark.parametrize("content", ["", "not a certificate", private_key_pem()])
def test_invalid_certificate_is_refused_once(zpa: Any, content: str) -> None:  # noqa: ANN401
    error = refused(zpa.certificates.add_certificate(name="invalid-cert", cert_blob=content))

    assert (error.status_code, error.error_code) == (400, "invalid.resource.argument")
    assert error.params == ["certBlob"]


def test_certificates_of_microtenants_stay_apart(mode: str, tenant: Tenant, admin: Caller) -> None:
    laboratory = str(admin.create("microtenants", {"name": "Laboratory", "enabled": True})["id"])
    credentials = tenant.credentials(microtenant_id=laboratory)
    certificates = connect(mode, tenant.customer_id, credentials).certificates
    place = {"microtenant_id": laboratory}

    made = succeeded(certificates.add_certificate(name="Own", cert_blob=blob(), **place))
    listed = succeeded(certificates.list_issued_certificates(query_params=dict(place)))
    succeeded(certificates.delete_certificate(made.id, microtenant_id=laboratory))

    assert [(each.id, each.microtenant_name) for each in listed] == [(made.id, "Laboratory")]


def test_segments_are_listed_found_and_read(zpa: Any, admin: Caller) -> None:  # noqa: ANN401
    segments = zpa.application_segment
    made, other = create_applications(admin, "AppPortal01", "AppPortal02", description="Apps")

    everything = walk(segments.list_segments(query_params={"page_size": 1}))
    (found,) = succeeded(segments.list_segments(query_params={"search": "AppPortal01"}))
    read = succeeded(segments.get_segment(made))

    assert [each.id for each in everything] == [made, other]
    assert found.as_dict() == read.as_dict()
    assert (read.id, read.name, read.enabled) == (made, "AppPortal01", True)
    assert list(read.domain_names) == ["app.example.com"]
    assert (read.match_style, read.microtenant_name) == ("EXCLUSIVE", "Default")


def test_operation_that_is_missing_is_no_missing_object(zpa: Any) -> None:  # noqa: ANN401
    """The SDK's groups, servers and rules are not here; what it shows says so, at once."""
    error = refused(zpa.segment_groups.list_groups())

    assert (error.status_code, error.error_code) == (400, "portico.operation.unknown")
    assert "GET" in error.error_message
    assert "segmentGroup" in error.error_message
