"""Failed sign-ins at every door are events in the server's log, without what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Server, create_tenant, free_port, served, upgrade
from tests.web.openid_provider import add_provider, agree, leave, path_of, running_provider
from tests.web.visits import Visit, add_administrator, csrf_of

CONSOLE_SIGN_IN = "/console/sign-in"
VISITOR = "203.0.113.7"
SECRETS = ("typed-name", "typed-password", "typed-secret", "Basic ")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, which takes the word of a proxy on this machine."""
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    options = ("--trusted-proxies", "127.0.0.0/8")
    with served(url, tmp_path / "server.log", *options) as server:
        yield server


def failures(server: Server) -> list[dict[str, object]]:
    """What the log says of failed sign-ins so far, without what every line has."""
    lines = [each for each in server.log_lines() if each.get("event") == "sign_in.failed"]
    for line in lines:
        assert line["level"] == "warning"
        assert line["worker"] == 1
    common = {"time", "level", "logger", "message", "event", "pid", "worker"}
    return [{name: each[name] for name in each.keys() - common} for each in lines]


def fail(visit: Visit, door: str, times: int = 1) -> None:
    """Fails to sign in at a door, from behind the proxy."""
    form = {"name": "typed-name", "password": "typed-password", "next": ""}
    for _ in range(times):
        form["csrf"] = csrf_of(visit.get(door).text)
        answer = visit.post(door, form, x_forwarded_for=VISITOR)
        assert answer.status_code in {401, 429}


def test_failures_at_the_doors_of_people(watched: Server) -> None:
    tenant = create_tenant(watched)
    portal = tenant.caller().create_portal()
    visit = Visit(watched.http)

    fail(visit, CONSOLE_SIGN_IN)
    fail(visit, f"/p/{portal}/sign-in", times=6)
    told = failures(watched)
    watched.stop()

    console = {"channel": "console", "reason": "credentials", "peer": VISITOR, "count": 1}
    at_portal = {
        "channel": "portal",
        "reason": "credentials",
        "peer": VISITOR,
        "count": 1,
        "customerId": tenant.customer_id,
        "portalId": portal,
    }
    locked = at_portal | {"reason": "locked"}
    assert told == [console, at_portal, locked]
    assert failures(watched) == [*told, at_portal | {"count": 4}]
    assert not any(secret in watched.log.read_text() for secret in SECRETS)


def test_wrong_present_password_is_a_failure_too(watched: Server) -> None:
    tenant = create_tenant(watched)
    visit = Visit(watched.http)
    visit.sign_in(CONSOLE_SIGN_IN, add_administrator(tenant, "ada"))
    page = f"/console/{tenant.customer_id}/0/password"
    token = csrf_of(visit.get(page).text)

    form = {"csrf": token, "present": "typed-password", "password": "x" * 12, "again": "x" * 12}
    answer = visit.post(page, form)

    assert answer.status_code == 422
    assert failures(watched) == [
        {"channel": "console", "reason": "credentials", "peer": "127.0.0.1", "count": 1}
    ]


@pytest.mark.parametrize("path", ["/signin", "/oauth2/v1/token"])
def test_failures_of_api_clients(watched: Server, path: str) -> None:
    tenant = create_tenant(watched)
    wrong, revoked = tenant.credentials(), tenant.credentials()
    tenant.revoke(revoked)
    form = {"client_secret": "typed-secret"}
    headers = {"X-Forwarded-For": VISITOR}

    for client_id in (wrong.client_id, revoked.client_id, "typed-name"):
        sent = form | {"client_id": client_id}
        answer = watched.http.post(path, data=sent, headers=headers)
        assert answer.status_code == (401 if path == "/signin" else 400)

    client = {"channel": "api", "peer": VISITOR, "count": 1, "customerId": tenant.customer_id}
    assert failures(watched) == [
        client | {"reason": "credentials", "clientId": wrong.client_id},
        client | {"reason": "revoked", "clientId": revoked.client_id},
        {"channel": "api", "peer": VISITOR, "count": 1, "reason": "unknown"},
    ]
    assert not any(secret in watched.log.read_text() for secret in SECRETS)


def test_failures_by_provider(watched: Server) -> None:
    tenant = create_tenant(watched)
    visit = Visit(watched.http)
    with running_provider() as issuer:
        provider = add_provider(tenant, issuer)
        door = f"/p/{tenant.caller().create_portal()}/sign-in"
        denied = visit.get(path_of(agree(leave(visit, door, provider), "")))
        stranger = visit.get(path_of(agree(leave(visit, CONSOLE_SIGN_IN, provider), "list")))
        lost = visit.get("/sign-in/callback?code=typed-secret&state=x")
    away = add_provider(tenant, f"http://127.0.0.1:{free_port()}", name="Away")
    unreachable = visit.get(f"{CONSOLE_SIGN_IN}/oidc/{away.id}")

    assert "fault=provider" in denied.headers["location"]
    assert "fault=unknown" in stranger.headers["location"]
    assert lost.status_code == 403
    assert "fault=provider" in unreachable.headers["location"]
    common = {"peer": "127.0.0.1", "count": 1}
    by_provider = common | {"providerId": str(provider.id)}
    assert failures(watched) == [
        by_provider | {"channel": "portal", "reason": "provider", "customerId": tenant.customer_id},
        by_provider | {"channel": "console", "reason": "unknown"},
        common | {"channel": "provider", "reason": "attempt"},
        common | {"channel": "console", "reason": "provider", "providerId": str(away.id)},
    ]
    assert not any(secret in watched.log.read_text() for secret in SECRETS)
