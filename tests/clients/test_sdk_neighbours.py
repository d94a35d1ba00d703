"""Portals, acceptable use policies and microtenants through the vendor's own Python SDK."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.sdk import connect, refused, succeeded
from tests.harness import Caller, Tenant, create_tenant

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("vendor_hosts")]

MANAGED = {
    "name": "tests-uport",
    "description": "tests-uport",
    "enabled": True,
    "managed_by_zs": True,
    "domain": "securitygeek.io",
    "ext_domain": "securitygeek.io",
    "ext_domain_name": "-securitygeek-io.b.zscalerportal.net",
    "ext_domain_translation": "securitygeek.io",
    "ext_label": "tests-uport-vcr0003",
    "user_notification": "Created for a test",
    "user_notification_enabled": True,
}


def test_portal_passes_the_vendors_own_test(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    portals = zpa.user_portal_controller

    made = succeeded(portals.add_user_portal(**MANAGED))
    first = succeeded(portals.get_user_portal(made.id))
    succeeded(portals.update_user_portal(made.id, **MANAGED | {"name": "tests-uport Updated"}))
    second = succeeded(portals.get_user_portal(made.id))
    listed = succeeded(portals.list_user_portals(query_params={"search": "tests-uport Updated"}))
    succeeded(portals.delete_user_portal(made.id))
    left = succeeded(portals.list_user_portals())

    assert made.ext_domain_name == "-securitygeek-io.b.zscalerportal.net"
    assert first.domain == "tests-uport-vcr0003-securitygeek-io.p.zscalerportal.net"
    assert first.ext_domain_name == "securitygeek-io.p.zscalerportal.net"
    assert first.ext_domain_translation == "securitygeek.io"
    assert (first.user_notification, first.user_notification_enabled) == (
        "Created for a test",
        True,
    )
    assert (second.name, second.domain) == ("tests-uport Updated", first.domain)
    assert [each.id for each in listed] == [made.id]
    assert left == []


def test_portal_sent_back_whole_keeps_its_fields(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    """What zs-config does to switch a portal off: read, flip one field, write everything."""
    portals = zpa.user_portal_controller
    made = succeeded(portals.add_user_portal(**MANAGED))
    before = succeeded(portals.get_user_portal(made.id)).as_dict()
    whole = {key: value for key, value in before.items() if value is not None}

    succeeded(portals.update_user_portal(made.id, **whole | {"enabled": False}))
    after = succeeded(portals.get_user_portal(made.id)).as_dict()

    assert before["ext_label"] == "tests-uport-vcr0003"
    assert after == before | {"enabled": False, "modified_time": after["modified_time"]}


def test_portal_with_a_link_cannot_be_deleted(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    portal = succeeded(zpa.user_portal_controller.add_user_portal(name="Staff", enabled=True))
    succeeded(
        zpa.user_portal_link.add_portal_link(
            name="Wiki", link="wiki.example.com", user_portal_ids=[portal.id]
        )
    )

    error = refused(zpa.user_portal_controller.delete_user_portal(portal.id))

    assert (error.status_code, error.error_code) == (400, "resource.referenced")
    assert error.params == ["userPortalLink", "Wiki"]


def test_policy_round_trips_byte_for_byte(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    policies = zpa.user_portal_aup
    fields = {
        "name": "House rules",
        "description": "Rules & <b>customs</b>",
        "enabled": True,
        "aup": "# Rules\n\n* Lock your screen.\n* Ask when in doubt… \n",
        "email": "it@example.com",
        "phone_num": "+1-555-123-4567",
    }

    made = succeeded(policies.add_user_portal_aup(**fields))
    first = succeeded(policies.get_user_portal_aup(made.id)).as_dict()
    succeeded(policies.update_user_portal_aup(made.id, **fields | {"phone_num": "+1 123-1458"}))
    listed = succeeded(policies.list_user_portal_aup(query_params={"search": "House rules"}))
    succeeded(policies.delete_user_portal_aup(made.id))
    left = succeeded(policies.list_user_portal_aup())

    assert {key: first[key] for key in fields} == fields
    assert [(each.id, each.phone_num) for each in listed] == [(made.id, "+1 123-1458")]
    assert left == []


@pytest.fixture
def owner(vendor_hosts: None, mode: str, tenant: Tenant) -> Any:  # noqa: ANN401  # untyped SDK
    """The SDK on a tenant that owns two authentication domains."""
    owning = create_tenant(tenant.server, "acme.example", "lab.acme.example")
    return connect(mode, owning.customer_id, owning.credentials())


def test_microtenant_passes_the_vendors_own_test(owner: Any) -> None:  # noqa: ANN401  # untyped SDK
    microtenants = owner.microtenants
    domains = succeeded(owner.customer_controller.get_auth_domains())["authDomains"]

    made = succeeded(
        microtenants.add_microtenant(
            name="Laboratory",
            description="Research",
            enabled=True,
            privileged_approvals_enabled=True,
            criteria_attribute="AuthDomain",
            criteria_attribute_values=[domains[1]],
        )
    )
    first = succeeded(microtenants.get_microtenant(made.id))
    succeeded(microtenants.update_microtenant(made.id, name="Laboratory 2", enabled=True))
    listed = succeeded(microtenants.list_microtenants())
    summary = succeeded(microtenants.get_microtenant_summary())
    succeeded(microtenants.delete_microtenant(made.id))
    left = succeeded(microtenants.list_microtenants())

    assert domains == ["acme.example", "lab.acme.example"]
    assert (first.name, first.operator, first.criteria_attribute) == (
        "Laboratory",
        "OR",
        "AuthDomain",
    )
    assert list(first.criteria_attribute_values) == ["lab.acme.example"]
    assert first.privileged_approvals_enabled is True
    assert [(each.id, each.name) for each in listed] == [
        (made.id, "Laboratory 2"),
        ("0", "Default"),
    ]
    assert [(each.id, each.name, each.enabled) for each in summary] == [
        (made.id, "Laboratory 2", True),
        ("0", "Default", True),
    ]
    assert [each.name for each in left] == ["Default"]


def test_microtenant_search_answers_the_sdks_filter(owner: Any) -> None:  # noqa: ANN401  # untyped SDK
    microtenants = owner.microtenants
    for name in ("Laboratory", "Plant North", "Plant South"):
        succeeded(microtenants.add_microtenant(name=name, enabled=True))

    _, response, error = microtenants.get_microtenant_search(
        filter_by=[{"filter_name": "name", "operator": "LIKE", "values": ["plant"]}],
        page_by={"page": 1, "page_size": 20},
        sort_by={"sort_name": "name", "sort_order": "DESC"},
    )

    assert error is None
    assert [each["name"] for each in response.get_results()] == ["Plant South", "Plant North"]


def test_microtenant_search_without_filters_finds_all(owner: Any) -> None:  # noqa: ANN401
    """In legacy mode the SDK sends no body for an empty one."""
    succeeded(owner.microtenants.add_microtenant(name="Laboratory", enabled=True))

    _, response, error = owner.microtenants.get_microtenant_search()

    assert error is None, error
    assert [each["name"] for each in response.get_results()] == ["Laboratory", "Default"]


def test_foreign_auth_domain_is_refused_by_its_code(owner: Any) -> None:  # noqa: ANN401  # untyped SDK
    def claim(name: str, domain: str) -> tuple[Any, Any, Any]:
        answer: tuple[Any, Any, Any] = owner.microtenants.add_microtenant(
            name=name,
            enabled=True,
            criteria_attribute="AuthDomain",
            criteria_attribute_values=[domain],
        )
        return answer

    succeeded(claim("Laboratory", "lab.acme.example"))
    taken = refused(claim("Plant", "lab.acme.example"))
    foreign = refused(claim("Plant", "elsewhere.example"))

    assert taken.error_code == "domains.already.exists.in.other.microtenant"
    assert foreign.error_code == "domains.does.not.belong.to.customer"


def test_links_of_microtenants_stay_apart(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    laboratory = succeeded(zpa.microtenants.add_microtenant(name="Laboratory", enabled=True)).id
    links = zpa.user_portal_link
    fields = {"name": "Wiki", "link": "wiki.example.com"}
    inside = {"microtenant_id": laboratory}

    own = succeeded(links.add_portal_link(**fields, **inside))
    default = succeeded(links.add_portal_link(**fields))
    read = succeeded(links.get_portal_link(own.id, query_params=dict(inside)))
    hidden = refused(links.get_portal_link(own.id))
    seen = succeeded(links.list_portal_link(query_params=dict(inside)))
    succeeded(links.update_portal_link(own.id, name="Lab wiki", link="w.example.com", **inside))
    renamed = succeeded(links.get_portal_link(own.id, query_params=dict(inside)))
    succeeded(links.delete_portal_link(own.id, microtenant_id=laboratory))

    assert (read.microtenant_id, read.microtenant_name) == (laboratory, "Laboratory")
    assert hidden.error_code == "resource.not.found"
    assert [each.id for each in seen] == [own.id]
    assert renamed.name == "Lab wiki"
    assert [each.id for each in succeeded(links.list_portal_link())] == [default.id]


def test_confined_client_passes_its_microtenant(mode: str, tenant: Tenant, admin: Caller) -> None:
    laboratory = str(admin.create("microtenants", {"name": "Laboratory", "enabled": True})["id"])
    credentials = tenant.credentials(microtenant_id=laboratory)
    links = connect(mode, tenant.customer_id, credentials).user_portal_link

    made = succeeded(
        links.add_portal_link(name="Wiki", link="w.example.com", microtenant_id=laboratory)
    )
    error = refused(links.list_portal_link())

    assert made.microtenant_id == laboratory
    assert (error.status_code, error.error_code) == (403, "authz.access.forbidden")
    assert f"microtenantId={laboratory}" in error.error_message
