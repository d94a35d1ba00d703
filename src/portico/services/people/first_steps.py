"""What a fresh installation lacks before anybody can sign in, and the command that adds it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from portico.domain.tenancy.identity import Tenant
from portico.services.runtime import Runtime
from portico.storage.people.administrators import AdministratorRepository
from portico.storage.tenancy.identity import IdentityRepository

EXAMPLE_TENANT = "Example Ltd"
EXAMPLE_ADMINISTRATOR = "ada"


@dataclass(frozen=True, kw_only=True)
class CommandLine:
    """How the operator runs `portico` here: the program, and the option that names the database.

    Both are ready for a shell.
    """

    program: str = "portico"
    database_option: str = ""

    def write(self, *arguments: str) -> str:
        """Return a whole command, ready to paste."""
        return " ".join(filter(None, (self.program, shlex.join(arguments), self.database_option)))


@dataclass(frozen=True)
class FirstStep:
    """The next thing to add: the first tenant, or when one is there, an administrator of it."""

    tenant: Tenant | None

    def command(self, line: CommandLine) -> str:
        """Return the command that adds it."""
        if self.tenant is None:
            return line.write("tenant", "create", EXAMPLE_TENANT)
        customer = ("--customer", str(self.tenant.id))
        return line.write("admin", "create", EXAMPLE_ADMINISTRATOR, *customer, "--generate")


async def first_step(runtime: Runtime) -> FirstStep | None:
    """Return what is missing before anybody can sign in to the console; None when nothing is."""
    async with runtime.database.read() as connection:
        if await AdministratorRepository(connection).has_any():
            return None
        return FirstStep(await IdentityRepository(connection).first_tenant())
