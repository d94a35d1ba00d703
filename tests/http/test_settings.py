"""Settings that an operator can see on the wire: rate limit, vendor statuses, lifetime, names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import (
    AUPS,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    Server,
    assert_error,
    create_tenant,
    served,
    upgrade,
)
from tests.http.bodies import link, on
from tests.http.clients import ask_me, ask_token, assertion_of, claims_of, new_key, register

LIMIT = 5
OPTIONS = {
    "vendor": ("--vendor-statuses", "--cache-bytes", "0"),
    "limited": ("--rate-limit", str(LIMIT)),
    "named": (
        "--token-lifetime",
        "60",
        "--portal-suffix",
        "portals.example.net",
        "--assertion-audience",
        "https://one.example, https://two.example",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the servers of this module keep their data."""
    return tmp_path_factory.mktemp("settings")


def start(folder: Path, name: str) -> Iterator[Server]:
    """A server with settings of its own, on an embedded database of its own."""
    url = f"sqlite:///{folder / name}.db"
    upgrade(url)
    with served(url, folder / f"{name}.log", *OPTIONS[name]) as running:
        yield running


@pytest.fixture(scope="module")
def vendor(folder: Path) -> Iterator[Server]:
    """A server that answers with the vendor's statuses, and keeps no answers."""
    yield from start(folder, "vendor")


@pytest.fixture(scope="module")
def limited(folder: Path) -> Iterator[Server]:
    """A server that takes few requests a minute."""
    yield from start(folder, "limited")


@pytest.fixture(scope="module")
def named(folder: Path) -> Iterator[Server]:
    """A server with other names and lifetimes."""
    yield from start(folder, "named")


def test_vendor_statuses_make_not_found_a_400(vendor: Server) -> None:
    admin = create_tenant(vendor).caller()
    for noun in (LINKS, PORTALS, AUPS, MICROTENANTS):
        path = f"{noun}/12345"
        for answer in (admin.get(path), admin.put(path, link()), admin.delete(path)):
            reason = assert_error(answer, 400, "resource.not.found", "12345")
            assert reason == "No resource exists with the given id/name :12345"
    listed = admin.get(f"{LINKS}/userPortal/12345")
    assert_error(listed, 400, "resource.not.found", "12345")


def test_vendor_statuses_change_nothing_else(vendor: Server) -> None:
    tenant = create_tenant(vendor)
    admin, other = tenant.caller(), create_tenant(vendor).caller()
    headers = {"Authorization": f"Bearer {other.token}"}

    assert ask_me(admin, "x").status_code == 401
    assert other.http.get(admin.path(LINKS), headers=headers).status_code == 403
    assert admin.call("PATCH", LINKS).status_code == 405
    assert admin.call("POST", LINKS, content=b"{}").status_code == 415
    assert admin.post(LINKS, link()).status_code == 201


def test_reads_without_kept_answers_are_the_same(vendor: Server) -> None:
    admin = create_tenant(vendor).caller()
    path = f"{LINKS}/{admin.create_link(userPortals=on(admin.create_portal()))}"
    first, second = admin.get(path), admin.get(path)
    tag = first.headers["etag"]

    assert first.json() == second.json()
    assert second.headers["etag"] == tag
    assert admin.call("GET", path, headers={"If-None-Match": tag}).status_code == 304


def test_too_many_requests_are_refused(limited: Server) -> None:
    tenant = create_tenant(limited)
    caller, patient = tenant.caller(), tenant.caller()
    answers = [caller.get(LINKS) for _ in range(2 * LIMIT + 2)]
    refused = [answer for answer in answers if answer.status_code == 429]
    taken = [answer for answer in answers if answer.status_code == 200]

    # The minute may end between two requests, once.
    assert LIMIT <= len(taken) <= 2 * LIMIT
    assert refused
    for answer in refused:
        body = answer.json()
        assert body["id"] == body["exception"] == "invalid.toomanyrequests"
        assert body["reason"] == "Exceeded the number of requests allowed."
        assert answer.headers["retry-after"] == f"{answer.headers['x-ratelimit-reset']}s"
        assert 1 <= int(answer.headers["x-ratelimit-reset"]) <= 60
        assert answer.headers["x-ratelimit-remaining"] == "0"
        assert answer.headers["x-ratelimit-limit"] == f"{LIMIT}, {LIMIT};w=60"
    assert patient.get(LINKS).status_code == 200


def test_refused_write_stores_nothing(limited: Server) -> None:
    tenant = create_tenant(limited)
    caller, reader = tenant.caller(), tenant.caller()
    answers = [caller.post(LINKS, link(f"Link {number}")) for number in range(2 * LIMIT + 2)]
    made = [answer for answer in answers if answer.status_code == 201]

    assert LIMIT <= len(made) <= 2 * LIMIT
    assert reader.get(LINKS).json()["totalCount"] == str(len(made))


def test_signing_in_is_not_limited(limited: Server) -> None:
    caller = create_tenant(limited).caller()

    tokens = {caller.sign_in() for _ in range(3 * LIMIT)}

    assert len(tokens) == 3 * LIMIT


def form_of(caller: Caller) -> dict[str, str]:
    """The caller's credentials as a form."""
    return {
        "client_id": caller.credentials.client_id,
        "client_secret": caller.credentials.client_secret,
    }


def test_lifetime_of_tokens_is_told(named: Server) -> None:
    caller = create_tenant(named).caller()

    assert named.http.post("/signin", data=form_of(caller)).json()["expires_in"] == "60"
    assert named.http.post("/oauth2/v1/token", data=form_of(caller)).json()["expires_in"] == 60


def test_managed_domains_have_the_chosen_suffix(named: Server) -> None:
    admin = create_tenant(named).caller()
    body = {"name": "Staff", "extLabel": "staff", "extDomain": "example.com", "managedByZs": True}

    made = admin.create(PORTALS, body)

    assert made["domain"] == "staff-example-com.portals.example.net"
    read = admin.get(f"{PORTALS}/{made['id']}").json()
    assert read["extDomainName"] == "example-com.portals.example.net"


def test_assertions_name_a_chosen_audience(named: Server) -> None:
    key = new_key()
    client_id = register(create_tenant(named), key)
    audiences = {
        "https://one.example": 200,
        "https://two.example": 200,
        "https://api.zscaler.com": 400,
        "https://one.example, https://two.example": 400,
    }

    for audience, status in audiences.items():
        assertion = assertion_of(key, claims_of(client_id, aud=audience))
        assert ask_token(named.http, client_id, assertion).status_code == status
