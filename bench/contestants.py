"""Starts the limit and the reference; `portico.py` starts Portico.

All three run on the same Granian, in the same environment, with the same settings.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.http_client import Answer
from bench.processes import Processes, Server
from bench.reference.prepare import prepare
from bench.sites import Credentials

ROOT = Path(__file__).resolve().parent.parent
OF_THE_SERVER = {"date", "server", "connection", "transfer-encoding"}
"""Headers that Granian adds to every response."""


def granian(app: str, *more: str, workers: int = 1) -> Callable[[int], Sequence[str]]:
    """Return the command that serves an ASGI application like `portico serve` does."""

    def command(port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"),
            *("--port", str(port), "--workers", str(workers), "--no-ws", "--log-level", "warning"),
            *(*more, app),
        ]

    return command


@dataclass(frozen=True)
class Reference:
    """The reference on one database."""

    database: str

    def prepare(self) -> Credentials:
        return Credentials(*asyncio.run(prepare(self.database)))

    def serve(self, processes: Processes, name: str, cores: tuple[int, ...]) -> Server:
        env = {"REFERENCE_DATABASE": self.database}
        command = granian("bench.reference.app:app")
        return processes.start(name, command, cores, env=env, directory=ROOT)


def serve_limit(
    processes: Processes,
    folder: Path,
    answer: Answer,
    cores: tuple[int, ...],
    *,
    name: str = "limit",
    workers: int = 1,
) -> Server:
    """Start a server that sends exactly this response to every request."""
    folder.mkdir(parents=True, exist_ok=True)
    headers = [(key, value) for key, value in answer.headers if key.lower() not in OF_THE_SERVER]
    (folder / "head.json").write_text(json.dumps({"status": answer.status, "headers": headers}))
    (folder / "body").write_bytes(answer.body)
    command = granian("bench.limit:create_app", "--factory", workers=workers)
    env = {"LIMIT_ANSWER": str(folder)}
    path = "/" if 200 <= answer.status < 300 else "/readyz"
    return processes.start(name, command, cores, env=env, ready=path, directory=ROOT)
