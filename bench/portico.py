"""Runs the commands and the server of an installed Portico."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Processes, Server
from bench.sites import Credentials


class ServerMissing(Exception):
    """A command of Portico failed, so there is nothing to compare."""


@dataclass(frozen=True)
class Portico:
    """Portico on one database: this installation, or the `portico` of another one."""

    database: str
    program: Path | None = None

    @property
    def _program(self) -> Path:
        return self.program or Path(sys.executable).parent / "portico"

    def run(self, *arguments: str) -> str:
        """Run a `portico` command on the database, and return its output."""
        return self._run(*arguments, "--database", self.database)

    def _run(self, *arguments: str) -> str:
        command = [str(self._program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerMissing(f"portico {' '.join(arguments)} failed: {done.stderr}{done.stdout}")
        return done.stdout

    def prepare(self) -> Credentials:
        """Create the tables, a tenant and its API client."""
        # Earlier versions create a missing file without this option.
        knows_create = "--create" in self._run("db", "upgrade", "--help")
        self.run("db", "upgrade", *(["--create"] if knows_create else []))
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
                *(str(self._program), "serve", "--host", "127.0.0.1", "--port", str(port)),
                *("--database", self.database, "--workers", str(workers)),
            ]

        env = {"PORTICO_ACCESS_LOG": "false"} | ({} if cache else {"PORTICO_CACHE_BYTES": "0"})
        return processes.start(name, command, cores, env=env)
