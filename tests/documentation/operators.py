"""The installation of an operator who follows a guide: a tenant, and the folders that it names."""

from __future__ import annotations

import io
import shlex
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portico.domain.portals.pages import PortalPage
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.tenancy.microtenants import MicrotenantSpec
from portico.services.access import operator_writing
from portico.services.people import groups
from portico.services.portals import portals
from portico.services.runtime import Runtime
from portico.services.tenancy import microtenants
from tests.cli.commands import run, succeed_json
from tests.documentation.pages import run_script
from tests.harness import as_operator, served, upgrade

TYPED = {
    "portico admin create ada": "--generate",
    "portico admin password ada": "--generate",
}
"""Commands that ask for a password, and the option that stands for typing it."""


@dataclass
class Operator:
    """An installation on a SQLite file of its own, and the texts of pages that differ in it."""

    folder: Path
    reader: dict[str, str]
    replaced: dict[str, str] = field(init=False)
    database: str = field(init=False)

    def __post_init__(self) -> None:
        for name in ("backups", "etc", "keys", "lib"):
            (self.folder / name).mkdir()
        self.database = f"sqlite:///{self.folder / 'etc/portico.db'}"
        upgrade(self.database)
        customer, other = (
            succeed_json("tenant", "create", name, "--database", self.database)["customerId"]
            for name in ("Example Ltd", "Birch Ltd")
        )
        where = ("--customer", customer, "--database", self.database)
        client = succeed_json("client", "create", "--name", "old", *where)["clientId"]
        application = succeed_json(
            "application", "create", "Old", "--domain", "old.example.com", *where
        )["applicationId"]
        self.replaced = {
            "--microtenant 912794922405331968": f"--microtenant {self._fill(int(customer))}",
            "912794922405331968": other,
            "912794922321445888": customer,
            "912794922338223104": client,
            "913942800120545281": application,
            "sudo -u portico ": "",
            "/opt/portico/bin/portico ": "portico ",
            "/etc/portico": f"{self.folder / 'etc'}",
            "/root/keys": f"{self.folder / 'keys'}",
            "/var/backups/portico": f"{self.folder / 'backups'}",
            "/var/lib/portico": f"{self.folder / 'lib'}",
        }
        self._write_files()

    def _fill(self, customer_id: int) -> int:
        """Makes the group and the portal that pages name; the id of a new microtenant."""

        async def make(runtime: Runtime) -> int:
            async with operator_writing(runtime, customer_id) as work:
                await groups.create_group(work, "Staff")
                spec, page = UserPortalSpec(name="Staff", enabled=True), PortalPage(slug="staff")
                await portals.create_portal(work, spec, managed_suffix="", page=page)
                return (
                    await microtenants.create_microtenant(work, MicrotenantSpec(name="East"))
                ).id

        return as_operator(self.database, make)

    def _write_files(self) -> None:
        """Writes the files that the reader of a page has already."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
        (self.folder / "terraform.pub.pem").write_bytes(
            key.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        (self.folder / "secret.txt").write_text("a secret of the provider\n")
        (self.folder / "etc/portico.toml").write_text(f'database = "{self.database}"\n')
        kept = (self.folder / "etc/portico.key").read_bytes()
        (self.folder / "keys/portico.key").write_bytes(kept)

    def do(self, block: str) -> None:
        """Types the commands of a block, of which each must succeed."""
        for text, value in self.replaced.items():
            block = block.replace(text, value)
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:2] == ["portico", "serve"]:
                self._serve(words[2:])
            elif words[:1] == ["portico"] and "|" not in words:
                self._run(line, words[1:])
            elif words:
                self._in_shell(line)

    def _serve(self, options: list[str]) -> None:
        """Starts the server that a page starts, until it is ready."""
        with chdir(self.folder), served(self.database, self.folder / "server.log", *options) as it:
            assert it.http.get("/readyz").json() == {"status": "ready"}

    def _run(self, line: str, arguments: list[str]) -> None:
        """Runs a command of Portico, in this process."""
        typed = "a secret that somebody types\n"
        if arguments[-1].startswith("<"):
            typed = (self.folder / arguments.pop()[1:]).read_text()
        for asking, option in TYPED.items():
            if line.startswith(asking) and "--generate" not in arguments:
                arguments.append(option)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO(typed))
            environment = {"PORTICO_DATABASE": self.database}
            ended = run(*arguments, environment=environment, folder=self.folder)
        assert ended.status == 0, f"{line}\n{ended.output}{ended.errors}"

    def _in_shell(self, line: str) -> None:
        """Runs any other line in a shell, and keeps the database that it names."""
        environment = {**self.reader, "PORTICO_DATABASE": self.database}
        script = f'{line}\nprintf "\\n%s" "$PORTICO_DATABASE"'
        self.database = run_script(script, self.folder, environment).rpartition("\n")[2]
