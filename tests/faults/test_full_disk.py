"""A disk without room, as a file size limit that comes and goes, and unwritable files."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.trouble import children_of
from tests.harness import (
    LINKS,
    Caller,
    Server,
    assert_error,
    create_tenant,
    free_port,
    served,
    start_server,
    upgrade,
)
from tests.scrapes import Scrape

ROOM_BYTES = 700_000
# Runs `python -m portico` as a user whom the modes of files bind, even when that is root: it drops
# CAP_DAC_OVERRIDE (1) from the bounding set by PR_CAPBSET_DROP (24).
OBEY_FILE_MODES = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "portico", *sys.argv[1:]])
"""


@contextmanager
def no_room(server: Server) -> Iterator[None]:
    """No file of the server can grow beyond the limit, for the length of a block."""
    for worker in children_of(server.process.pid):
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (ROOM_BYTES, resource.RLIM_INFINITY))
    yield
    if server.process.poll() is None:
        for worker in children_of(server.process.pid):
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(worker, resource.RLIMIT_FSIZE, unlimited)


def fill(admin: Caller) -> list[str]:
    """Creates large links until the server refuses; the names that it acknowledged."""
    acknowledged: list[str] = []
    for number in range(100):
        body = {"name": f"Link {number:02}", "link": "x.example.com", "iconText": "x" * 50_000}
        answer = admin.post(LINKS, body)
        if answer.status_code != 201:
            assert_error(answer, 503, "retryable.server.error")
            assert answer.headers["retry-after"] == "5s"
            return acknowledged
        acknowledged.append(body["name"])
    raise AssertionError("The disk was never full.")


def test_full_disk_is_503_and_reads_go_on(tmp_path: Path) -> None:
    url, metrics = f"sqlite:///{tmp_path / 'portico.db'}", f"127.0.0.1:{free_port()}"
    upgrade(url)
    with served(url, tmp_path / "server.log", "--metrics-listen", metrics) as server:
        admin = create_tenant(server).caller()
        before = Scrape(f"http://{metrics}/metrics")
        with no_room(server):
            acknowledged = fill(admin)
            on_full_disk = Scrape(f"http://{metrics}/metrics")
            full = admin.names(pagesize=100)
            link_id = admin.get(LINKS).json()["list"][0]["id"]
            large = {"name": "Large", "link": "x.example.com", "iconText": "x" * 100_000}
            replaced = admin.put(f"{LINKS}/{link_id}", large)
            still = admin.get(f"{LINKS}/{link_id}").json()["name"]
            alive = server.http.get("/healthz").status_code
        late = admin.post(LINKS, large)
        log = server.log.read_text()

        on_full_disk.assert_not_below(before)
        refused = {"operation": "create_link", "status": "503"}
        assert on_full_disk.total("portico_requests_total", **refused) == 1
        assert len(acknowledged) > 2
        assert full == acknowledged
        assert_error(replaced, 503, "retryable.server.error")
        assert still == acknowledged[0]
        assert alive == 200
        assert late.status_code == 201  # there is room again, and nobody restarted anything
        assert admin.names(pagesize=100) == ["Large", *acknowledged]
        assert "Traceback" not in log


def test_full_disk_is_not_ready_until_there_is_room(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    with served(url, tmp_path / "server.log") as server:
        admin = create_tenant(server).caller()
        with no_room(server):
            fill(admin)
            at_once = server.http.get("/readyz")
            time.sleep(6)  # a probe of its own finds it out too, also if a few pages are left
            later = server.http.get("/readyz")
            alive = server.http.get("/healthz").status_code
        server.wait_until(ready=True)
        written = admin.post(LINKS, {"name": "Large", "link": "x.example.com"})
        events = [each["event"] for each in server.log_lines() if "event" in each]

    for answer in (at_once, later):
        assert answer.status_code == 503
        assert answer.json()["status"] == "not ready"
        assert "disk" in answer.json()["reason"]
    assert alive == 200
    assert written.status_code == 201
    assert [each for each in events if each.startswith("readiness.")] == [
        "readiness.lost",
        "readiness.restored",
    ]


def test_kill_on_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    server = start_server(url, tmp_path / "server.log")
    tenant = create_tenant(server)
    admin = tenant.caller()
    with no_room(server):
        acknowledged = fill(admin)
        server.kill()
        server.http.close()

    with served(url, tmp_path / "again.log") as again:
        caller = Caller(again, tenant.customer_id, admin.credentials)
        names = caller.names(pagesize=100)
        written = caller.post(LINKS, {"name": "Large", "link": "x.example.com"})

    assert names == acknowledged
    assert written.status_code == 201


def start_in_vain(*arguments: str) -> str:
    """Runs a command that has to refuse with one sentence; the sentence."""
    finished = subprocess.run(
        [sys.executable, "-c", OBEY_FILE_MODES, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.stderr.count("\n") == 1, finished.stderr
    return finished.stderr


def test_read_only_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "portico.db"
    upgrade(f"sqlite:///{file}")
    file.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        sentence = start_in_vain(
            "serve", "--port", str(free_port()), "--database", f"sqlite:///{file}"
        )
    finally:
        tmp_path.chmod(0o755)

    assert "readonly" in sentence or "read-only" in sentence
    assert str(file) in sentence
    assert "Let Portico's user write the file and its folder." in sentence


def test_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)

    url = f"sqlite:///{folder}/new/portico.db"
    sentence = start_in_vain("db", "upgrade", "--create", "--database", url)

    assert str(folder / "new") in sentence
    assert not (folder / "new").exists()


def test_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "portico.db"
    content = os.urandom(8_192)
    file.write_bytes(content)

    sentence = start_in_vain("db", "upgrade", "--database", f"sqlite:///{file}")

    assert f"{file}: file is not a database" in sentence
    assert "restore a backup" in sentence
    assert file.read_bytes() == content
