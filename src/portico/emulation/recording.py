"""Runs a command whose calls to the vendor pass through a recording proxy."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from portico.domain.errors import InvalidInput
from portico.emulation.access import StandInAccess
from portico.emulation.ca_bundle import write_ca_bundle
from portico.emulation.child_process import Stopped, find_program, passing_signals_on
from portico.emulation.environment import STRAY, client_environment
from portico.emulator.listeners.authority import default_folder, open_authority
from portico.emulator.listeners.certificates import ServerCertificates
from portico.emulator.listeners.destinations import Destinations
from portico.emulator.listeners.proxy import ProxyListener
from portico.emulator.listeners.server import serve_app
from portico.emulator.listeners.vendor_hosts import NO_PROXY, VendorHosts
from portico.emulator.recordings.forwarding import TIMEOUT_SECONDS, Forwarder
from portico.emulator.recordings.tape import Tape

OTHER_PROXIES = frozenset(name for name in STRAY if "PROXY" in name)
"""Variables of the vendor's clients that would lead them past the recorder."""


class InvalidUrl(InvalidInput):
    """The URL that stands for the vendor is no URL."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where requests go. `to` is a URL that stands for the vendor, or "" for the vendor itself.

    `clouds` are more clouds of the vendor. `direct` and `pass_through` open the proxy to others.
    """

    to: str = ""
    clouds: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    pass_through: bool = False

    def __post_init__(self) -> None:
        if self.to and not re.match(r"https?://[^/]", self.to):
            raise InvalidUrl(f"--to {self.to}: this is not a URL. Write it as https://host:port.")


async def record_command(command: Sequence[str], route: Route) -> tuple[int, Tape]:
    """Run a command behind the proxy. Return its exit status and what it called.

    Raises CommandError, AuthorityError or CannotListen.
    """
    tape = Tape()
    hosts = VendorHosts.with_clouds(route.clouds)
    authority = open_authority(default_folder(os.environ), hosts.domains(), datetime.now(UTC))
    destinations = Destinations(hosts, route.direct, pass_through=route.pass_through)
    listener = ProxyListener(ServerCertificates(authority, hosts, time.time), destinations)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="portico-"))
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=TIMEOUT_SECONDS))
        app = Forwarder(client, tape, hosts, route.to)
        server = await stack.enter_async_context(serve_app(app, [listener]))
        environment = _environment(server.urls[0], authority.path, Path(folder))
        return await _run(command, environment), tape


def _environment(proxy_url: str, authority: Path, folder: Path) -> dict[str, str]:
    """Return the environment of the command. Its credentials are those of the real tenant."""
    access = StandInAccess(
        url="",
        proxy_url=proxy_url,
        ca_bundle=str(write_ca_bundle(folder, authority, os.environ)),
        cloud="",
        vanity_domain="",
        no_proxy=NO_PROXY,
    )
    kept = {name: value for name, value in os.environ.items() if name not in OTHER_PROXIES}
    return kept | client_environment(access)


async def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command, pass signals on to it, and return its exit status as a shell does."""
    program = find_program(command[0])
    try:
        async with passing_signals_on() as child:
            return await child.run(program, command, environment)
    except Stopped as stopped:
        return stopped.status
