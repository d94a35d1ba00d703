"""A PostgreSQL that goes away and comes back under a running server."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from portico.storage.engine.connections import Database
from tests.faults.own_postgres import OwnPostgres
from tests.faults.trouble import at_once
from tests.harness import LINKS, Caller, assert_error, create_tenant, served, upgrade, with_database


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    """A PostgreSQL that no other test uses."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        own = OwnPostgres(Path(folder) / "data")
        upgrade(own.url)
        yield own
        own.remove()


@pytest.fixture
def served_admin(postgres: OwnPostgres, tmp_path: Path) -> Iterator[Caller]:
    """An administrator on a server of that PostgreSQL."""
    with served(postgres.url, tmp_path / "server.log") as server:
        yield create_tenant(server).caller()


def test_outage_is_503_and_ends_by_itself(postgres: OwnPostgres, served_admin: Caller) -> None:
    admin = served_admin
    made = admin.create_link("Wiki")
    form = {
        "client_id": admin.credentials.client_id,
        "client_secret": admin.credentials.client_secret,
    }

    with postgres.away():
        refused = [
            admin.get(LINKS),
            admin.get(f"{LINKS}/{made}"),
            admin.post(LINKS, {"name": "Mail", "link": "mail.example.com"}),
            admin.put(f"{LINKS}/{made}", {"name": "Wiki 2", "link": "mail.example.com"}),
            admin.delete(f"{LINKS}/{made}"),
            admin.http.post("/signin", data=form),
            admin.http.post("/oauth2/v1/token", data=form),
        ]
        readiness = admin.server.wait_until(ready=False)
        liveness = admin.http.get("/healthz")
    admin.server.wait_until(ready=True)
    after = [admin.get(f"{LINKS}/{made}") for _ in range(20)]

    for answer in refused:
        reason = assert_error(answer, 503, "retryable.server.error")
        assert answer.headers["retry-after"] == "5s"
        assert "Traceback" not in reason
    assert readiness.json()["status"] == "not ready"
    assert "database" in readiness.json()["reason"]
    assert liveness.status_code == 200
    assert {each.status_code for each in after} == {200}
    assert after[0].json()["name"] == "Wiki"
    assert admin.create_link("Mail")
    assert admin.names() == ["Mail", "Wiki"]
    assert "Traceback" not in admin.server.log.read_text()


def test_server_in_recovery_is_not_ready(postgres: OwnPostgres, served_admin: Caller) -> None:
    """A standby that takes no writes; as one that fails over, it may take them again later."""
    set_read_only = "ALTER SYSTEM SET default_transaction_read_only = {}"

    async def set_to(database: Database, value: str) -> None:
        async with database.read() as connection:
            await connection.run(text(set_read_only.format(value)))
            await connection.run(text("SELECT pg_reload_conf()"))

    with_database(postgres.url, lambda database: set_to(database, "on"))
    readiness = served_admin.server.wait_until(ready=False)
    refused = served_admin.post(LINKS, {"name": "Mail", "link": "mail.example.com"})
    read = served_admin.get(LINKS)
    with_database(postgres.url, lambda database: set_to(database, "off"))
    served_admin.server.wait_until(ready=True)

    assert "read-only" in readiness.json()["reason"]
    assert_error(refused, 503, "retryable.server.error")
    assert read.status_code == 200
    assert served_admin.create_link("Mail")


def test_restart_costs_each_connection_one_answer_at_most(
    postgres: OwnPostgres, served_admin: Caller
) -> None:
    admin = served_admin
    made = admin.create_link("Wiki")
    at_once(10, lambda number: admin.get(LINKS))  # fills the pool

    with postgres.away():
        pass
    first = at_once(10, lambda number: admin.get(f"{LINKS}/{made}"))
    second = at_once(10, lambda number: admin.get(f"{LINKS}/{made}"))

    for answer in first:
        if answer.status_code != 200:
            assert_error(answer, 503, "retryable.server.error")
    assert {each.status_code for each in second} == {200}


def test_writes_through_an_outage_are_kept_or_refused(
    postgres: OwnPostgres, served_admin: Caller
) -> None:
    admin = served_admin
    acknowledged: list[str] = []
    statuses: set[int] = set()
    end = time.monotonic() + 4.0

    def write(number: int) -> None:
        step = 0
        while time.monotonic() < end:
            step += 1
            name = f"Link {number}-{step}"
            answer = admin.post(LINKS, {"name": name, "link": "x.example.com"})
            statuses.add(answer.status_code)
            if answer.status_code == 201:
                acknowledged.append(name)

    def interrupt(number: int) -> None:
        time.sleep(0.8)
        with postgres.away():
            time.sleep(0.5)

    at_once(5, lambda number: interrupt(number) if number == 4 else write(number))
    admin.server.wait_until(ready=True)
    stored: set[str] = set()
    pages = int(admin.get(LINKS, pagesize=500).json()["totalPages"])
    for page in range(1, pages + 1):
        stored |= set(admin.names(pagesize=500, page=page))

    assert statuses == {201, 503}
    assert set(acknowledged) <= stored
