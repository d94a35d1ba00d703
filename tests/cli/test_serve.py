"""`portico serve`: where it listens, and what it says about that."""

from __future__ import annotations

import socket
from contextlib import chdir
from pathlib import Path

import httpx
import pytest

from tests.forked import PROGRAM
from tests.harness import served

# Every 127.x.y.z is this machine, so the second one is reached only by who listens on all.
OTHER_LOOPBACK = "127.0.0.2"


def answers(host: str, port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as caller:
        return caller.connect_ex((host, port)) == 0


@pytest.mark.parametrize(("options", "everywhere"), [((), False), (("--host", "0.0.0.0"), True)])
def test_serve_listens_on_loopback_unless_told(
    database: str, tmp_path: Path, options: tuple[str, ...], everywhere: bool
) -> None:
    with served(database, tmp_path / "server.log", *options, program=PROGRAM) as server:
        port = httpx.URL(server.url).port
        assert port is not None
        reached = [answers(host, port) for host in ("127.0.0.1", OTHER_LOOPBACK)]

    assert reached == [True, everywhere]


def test_serve_says_where_it_listens(database: str, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with served(database, log, program=PROGRAM) as server:
        told = next(each for each in log.read_text().splitlines() if "listens" in each)
        documentation = server.http.get("/docs/")

    assert told == (
        f"Portico listens on {server.url} (documentation: {server.url}/docs/). Ctrl-C stops it."
    )
    assert documentation.status_code == 200
    assert documentation.headers["content-type"].startswith("text/html")


def test_serve_creates_the_default_database(tmp_path: Path) -> None:
    with (
        chdir(tmp_path),
        served("sqlite:///portico.db", tmp_path / "server.log", program=PROGRAM) as server,
    ):
        assert server.http.get("/readyz").status_code == 200

    assert (tmp_path / "portico.db").exists()
