"""Application segments: read by clients in the recorded shape, kept by the operator."""

from __future__ import annotations

from tests.harness import (
    APPLICATIONS,
    LINKS,
    MICROTENANTS,
    Caller,
    Tenant,
    assert_error,
    create_applications,
)

RECORDED = {
    "passiveHealthEnabled": True,
    "doubleEncrypt": False,
    "configSpace": "DEFAULT",
    "bypassType": "NEVER",
    "healthCheckType": "DEFAULT",
    "icmpAccessType": "NONE",
    "isCnameEnabled": True,
    "ipAnchored": False,
    "bypassOnReauth": False,
    "inspectTrafficWithZia": False,
    "healthReporting": "ON_ACCESS",
    "useInDrMode": False,
    "tcpKeepAlive": "0",
    "selectConnectorCloseToApp": False,
    "matchStyle": "EXCLUSIVE",
    "isIncompleteDRConfig": False,
    "adpEnabled": False,
    "autoAppProtectEnabled": False,
    "apiProtectionEnabled": False,
    "fqdnDnsCheck": False,
    "weightedLoadBalancing": False,
    "extranetEnabled": False,
    "policyStyle": "NONE",
    "readOnly": False,
    "zscalerManaged": False,
}
"""What the vendor's recorded segment holds beside what was sent to make it."""


def test_segment_has_the_recorded_shape(admin: Caller) -> None:
    (made,) = create_applications(admin, "AppPortal01", description="Behind the portal")

    read = admin.get(f"{APPLICATIONS}/{made}").json()

    assert read == RECORDED | {
        "id": made,
        "creationTime": read["creationTime"],
        "modifiedTime": read["creationTime"],
        "modifiedBy": "0",
        "name": "AppPortal01",
        "description": "Behind the portal",
        "enabled": True,
        "domainNames": ["app.example.com"],
        "microtenantName": "Default",
    }
    assert admin.get(APPLICATIONS).json()["list"] == [read]


def test_segments_are_listed_and_found_by_name(admin: Caller) -> None:
    create_applications(admin, "Wiki app", "AppPortal01", "Mail app")

    assert admin.names(APPLICATIONS) == ["AppPortal01", "Mail app", "Wiki app"]
    assert admin.names(APPLICATIONS, search="name+EQ+AppPortal01") == ["AppPortal01"]
    assert admin.names(APPLICATIONS, search="app", pagesize=1, page=2) == ["Mail app"]
    assert admin.names(APPLICATIONS, sortBy="enabled", search="enabled EQ false") == []


def test_cached_list_sees_a_new_segment_at_once(admin: Caller) -> None:
    for count in (1, 2):
        create_applications(admin, f"App {count}")
        for _ in range(2):
            assert len(admin.names(APPLICATIONS)) == count


def test_segments_are_only_read(admin: Caller) -> None:
    (made,) = create_applications(admin, "AppPortal01")

    assert_error(admin.post(APPLICATIONS, {"name": "x"}), 405, "method.not.allowed", "POST")
    for method in ("PUT", "DELETE"):
        answer = admin.call(method, f"{APPLICATIONS}/{made}", json={})
        assert_error(answer, 405, "method.not.allowed", method)


def test_segments_of_microtenants_stay_apart(tenant: Tenant, admin: Caller) -> None:
    north = str(admin.create(MICROTENANTS, {"name": "North", "enabled": True})["id"])
    (made,) = create_applications(admin, "AppPortal01", microtenant_id=north)
    create_applications(admin, "AppPortal01")
    inside = tenant.caller(microtenant_id=north)

    (seen,) = inside.get(APPLICATIONS, microtenantId=north).json()["list"]

    assert (seen["id"], seen["microtenantId"], seen["microtenantName"]) == (made, north, "North")
    assert_error(admin.get(f"{APPLICATIONS}/{made}"), 404, "resource.not.found", made)
    refused = admin.delete(f"{MICROTENANTS}/{north}")
    assert_error(refused, 400, "resource.referenced", "application", "AppPortal01")


def test_link_names_a_segment_that_is_here_or_elsewhere(admin: Caller) -> None:
    (made,) = create_applications(admin, "AppPortal01")

    for name, application_id in (("Here", made), ("Elsewhere", "72058304855142")):
        link_id = admin.create_link(name, applicationId=application_id)

        assert admin.get(f"{LINKS}/{link_id}").json()["applicationId"] == application_id
