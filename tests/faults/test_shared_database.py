"""Several processes on one database: what one acknowledges, the others know at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from portico.services.tenancy.signing_keys import rotate_signing_keys
from tests.faults.trouble import at_once
from tests.harness import (
    LINKS,
    Caller,
    Server,
    Tenant,
    as_operator,
    assert_error,
    create_tenant,
    served,
    start_server,
)

NO_KEEP_ALIVE = httpx.Limits(max_keepalive_connections=0)


def node_of(record_id: str) -> int:
    """The part of an id that belongs to one process alone."""
    return (int(record_id) >> 10) & 0xFFF


def test_write_is_read_in_the_other_process(admin: Caller, elsewhere: Caller) -> None:
    for number in range(25):
        made = admin.create_link(f"Link {number}", description="first")
        assert elsewhere.get(f"{LINKS}/{made}").json()["description"] == "first"

        body = {"name": f"Link {number}", "link": "x.example.com", "description": "second"}
        assert elsewhere.put(f"{LINKS}/{made}", body).status_code == 204
        assert admin.get(f"{LINKS}/{made}").json()["description"] == "second"

        assert admin.delete(f"{LINKS}/{made}").status_code == 204
        assert_error(elsewhere.get(f"{LINKS}/{made}"), 404, "resource.not.found", made)
    assert elsewhere.get(LINKS).json()["totalCount"] == "0"


def test_lists_and_tags_follow_the_other_process(admin: Caller, elsewhere: Caller) -> None:
    admin.create_link("Wiki")
    seen = elsewhere.get(LINKS)
    admin.create_link("Mail")

    again = elsewhere.call("GET", LINKS, headers={"If-None-Match": seen.headers["etag"]})

    assert again.status_code == 200
    assert [each["name"] for each in again.json()["list"]] == ["Mail", "Wiki"]


def test_token_is_good_in_the_other_process(admin: Caller, elsewhere: Caller) -> None:
    admin.create_link("Wiki")

    elsewhere.token = admin.token

    assert elsewhere.names() == ["Wiki"]


def test_sign_out_ends_the_session_everywhere(admin: Caller, elsewhere: Caller) -> None:
    elsewhere.token = admin.token
    assert elsewhere.get(LINKS).status_code == 200

    ended = admin.http.post("/signout", headers={"Authorization": f"Bearer {admin.token}"})
    refused = elsewhere.get(LINKS)

    assert ended.status_code == 200
    assert "SESSION_NOT_VALID" in assert_error(refused, 401, "access.denied")


def test_revocation_holds_everywhere_at_once(
    tenant: Tenant, admin: Caller, elsewhere: Caller
) -> None:
    callers = [
        Caller(each.server, tenant.customer_id, admin.credentials) for each in (admin, elsewhere)
    ]
    assert [each.get(LINKS).status_code for each in callers] == [200, 200]

    tenant.revoke(admin.credentials)

    for caller in callers:
        assert "SESSION_NOT_VALID" in assert_error(caller.get(LINKS), 401, "access.denied")
        assert_error(caller.post(LINKS, {"name": "A", "link": "a"}), 401, "access.denied")
        form = {
            "client_id": admin.credentials.client_id,
            "client_secret": admin.credentials.client_secret,
        }
        assert_error(caller.http.post("/signin", data=form), 401, "access.denied")


def test_rotated_key_is_good_in_both_processes(admin: Caller, elsewhere: Caller) -> None:
    as_operator(admin.server.database, lambda runtime: rotate_signing_keys(runtime, overlap=3_660))
    with served(admin.server.database, admin.server.log.with_suffix(".third")) as third:
        newest = Caller(third, admin.customer_id, admin.credentials)

        for caller in (admin, elsewhere):
            assert caller.get(LINKS).status_code == 200
            caller.token = newest.token
            assert caller.get(LINKS).status_code == 200


def test_workers_share_every_write(database_url: str, tmp_path: Path) -> None:
    with (
        served(database_url, tmp_path / "server.log", "--workers", "2") as server,
        # Every request on a new connection, which may come to either worker.
        httpx.Client(base_url=server.url, timeout=30, limits=NO_KEEP_ALIVE) as http,
    ):
        tenant = create_tenant(server)
        admin = tenant.caller()
        headers = {"Authorization": f"Bearer {admin.token}"}

        def write_and_read(number: int) -> str:
            body = {"name": f"Link {number}", "link": "x.example.com"}
            made: str = http.post(admin.path(LINKS), json=body, headers=headers).json()["id"]
            path = admin.path(f"{LINKS}/{made}")
            assert {http.get(path, headers=headers).status_code for _ in range(6)} == {200}
            return made

        with ThreadPoolExecutor(8) as threads:
            made = set(threads.map(write_and_read, range(40)))
        names = admin.names(pagesize=100)

    assert len(made) == len(names) == 40
    assert len({node_of(each) for each in made}) == 2  # both workers wrote


def test_servers_start_at_once_on_a_missing_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the default path, where `serve` creates a database

    def start(number: int) -> Server:
        return start_server("sqlite:///portico.db", tmp_path / f"{number}.log")

    servers = at_once(3, start)
    try:
        tenant = create_tenant(servers[0])
        credentials = tenant.credentials()
        callers = [Caller(each, tenant.customer_id, credentials) for each in servers]
        for number, caller in enumerate(callers):
            caller.create_link(f"Link {number}")
        listings = [caller.names() for caller in callers]
    finally:
        statuses = [server.stop() for server in servers]

    assert listings == [["Link 0", "Link 1", "Link 2"]] * 3
    assert statuses == [0, 0, 0]
