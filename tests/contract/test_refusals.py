"""Every route refuses in the same words: who has no token, no right, no such object, no sense."""

from __future__ import annotations

import pytest

from portico.domain.tenancy.identity import Role
from tests.contract.routes import (
    METHODS,
    OF_TENANT,
    PROTECTED,
    ROUTES,
    UNKNOWN_ID,
    WITH_BODY,
    WITH_ID,
    WRITES,
    Home,
    Route,
    assert_refused,
    body_for,
    plain,
)
from tests.harness import Caller, Server, Tenant, assert_error

pytestmark = pytest.mark.one_database

walk_protected = pytest.mark.parametrize("route", PROTECTED, ids=str)
walk_tenant = pytest.mark.parametrize("route", OF_TENANT, ids=str)
# Security is walked below both prefixes; what follows it is the same code for both.
walk_ids = pytest.mark.parametrize("route", plain(WITH_ID), ids=str)
walk_bodies = pytest.mark.parametrize("route", plain(WITH_BODY), ids=str)
walk_writes = pytest.mark.parametrize("route", plain(WRITES), ids=str)


@pytest.fixture(scope="module")
def viewer(home: Home) -> Caller:
    """A client of the home tenant that may only read."""
    return Tenant(home.admin.server, home.admin.customer_id).caller(role=Role.VIEWER)


@walk_protected
def test_bad_token_is_refused(home: Home, route: Route) -> None:
    for authorization in (None, "", "Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "Token x"):
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = home.admin.http.request(
            route.method, home.path(route), json=body_for(route), headers=headers
        )

        assert_error(answer, 401, "access.denied")
        assert answer.headers["www-authenticate"] == "Bearer"


@walk_tenant
def test_other_tenant_is_forbidden(home: Home, stranger: Caller, route: Route) -> None:
    unknown = home.path(route, customerId=UNKNOWN_ID)

    assert_refused(stranger, route, home.path(route), 403, "authz.access.forbidden")
    assert_refused(stranger, route, unknown, 403, "authz.access.forbidden")


@walk_tenant
def test_foreign_microtenant_is_forbidden(home: Home, stranger: Caller, route: Route) -> None:
    path = home.path(route, customerId=stranger.customer_id)
    foreign = f"{path}?microtenantId={home.ids['microtenants']}"

    assert_refused(stranger, route, foreign, 403, "authz.access.forbidden")


@walk_ids
def test_foreign_object_is_not_found(home: Home, stranger: Caller, route: Route) -> None:
    path = home.path(route, customerId=stranger.customer_id)

    assert_refused(stranger, route, path, 404, "resource.not.found")


@walk_ids
def test_unknown_object_is_not_found(home: Home, route: Route) -> None:
    path = home.path(route, **{route.names[-1]: UNKNOWN_ID})

    assert_refused(home.admin, route, path, 404, "resource.not.found")


@walk_ids
def test_id_that_is_no_number_is_refused(home: Home, route: Route) -> None:
    for name in route.names:
        for bad in ("x", "1.5", "9223372036854775808", "%20", "1%00", "%FF", "%E2%82"):
            answer = home.admin.http.request(
                route.method,
                home.path(route, **{name: bad}),
                json=body_for(route),
                headers={"Authorization": f"Bearer {home.admin.token}"},
            )

            assert_error(answer, 400, "invalid.resource.argument", name)


@walk_writes
def test_viewer_cannot_write(home: Home, viewer: Caller, route: Route) -> None:
    assert_refused(viewer, route, home.path(route), 403, "authz.access.forbidden")


@walk_writes
def test_viewer_cannot_write_on_a_condition(home: Home, viewer: Caller, route: Route) -> None:
    answer = viewer.http.request(
        route.method,
        home.path(route),
        json=body_for(route),
        headers={
            "Authorization": f"Bearer {viewer.token}",
            "If-Match": '"another version"',
            "Idempotency-Key": "viewer",
        },
    )

    assert_error(answer, 403, "authz.access.forbidden")


@walk_bodies
def test_body_that_is_no_json_is_refused(home: Home, route: Route) -> None:
    for content in (b" ", b"{", b"null", b'"text"', b"1", b"true", b"[1]", b"{'a': 1}", b"\xff"):
        answer = home.admin.http.request(
            route.method,
            home.path(route),
            content=content,
            headers={
                "Authorization": f"Bearer {home.admin.token}",
                "Content-Type": "application/json",
            },
        )

        assert answer.status_code == 400, (content, answer.text)
        reason = assert_error(answer, 400, "invalid.resource.argument", answer.json()["params"][0])
        assert answer.json()["params"][0] in reason


@walk_bodies
def test_body_of_another_type_is_refused(home: Home, route: Route) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "", "application/xml"):
        answer = home.admin.http.request(
            route.method,
            home.path(route),
            content=b"{}",
            headers={
                "Authorization": f"Bearer {home.admin.token}",
                "Content-Type": content_type,
            },
        )

        assert_error(answer, 415, "unsupported.media.type")


@pytest.mark.parametrize("path", sorted({route.path for route in plain(ROUTES)}))
def test_other_methods_are_not_allowed(home: Home, path: str) -> None:
    here = [route for route in ROUTES if route.path == path]
    taken = {route.method for route in here}
    for method in sorted(set(METHODS) - taken):
        answer = home.admin.http.request(
            method, home.path(here[0]), headers={"Authorization": f"Bearer {home.admin.token}"}
        )

        assert_error(answer, 405, "method.not.allowed", method)
        assert set(answer.headers["allow"].replace(" ", "").split(",")) - {"OPTIONS"} == taken


@pytest.mark.parametrize("path", ["/nowhere", "/favicon.ico"])
def test_unknown_path_is_not_found(server: Server, path: str) -> None:
    for method in METHODS:
        assert_error(server.http.request(method, path), 404, "resource.not.found", path)


@pytest.mark.parametrize("route", sorted({route.path for route in OF_TENANT}))
def test_unknown_tail_is_an_unknown_operation(home: Home, route: str) -> None:
    values = {"customerId": home.admin.customer_id, "id": UNKNOWN_ID, "portalId": UNKNOWN_ID}
    path = f"{route.format(**values)}/tail/of/it"
    for method in METHODS:
        answer = home.admin.http.request(method, path)

        assert_error(answer, 400, "portico.operation.unknown", method, path)
