"""Paths: two prefixes, a slash at the end, letters as they are, and which word is no id."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from tests.harness import (
    APPLICATIONS,
    AUPS,
    CERTIFICATES,
    ISSUED,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    Server,
    assert_error,
)
from tests.http.bodies import BULK, link, links, on, total

pytestmark = pytest.mark.one_database

UNKNOWN = "portico.operation.unknown"
NOUNS = (LINKS, PORTALS, AUPS, CERTIFICATES, APPLICATIONS, MICROTENANTS)


@pytest.mark.parametrize("prefix", ["", "/zpa"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_every_operation_answers_below_both_prefixes(
    admin: Caller, prefix: str, slash: str
) -> None:
    portal_id = admin.create_portal()

    def status(method: str, path: str, body: object = None, version: str = "v1") -> int:
        answer = admin.call(method, path + slash, json=body, prefix=prefix, version=version)
        return answer.status_code

    assert status("POST", LINKS, link(userPortals=on(portal_id))) == 201
    assert status("POST", BULK, links(2), "v2") == 201
    assert status("POST", BULK, links(2, "More"), "v1") == 201
    assert status("GET", LINKS) == 200
    assert status("GET", f"{LINKS}/userPortal/{portal_id}") == 200
    path = f"{LINKS}/{admin.get(LINKS).json()['list'][0]['id']}"
    assert status("GET", path) == 200
    assert status("PUT", path, link("Changed")) == 204
    assert status("DELETE", path) == 204
    for noun in (*NOUNS, f"{MICROTENANTS}/summary", "authDomains"):
        assert status("GET", noun) == 200, noun
    assert status("GET", ISSUED, version="v2") == 200
    assert total(admin) == 4


def test_slash_before_the_query_is_taken(admin: Caller) -> None:
    admin.create_link("Wiki")
    admin.create_link("Other")

    assert admin.names(f"{LINKS}/", search="name EQ Wiki") == ["Wiki"]


def test_target_that_is_no_path_is_not_found(server: Server) -> None:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as client:
        client.sendall(b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65_536), b""))

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b'"resource.not.found"' in answer


@pytest.mark.parametrize(
    "path",
    [
        "userportallink",
        "UserPortalLink",
        "USERPORTALLINK",
        "userPortalLinks",
        "userportal",
        "microTenants",
        "Microtenants",
        "authdomains",
        "userPortalLink/userportal/1",
    ],
)
def test_letters_count(resident: Caller, path: str) -> None:
    answer = resident.get(path)

    assert_error(answer, 400, UNKNOWN, "GET", resident.path(path))


def test_version_two_is_for_the_bulk_and_issued_certificates(resident: Caller) -> None:
    assert resident.get(ISSUED).json()["id"] == UNKNOWN
    for path in (LINKS, PORTALS, f"{LINKS}/1", CERTIFICATES, APPLICATIONS):
        answer = resident.call("GET", path, version="v2")

        assert_error(answer, 400, UNKNOWN, "GET", resident.path(path, version="v2"))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    [
        "/mgmtconfig",
        "/mgmtconfig/",
        "/mgmtconfig/v3/admin/me",
        "/mgmtconfig/v1/admin/customers/7/segmentGroup",
        "/mgmtconfig/v1/admin/customers/7/userPortalLink/9/unknown",
        "/mgmtconfig/v2/admin/customers/7/userPortal",
        "/userconfig/v1/customers/7/scimgroup/idpId/9",
        "/cbiconfig/cbi/api/customers/7/profiles",
        "/zia/api/v1/urlCategories",
        "/ziam/admin/api/v1/users",
        "/oauth2/v2/token",
    ],
)
def test_unknown_operation_is_never_a_missing_object(
    resident: Caller, method: str, path: str
) -> None:
    """Terraform drops an object from its state on a 404, and retries a 409 or 5xx for minutes."""
    for prefix in ("", "/zpa"):
        for headers in ({}, {"Authorization": f"Bearer {resident.token}"}):
            answer = resident.http.request(method, prefix + path, headers=headers)

            assert answer.status_code == 400
            if method != "HEAD":
                reason = assert_error(answer, 400, UNKNOWN, method, prefix + path)
                assert f"{method} {prefix}{path}" in reason


def test_long_and_odd_paths_are_shown_short_and_encoded(resident: Caller) -> None:
    long = resident.http.get(f"/mgmtconfig/v1/{'x' * 5_000}").json()["params"][1]
    odd = resident.http.get("/mgmtconfig/%1b%5b2J%E2%80%AE%FF").json()["params"][1]

    assert long == f"/mgmtconfig/v1/{'x' * 5_000}"[:200]
    assert odd.isascii()
    assert odd.startswith("/mgmtconfig/%1B%5B2J%E2%80%AE")


@pytest.mark.parametrize("path", ["/nowhere", "/v1/admin", "/zpax/mgmtconfig", "/mgmtconfigs/v1"])
def test_path_that_is_not_the_apis_is_not_found(resident: Caller, path: str) -> None:
    assert_error(resident.http.get(path), 404, "resource.not.found", path)


def test_words_are_no_ids(resident: Caller) -> None:
    assert_error(resident.get(BULK), 405, "method.not.allowed", "GET")
    assert_error(resident.put(BULK, link()), 405, "method.not.allowed", "PUT")
    assert_error(resident.delete(f"{MICROTENANTS}/summary"), 405, "method.not.allowed", "DELETE")
    assert_error(resident.get(f"{MICROTENANTS}/search"), 405, "method.not.allowed", "GET")


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("object_id", ["x", "1.0", "1e3", "0x1", "null", "-", "+1", "9" * 20])
def test_id_is_a_number(resident: Caller, noun: str, object_id: str) -> None:
    answer = resident.get(f"{noun}/{object_id}")

    assert_error(answer, 400, "invalid.resource.argument", "id")


@pytest.mark.parametrize("object_id", ["1", "-1", "9223372036854775807"])
def test_number_that_is_no_id_is_not_found(resident: Caller, object_id: str) -> None:
    for noun in NOUNS:
        answer = resident.get(f"{noun}/{object_id}")

        assert_error(answer, 404, "resource.not.found", object_id)


@pytest.mark.parametrize(
    "tail", ["%00", "%2e%2e", "%FF", "%F0%9F%98%80", "..%2f..", "x" * 5_000, "%0d%0aX: y"]
)
def test_odd_path_is_no_server_error(resident: Caller, tail: str) -> None:
    answers = [
        resident.http.get(f"{resident.path(LINKS)}/{tail}"),
        resident.call("GET", f"{LINKS}/{tail}"),
        resident.http.get(f"/{tail}"),
    ]

    for answer in answers:
        assert 400 <= answer.status_code < 500
        assert answer.json()["id"]
        assert answer.json()["reason"]
        assert "x" not in answer.headers


def test_probes_answer_everyone(resident: Caller) -> None:
    assert resident.http.get("/healthz").json() == {"status": "ok"}
    assert resident.http.get("/readyz").json() == {"status": "ready"}
