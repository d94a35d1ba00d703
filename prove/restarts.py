"""Reloads and restarts under load: no connection is refused, and no request is lost."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import httpx
from tests.faults.test_restarts import (
    START_SECONDS,
    Load,
    caller_without_connections,
    start_passed,
)
from tests.faults.test_workers import events, wait_for
from tests.faults.writers import everything
from tests.harness import Server, served

from prove.findings import Finding, at_least_one, sqlite_database

RELOADS = 100
RESTARTS = 100


def prove_restarts(scale: float, folder: Path) -> Finding:
    """Reload a server again and again, then restart it with a listener that stays open."""
    reloads, restarts = at_least_one(RELOADS, scale), at_least_one(RESTARTS, scale)
    (folder / "reloads").mkdir()
    (folder / "restarts").mkdir()
    answers, faults = _reload(folder / "reloads", reloads)
    more_answers, more_faults = _restart(folder / "restarts", restarts)
    answers, faults = answers + more_answers, faults + more_faults
    return Finding(
        f"{reloads} reloads and {restarts} restarts while 6 clients sent {answers:,} requests: "
        f"none failed, and no acknowledged link is missing.",
        {"reloads": reloads, "restarts": restarts, "requests": answers},
        faults,
    )


def _reload(folder: Path, reloads: int) -> tuple[int, list[str]]:
    with sqlite_database(folder) as url, served(url, folder / "server.log") as server:
        load = Load(httpx.URL(server.url).port or 0, caller_without_connections(server))
        with load.running():
            for number in range(1, reloads + 1):
                server.process.send_signal(signal.SIGHUP)
                wait_for(lambda number=number: len(events(server, "worker.stopped")) == number)  # type: ignore[misc]  # mypy infers no default of a lambda
                _await_answers(load)
        return load.answers, load.failures + _lost(load)


def _restart(folder: Path, restarts: int) -> tuple[int, list[str]]:
    log = folder / "server.log"
    with sqlite_database(folder) as url, socket.create_server(("127.0.0.1", 0)) as listener:
        process = start_passed(listener, url, log)
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=origin, timeout=START_SECONDS) as client:
            try:
                client.get("/readyz").raise_for_status()
                server = Server(origin, url, log, process, client)
                load = Load(listener.getsockname()[1], caller_without_connections(server))
                with load.running():
                    for _ in range(restarts):
                        process.terminate()
                        process.wait(START_SECONDS)
                        process = start_passed(listener, url, log)
                        _await_answers(load)
                return load.answers, load.failures + _lost(load)
            finally:
                process.terminate()
                process.wait(START_SECONDS)


def _await_answers(load: Load) -> None:
    before = load.answers
    wait_for(lambda: load.answers > before + 20)


def _lost(load: Load) -> list[str]:
    stored = {each["name"] for each in everything(load.caller).values()}
    return [f"Lost: {name}" for name in load.created if name not in stored]
