"""An installation without extras: what PostgreSQL and metrics need, and Python's event loop."""

from __future__ import annotations

import sys
from contextlib import chdir
from pathlib import Path

import pytest

from tests.cli.commands import refuse
from tests.cli.test_missing_database import COMMANDS, CUSTOMER
from tests.forked import PROGRAM
from tests.harness import free_port, served

POSTGRESQL = "postgresql://portico:hunter2@127.0.0.1:9/portico"
SENTENCE = (
    "The driver for PostgreSQL is not installed; run: pip install 'portico-server[postgresql]'."
)
FURTHER = [
    ("backup", "create", "all.portico-backup"),
    ("doctor",),
    ("domain", "list", *CUSTOMER),
    ("application", "list", *CUSTOMER),
]


@pytest.fixture
def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python finds no asyncpg, and the modules that have imported it are forgotten."""
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    engine = "portico.storage.engine"
    for name in ("postgres", "postgres_connections", "postgres_errors", "revisions"):
        monkeypatch.delitem(sys.modules, f"{engine}.{name}", raising=False)


@pytest.mark.one_database
@pytest.mark.usefixtures("no_driver")
def test_every_command_names_the_extra_that_postgresql_needs(tmp_path: Path) -> None:
    for command in [*COMMANDS, *FURTHER]:
        port = ("--port", str(free_port())) if command == ("serve",) else ()

        sentence = refuse(*command, *port, "--database", POSTGRESQL, folder=tmp_path)

        assert sentence == SENTENCE, command
    assert list(tmp_path.iterdir()) == []


@pytest.mark.one_database
def test_server_names_the_extra_that_metrics_need(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    for name in ("hub", "listener", "metrics", "pipes", "serving"):
        monkeypatch.delitem(sys.modules, f"portico.observability.{name}", raising=False)

    sentence = refuse(
        "serve", "--port", str(free_port()), "--metrics-on-main", "--database", database
    )

    assert sentence == (
        "The library for metrics is not installed; run: pip install 'portico-server[metrics]'."
    )


@pytest.mark.one_database
def test_server_without_uvloop_runs_on_the_loop_of_python(database: str, tmp_path: Path) -> None:
    folder = tmp_path / "first on the path"
    folder.mkdir()
    # `python -m` looks for modules here first.
    (folder / "uvloop.py").write_text(
        "from pathlib import Path\n"
        "Path('asked').touch()\n"
        "raise ModuleNotFoundError(\"No module named 'uvloop'\", name='uvloop')\n"
    )
    with (
        chdir(folder),
        served(database, tmp_path / "server.log", program=PROGRAM) as server,
    ):
        answer = server.http.get("/console")
        status = server.stop()

    assert (folder / "asked").exists()
    assert answer.status_code == 303
    assert status == 0
    assert "Traceback" not in server.log.read_text()
