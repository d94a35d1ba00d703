"""The control API: who may use it, its errors, its documents, and tenants for parallel tests."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from portico.emulator import tenants
from portico.emulator.control.guard import NotLocal, require_local
from tests.emulator.stand_ins import Account, Emulated, EmulatedCaller


def scope(*headers: tuple[str, str], peer: tuple[str, int] | None = ("127.0.0.1", 5)) -> Any:  # noqa: ANN401  # an ASGI scope
    """A request scope as far as the guard looks at it."""
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": "http", "headers": encoded, "client": peer}


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1:1", "127.0.0.2", "[::1]:80", "a.localhost"]
)
def test_loopback_names_are_served(host: str) -> None:
    require_local(scope(("host", host)))
    require_local(scope(("host", host), ("origin", f"http://{host}"), peer=("::1", 5)))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "config.private.zscaler.com",
        "192.168.0.5",
        "0.0.0.0",
        "[::1",
        "",
    ],
)
def test_other_host_names_are_refused(host: str) -> None:
    with pytest.raises(NotLocal):
        require_local(scope(("host", host)))


def test_other_machines_and_pages_are_refused() -> None:
    here = ("host", "127.0.0.1:80")
    for peer in (("192.168.0.5", 5), ("2001:db8::1", 5), None):
        with pytest.raises(NotLocal):
            require_local(scope(here, peer=peer))
    for origin in ("http://evil.example", "http://127.0.0.1:81", "null", "file://"):
        with pytest.raises(NotLocal):
            require_local(scope(here, ("origin", origin)))
    with pytest.raises(NotLocal):
        require_local(scope())
    with pytest.raises(NotLocal):
        require_local(scope(here, ("host", "evil.example")))


def test_refusals_are_problem_documents(stand_in: Emulated) -> None:
    refused = stand_in.request(
        "POST", "/_portico/reset", headers={"Host": "evil.example", "Accept": "text/html"}
    )

    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    body = refused.json()
    assert {"type", "title", "status", "detail", "code"} == set(body)
    assert body["status"] == 403
    assert "loopback" in body["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("GET", "nothing", None, 404, "The control API has no /_portico/nothing."),
        ("PUT", "health", None, 405, "/_portico/health does not allow PUT."),
        ("PUT", "clock", {}, 400, "body: Give at least one of"),
        ("PUT", "clock", {"speed": 2}, 400, "body: Object contains unknown field `speed`"),
        ("PUT", "limits", {"limits": "half"}, 400, "openapi.json lists the values."),
        ("GET", "requests?format=xml", None, 400, "format: Invalid enum value 'xml'"),
        ("GET", "requests/wait?operation=creat_link", None, 400, "Did you mean create_link?"),
        ("PUT", "clock", {"now": "noon"}, 400, "now: Write a time with its zone"),
        ("PUT", "clock", {"now": "2030-01-01T00:00:00"}, 400, "now: Write a time with its zone"),
        ("PUT", "clock", {"now": "2051-01-01T00:00:00Z"}, 400, "years 2000 to 2049"),
        ("PUT", "clock", {"frozen": "yes"}, 400, "frozen: Expected"),
        ("POST", "reset?customerId=acme", None, 400, "customerId: It must be an id"),
        ("POST", "reset?customer_id=12", None, 400, "query: Object contains unknown field"),
        ("PUT", "clock", None, 400, "body: Send a JSON object."),
        ("POST", "reset?customerId=12", None, 404, "There is no tenant with the id 12."),
        ("DELETE", "tenants/12", None, 404, "There is no tenant with the id 12."),
        ("POST", "tenants", {"name": " "}, 400, "name: It is required"),
        ("POST", "tenants", {"name": "tenant 1"}, 400, "has this name"),
        ("POST", "mutate", {"link": "Wiki", "action": "disable"}, 400, "There are 2 tenants"),
    ],
)
def test_mistakes_get_a_sentence(
    stand_in: Emulated, method: str, path: str, body: object, status: int, detail: str
) -> None:
    refused = stand_in.request(method, f"/_portico/{path}", json=body)

    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert detail in refused.json()["detail"]


def test_body_nested_too_deeply_is_refused(stand_in: Emulated) -> None:
    refused = stand_in.request(
        "PUT", "/_portico/faults", content=b'{"rules":[' + b'{"a":' * 100_000
    )

    assert refused.status_code == 400
    assert refused.json()["code"] == "invalid.resource.argument"


def test_clock_changes_in_order_and_tells_its_time(stand_in: Emulated) -> None:
    body = {"now": "2030-01-31T12:00:00+01:00", "advanceSeconds": 90, "frozen": True}

    changed = stand_in.control("PUT", "clock", body).json()

    assert changed["now"].startswith("2030-01-31T11:01:30")
    assert changed["frozen"] is True
    assert stand_in.control("GET", "clock").json()["now"] == changed["now"]
    assert stand_in.control("PUT", "clock", {"frozen": False}).json()["frozen"] is False
    stand_in.reset()
    now = stand_in.control("GET", "clock").json()
    assert str(now["offsetSeconds"]) == "0.0"


def test_refused_change_leaves_the_clock(stand_in: Emulated) -> None:
    frozen = stand_in.control(
        "PUT", "clock", {"now": "2030-01-31T12:00:00Z", "frozen": True}
    ).json()

    refused = stand_in.request(
        "PUT", "/_portico/clock", json={"reset": True, "advanceSeconds": 1e12}
    )

    assert refused.status_code == 400
    assert stand_in.control("GET", "clock").json()["now"] == frozen["now"]


def test_health_and_routes(stand_in: Emulated) -> None:
    health = stand_in.control("GET", "health").json()
    assert (health["status"], health["tenants"]) == ("ready", 2)

    routes = stand_in.control("GET", "routes").json()["routes"]

    listed = {f"{each['method']} {each['path']}" for each in routes}
    assert {"GET /_portico/health", "POST /_portico/reset", "PUT /_portico/clock"} <= listed
    assert "POST /_portico/snapshots/{name}/restore" in listed
    assert all(each["summary"] for each in routes)


def test_openapi_document_is_valid_and_has_every_route(stand_in: Emulated) -> None:
    document = stand_in.control("GET", "openapi.json").json()

    validate(document)
    described = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    routes = stand_in.control("GET", "routes").json()["routes"]
    assert {f"{each['method']} {each['path']}" for each in routes} == described


def test_new_tenant_has_credentials_and_a_seed_of_its_own(stand_in: Emulated) -> None:
    made = stand_in.control("POST", "tenants", {"name": "Of a test"})
    assert made.status_code == 201
    account = Account(
        made.json()["customerId"], made.json()["clientId"], made.json()["clientSecret"]
    )
    caller = EmulatedCaller(stand_in, account)
    caller.create_link("Wiki")
    stand_in.caller().create_link("Mail")

    stand_in.reset(customerId=account.customer_id)

    assert caller.names() == [], "Its reset returns to the state in which it was created."
    assert stand_in.caller().names() == ["Mail"]
    assert stand_in.control("DELETE", f"tenants/{account.customer_id}").status_code == 204
    assert caller.call("GET", "userPortalLink").status_code == 401
    listed = stand_in.control("GET", "tenants").json()["tenants"]
    assert [each["name"] for each in listed] == ["Tenant 1", "Tenant 2"]


def test_reset_removes_new_tenants_and_brings_back_removed_ones(stand_in: Emulated) -> None:
    seeded = stand_in.caller()
    stand_in.control("POST", "tenants", {"name": "New"})
    assert stand_in.control("DELETE", f"tenants/{seeded.customer_id}").status_code == 204

    stand_in.reset()

    listed = stand_in.control("GET", "tenants").json()["tenants"]
    assert [each["name"] for each in listed] == ["Tenant 1", "Tenant 2"]
    assert seeded.names() == []


def test_tenants_are_created_in_parallel(stand_in: Emulated) -> None:
    async def create_all() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=stand_in.http.base_url, timeout=60) as http:
            return await asyncio.gather(*(http.post("/_portico/tenants") for _ in range(8)))

    made = [each.json() for each in stand_in.run(create_all())]

    assert len({each["customerId"] for each in made}) == 8
    assert len({each["clientId"] for each in made}) == 8


def test_too_many_tenants_are_refused(stand_in: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants, "MOST_TENANTS", 2)

    refused = stand_in.control("POST", "tenants")

    assert refused.status_code == 400
    assert "2 tenants already" in refused.json()["detail"]
