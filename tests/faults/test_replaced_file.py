"""A database file that is deleted, replaced or damaged under a running server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import httpx
import pytest

from tests.faults.trouble import at_once
from tests.harness import LINKS, Caller, assert_error, create_tenant, served, upgrade

ENDS = ("", "-wal", "-shm")
PAGE_BYTES = 4096


def refused_everywhere(admin: Caller, link_id: str) -> list[httpx.Response]:
    """One answer of each kind of request that needs the database."""
    form = {
        "client_id": admin.credentials.client_id,
        "client_secret": admin.credentials.client_secret,
    }
    return [
        admin.get(LINKS),
        admin.get(f"{LINKS}/{link_id}"),
        admin.post(LINKS, {"name": "Mail", "link": "mail.example.com"}),
        admin.put(f"{LINKS}/{link_id}", {"name": "Wiki 2", "link": "mail.example.com"}),
        admin.delete(f"{LINKS}/{link_id}"),
        admin.http.post("/signin", data=form),
    ]


@pytest.mark.parametrize("restored", [False, True], ids=["deleted", "replaced"])
def test_server_stops_serving_until_it_is_restarted(tmp_path: Path, restored: bool) -> None:
    file, log = tmp_path / "portico.db", tmp_path / "server.log"
    url = f"sqlite:///{file}"
    upgrade(url)
    with served(url, log) as server:
        admin = create_tenant(server).caller()
        made = admin.create_link("Wiki")
        for end in ENDS:
            file.with_name(file.name + end).unlink()
        if restored:
            upgrade(url)

        refused_first = admin.post(LINKS, {"name": "News", "link": "news.example.com"})
        readiness = server.http.get("/readyz")
        refused = refused_everywhere(admin, made)
        alive = server.http.get("/healthz").status_code
        lines = [each for each in server.log_lines() if each.get("event") == "database.replaced"]
        status = server.stop()

    for answer in (refused_first, *refused):
        reason = assert_error(answer, 503, "retryable.server.error")
        assert str(tmp_path) not in reason
    assert readiness.status_code == 503
    assert readiness.json()["status"] == "not ready"
    assert "must be restarted" in readiness.json()["reason"]
    assert alive == 200
    assert [(each["level"], each["path"]) for each in lines] == [("error", str(file))]
    assert "restarted" in lines[0]["message"]
    assert "Traceback" not in log.read_text()
    assert status == 0
    if restored:
        with served(url, log) as again:
            assert create_tenant(again).caller().create_link("Wiki")
        with sqlite3.connect(file) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()


def test_no_commit_to_a_replaced_file_is_acknowledged(tmp_path: Path) -> None:
    """Six clients write while the file is replaced; what was acknowledged is in the old file."""
    file, old = tmp_path / "portico.db", tmp_path / "old.db"
    upgrade(f"sqlite:///{file}")
    with served(f"sqlite:///{file}", tmp_path / "server.log") as server:
        admin = create_tenant(server).caller()
        acknowledged: list[str] = []

        def write(number: int) -> None:
            if number == 6:
                while len(acknowledged) < 60:
                    pass
                for end in ENDS:
                    file.with_name(file.name + end).rename(old.with_name(old.name + end))
                upgrade(f"sqlite:///{file}")
                return
            for step in range(10_000):
                name = f"Link {number}-{step}"
                answer = admin.post(LINKS, {"name": name, "link": "x.example.com"})
                if answer.status_code != 201:
                    assert_error(answer, 503, "retryable.server.error")
                    return
                acknowledged.append(name)

        at_once(7, write)

    with sqlite3.connect(old) as connection:
        stored = {name for (name,) in connection.execute("SELECT name FROM user_portal_link")}
    connection.close()
    assert len(acknowledged) >= 60
    assert set(acknowledged) <= stored


def test_damaged_file_is_not_ready_though_nobody_reads_the_page(tmp_path: Path) -> None:
    file = tmp_path / "portico.db"
    upgrade(f"sqlite:///{file}")
    with served(f"sqlite:///{file}", tmp_path / "server.log") as server:
        admin = create_tenant(server).caller()
        admin.create_link("Wiki")
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            page = connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'portal_user'"
            ).fetchone()[0]
        connection.close()
        with file.open("r+b") as content:
            content.seek((page - 1) * PAGE_BYTES)
            content.write(b"\xff" * PAGE_BYTES)

        answer = server.wait_until(ready=False)
        names = admin.names()
        alive = server.http.get("/healthz").status_code
        events = [each.get("event") for each in server.log_lines()]

    assert "damaged" in answer.json()["reason"]
    assert names == ["Wiki"]
    assert alive == 200
    assert events.count("database.damaged") == 1
