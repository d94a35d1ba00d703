"""User portal links through the vendor's own Python SDK, in both of its modes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from zscaler import ZscalerClient

from portico.domain.tenancy.identity import Role
from tests.clients.sdk import MODES, connect, lead_to, refused, succeeded, walk
from tests.harness import LINKS, Caller, Tenant, create_tenant, served, upgrade

pytestmark = pytest.mark.usefixtures("vendor_hosts")


def test_link_passes_the_vendors_own_test(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    portal = succeeded(zpa.user_portal_controller.add_user_portal(name="Staff", enabled=True))
    links = zpa.user_portal_link
    fields = {"enabled": True, "link": "server1.example.com", "icon_text": ""}

    made = succeeded(
        links.add_portal_link(
            name="tests-link",
            description="tests-link",
            protocol="https://",
            user_notification_enabled=True,
            user_portal_ids=[portal.id],
            **fields,
        )
    )
    first = succeeded(links.get_portal_link(made.id))
    updated = succeeded(
        links.update_portal_link(
            made.id, name="tests-link Updated", user_portal_ids=[portal.id], **fields
        )
    )
    second = succeeded(links.get_portal_link(made.id))
    listed = succeeded(links.list_portal_link())
    succeeded(links.delete_portal_link(made.id))
    left = succeeded(links.list_portal_link())
    succeeded(zpa.user_portal_controller.delete_user_portal(portal.id))

    assert (first.name, first.description, first.link) == (
        "tests-link",
        "tests-link",
        "server1.example.com",
    )
    assert (first.enabled, first.protocol, first.icon_text) == (True, "https://", None)
    assert [each.name for each in first.user_portals] == ["Staff"]
    assert first.microtenant_name == "Default"
    assert updated.id == made.id
    assert (second.name, second.description, second.protocol) == ("tests-link Updated", None, None)
    assert [each.id for each in second.user_portals] == [portal.id]
    assert second.creation_time == made.creation_time
    assert [each.id for each in listed] == [made.id]
    assert left == []


def test_update_without_portals_clears_them(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    portal = succeeded(zpa.user_portal_controller.add_user_portal(name="Staff", enabled=True))
    links = zpa.user_portal_link
    made = succeeded(
        links.add_portal_link(name="Wiki", link="wiki.example.com", user_portal_ids=[portal.id])
    )

    succeeded(links.update_portal_link(made.id, name="Wiki", link="wiki.example.com"))

    assert succeeded(links.get_portal_link(made.id)).user_portals == []


def test_list_pages_through_more_than_500(zpa: Any, tenant: Tenant, admin: Caller) -> None:  # noqa: ANN401
    names = [f"Link {number:04}" for number in range(523)]
    for chunk in (names[:500], names[500:]):
        entries = [{"name": name, "link": "wiki.example.com"} for name in chunk]
        admin.create(f"{LINKS}/bulk", {"userPortalLinks": entries})
    links = zpa.user_portal_link

    by_default = links.list_portal_link()
    by_largest = links.list_portal_link(query_params={"page_size": 500})
    third = links.list_portal_link(query_params={"page": "3", "page_size": "100"})

    assert len(by_default[0]) == 20
    assert len(by_largest[0]) == 500
    assert [each.name for each in walk(by_default)] == names
    assert [each.name for each in walk(by_largest)] == names
    assert [each.name for each in succeeded(third)] == names[200:300]


def test_search_finds_the_exact_name(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    links = zpa.user_portal_link
    for name in ("Service Edge", "Service Edge 2", "My Service Edge"):
        succeeded(links.add_portal_link(name=name, link="edge.example.com", enabled=True))

    exact = succeeded(links.list_portal_link(query_params={"search": "Service Edge"}))
    paged = succeeded(
        links.list_portal_link(
            query_params={"search": "Service Edge 2", "page": "1", "page_size": "100"}
        )
    )
    part = succeeded(links.list_portal_link(query_params={"search": "name+CONTAINS+edge"}))
    none = succeeded(links.list_portal_link(query_params={"search": "Edge"}))

    assert [each.name for each in exact] == ["Service Edge"]
    assert [each.name for each in paged] == ["Service Edge 2"]
    assert [each.name for each in part] == ["My Service Edge", "Service Edge", "Service Edge 2"]
    assert none == []


def test_bulk_returns_the_created_links(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    portal = succeeded(zpa.user_portal_controller.add_user_portal(name="Staff", enabled=True))
    links = zpa.user_portal_link
    entries = [
        {"name": "Time", "link": "time.example.com", "protocol": "https://", "enabled": True},
        {"name": "Mail", "link": "mail.example.com", "link_path": "/inbox", "enabled": False},
    ]

    (made,) = succeeded(links.add_bulk_portal_links(entries, user_portal_link_ids=[portal.id]))
    stored = succeeded(links.list_portal_link())

    assert [(each.name, each.enabled, each.link_path) for each in made.user_portal_links] == [
        ("Time", True, None),
        ("Mail", False, "/inbox"),
    ]
    assert [each.id for each in made.user_portals] == [portal.id]
    assert {each.id for each in stored} == {each.id for each in made.user_portal_links}
    assert all([on.id for on in each.user_portals] == [portal.id] for each in stored)


@pytest.mark.parametrize("mode", MODES)
def test_bulk_creates_and_errs_with_the_array_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    url = f"sqlite:///{tmp_path / 'portico'}.db"
    upgrade(url)
    with served(url, tmp_path / "server.log", "--no-sdk-bulk-array") as server:
        tenant = create_tenant(server)
        lead_to(server.url, monkeypatch)
        links = connect(mode, tenant.customer_id, tenant.credentials()).user_portal_link

        error = refused(links.add_bulk_portal_links([{"name": "Time", "link": "time.example.com"}]))
        stored = succeeded(links.list_portal_link())

    assert isinstance(error, TypeError)  # it reads an array, and gets the documented object
    assert [each.name for each in stored] == ["Time"]


def test_links_of_a_portal_are_in_the_response(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    portal = succeeded(zpa.user_portal_controller.add_user_portal(name="Staff", enabled=True))
    links = zpa.user_portal_link
    for name in ("Wiki", "Mail"):
        succeeded(
            links.add_portal_link(name=name, link="x.example.com", user_portal_ids=[portal.id])
        )
    succeeded(links.add_portal_link(name="Elsewhere", link="x.example.com"))

    result, response, error = links.get_user_portal_link(portal.id)

    assert error is None
    assert result.id is None  # docs/reference/clients.md: the SDK reads the envelope as one link
    assert [each["name"] for each in response.get_results()] == ["Mail", "Wiki"]


def test_taken_name_is_an_error_with_its_code(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    links = zpa.user_portal_link
    succeeded(links.add_portal_link(name="Wiki", link="wiki.example.com"))

    error = refused(links.add_portal_link(name="wiki", link="other.example.com"))

    assert (error.status_code, error.error_code) == (400, "resource.already.exist")
    assert error.params == ["wiki"]
    assert "wiki" in error.error_message


def test_unknown_link_is_an_error_with_its_code(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    links = zpa.user_portal_link

    answers = [
        links.get_portal_link("4711"),
        links.update_portal_link("4711", name="Wiki", link="wiki.example.com"),
        links.delete_portal_link("4711"),
    ]
    errors = [refused(answer) for answer in answers]

    assert [(each.status_code, each.error_code) for each in errors] == [
        (404, "resource.not.found")
    ] * 3
    assert errors[0].error_message == "No resource exists with the given id/name :4711"


def test_invalid_field_is_named_to_the_sdk(zpa: Any) -> None:  # noqa: ANN401  # untyped SDK
    error = refused(
        zpa.user_portal_link.add_portal_link(name="Wiki", link="https://wiki.example.com/start")
    )

    assert (error.status_code, error.error_code) == (400, "invalid.resource.argument")
    assert error.params == ["link"]


def test_viewer_may_read_and_not_write(mode: str, tenant: Tenant, admin: Caller) -> None:
    admin.create_link("Wiki")
    links = connect(mode, tenant.customer_id, tenant.credentials(role=Role.VIEWER)).user_portal_link

    listed = succeeded(links.list_portal_link())
    error = refused(links.delete_portal_link(listed[0].id))

    assert [each.name for each in listed] == ["Wiki"]
    assert (error.status_code, error.error_code) == (403, "authz.access.forbidden")
    assert admin.names() == ["Wiki"]


def test_sdk_session_keeps_its_connection(vendor_hosts: None, admin: Caller) -> None:
    """The SDK sends `{}` as the body of every GET."""
    admin.create_link("Wiki")
    config = {
        "clientId": admin.credentials.client_id,
        "clientSecret": admin.credentials.client_secret,
        "customerId": admin.customer_id,
        "vanityDomain": "local",
    }
    with ZscalerClient(config) as client:
        for _ in range(100):
            assert [each.name for each in succeeded(client.zpa.user_portal_link.list_portal_link())]
        pools = client._session.get_adapter(admin.server.url).poolmanager.pools
        (pool,) = map(pools.get, pools.keys())
        assert pool.num_requests >= 100
        assert pool.num_connections == 1
