"""Starts a stand-in in a process of its own, and stops it.

It ends with the process that started it, however that ends: the stand-in's standard input closes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from portico.emulation.access import StandInAccess, TenantAccess
from portico.testing.control import Control
from portico.testing.tenants import Tenant, new_tenant

STOP_SECONDS = 20


class StartError(Exception):
    """The stand-in did not start. The message ends with what it printed."""


@dataclass(frozen=True)
class Server:
    """A running stand-in. `access` has its addresses and first tenants."""

    access: StandInAccess
    control: Control

    @property
    def url(self) -> str:
        """Return the address of plain HTTP."""
        return self.access.url

    def new_tenant(self, name: str | None = None) -> Tenant:
        """Create a tenant that exists until `remove` or the end of the stand-in."""
        return new_tenant(self.control, self.url, name)

    def remove(self, tenant: Tenant) -> None:
        """Remove a tenant with all that belongs to it."""
        self.control.call("DELETE", f"tenants/{tenant.customer_id}")

    @contextmanager
    def tenant(self) -> Iterator[Tenant]:
        """Create a tenant for the length of a block."""
        tenant = self.new_tenant()
        try:
            yield tenant
        finally:
            self.remove(tenant)

    def reset(self) -> None:
        """Return everything to the seed. Tenants that tests have created end."""
        self.control.call("POST", "reset")

    def environment(self, tenant: Tenant | None = None, *, legacy: bool = False) -> dict[str, str]:
        """Return the variables for a command whose clients use a tenant, or the first one."""
        from portico.emulation.environment import client_environment

        access = self.access
        if tenant is not None:
            account = TenantAccess(
                customer_id=tenant.customer_id,
                name=tenant.name,
                client_id=tenant.client_id,
                client_secret=tenant.client_secret,
            )
            access = replace(access, tenants=(account,))
        return client_environment(access, legacy=legacy)


@contextmanager
def stand_in(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a stand-in for the length of a block.

    `arguments` are those of `portico emulate`, for example "--seed", "demo". `environment` defaults
    to that of this process. Raises StartError.
    """
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            _command(arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=dict(os.environ if environment is None else environment),
            # Ctrl-C ends the tests first, which stop the stand-in.
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                process.wait()
                log.seek(0)
                raise StartError(f"The stand-in did not start. {log.read().strip()}")
            access = StandInAccess.from_json(line)
            yield Server(access, Control(access.url))
        finally:
            process.stdin.close()
            process.stdout.close()
            _wait(process)


def _command(arguments: Sequence[str]) -> list[str]:
    """Return the command that prints one line of JSON, and ends with its standard input."""
    return [sys.executable, "-m", "portico", "emulate", "--json", "--stop-on-eof", *arguments]


def _wait(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
