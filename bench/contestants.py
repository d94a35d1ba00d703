"""How the limit and the reference are started; `portico.py` starts Portico.

All three are served by the same Granian, in the same environment, with the same settings.
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
"""Headers that Granian adds by itself to every answer."""


def granian(app: str, *more: str, workers: int = 1) -> Callable[[int], Sequence[str]]:
    """The command that serves an ASGI application as `portico serve` serves Portico."""

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
    """Serves exactly this answer, to whatever is asked."""
    folder.mkdir(parents=True, exist_ok=True)
    headers = [(key, value) for key, value in answer.headers if key.lower() not in OF_THE_SERVER]
    (folder / "head.json").write_text(json.dumps({"status": answer.status, "headers": headers}))
    (folder / "body").write_bytes(answer.body)
    command = granian("bench.limit:create_app", "--factory", workers=workers)
    env = {"LIMIT_ANSWER": str(folder)}
    path = "/" if 200 <= answer.status < 300 else "/readyz"
    return processes.start(name, command, cores, env=env, ready=path, directory=ROOT)
