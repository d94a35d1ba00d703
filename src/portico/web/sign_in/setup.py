"""The setup note of the console's sign-in page, while there is no administrator yet."""

from __future__ import annotations

from ipaddress import ip_address

import msgspec
from starlette.requests import Request

from portico.services.people.first_steps import CommandLine, first_step
from portico.web.shared.site import Site


class SetupView(msgspec.Struct, frozen=True, kw_only=True):
    """The next command to run. `is_whole` means that it has the paths of this installation."""

    has_tenant: bool
    command: str
    is_whole: bool


async def setup_view(site: Site, request: Request) -> SetupView | None:
    """Return what to show on a fresh installation, and None once it has an administrator.

    Only a browser on the same machine learns the paths of the program and the database.
    """
    step = await first_step(site.runtime)
    if step is None:
        return None
    is_local = _is_loopback(site.origins.peer(request))
    line = site.command_line if is_local else CommandLine()
    return SetupView(
        has_tenant=step.tenant is not None, command=step.command(line), is_whole=is_local
    )


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
