"""How each server of the comparison is started: Portico, the limit and the reference.

All three are served by the same Granian, in the same environment, with the same settings.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
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


class ServerMissing(Exception):
    """Portico's own commands fail, so there is nothing to compare."""


@dataclass(frozen=True)
class Portico:
    """Portico on one database."""

    database: str

    def run(self, *arguments: str) -> str:
        """Runs a command of Portico's CLI; what it printed."""
        done = subprocess.run(
            [*_portico(), *arguments, "--database", self.database],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServerMissing(f"portico {' '.join(arguments)} failed: {done.stderr}{done.stdout}")
        return done.stdout

    def prepare(self) -> Credentials:
        """Creates the tables, a tenant and its API client."""
        self.run("db", "upgrade")
        tenant = json.loads(self.run("tenant", "create", "Benchmark", "--json"))
        customer = str(tenant.get("customerId") or tenant["id"])
        made = json.loads(self.run("client", "create", "--customer", customer, "--json"))
        return Credentials(str(made["customerId"]), made["clientId"], made["clientSecret"])

    def serve(
        self,
        processes: Processes,
        name: str,
        cores: tuple[int, ...],
        *,
        workers: int = 1,
        cache: bool = True,
    ) -> Server:
        def command(port: int) -> list[str]:
            return [
                *(*_portico(), "serve", "--host", "127.0.0.1", "--port", str(port)),
                *("--database", self.database, "--workers", str(workers)),
            ]

        env = {"PORTICO_ACCESS_LOG": "false"} | ({} if cache else {"PORTICO_CACHE_BYTES": "0"})
        return processes.start(name, command, cores, env=env)


def _portico() -> list[str]:
    return [str(Path(sys.executable).parent / "portico")]


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
