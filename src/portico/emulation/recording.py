"""Runs a command whose calls to the vendor pass through a recording proxy."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import ssl
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from portico.domain.errors import InvalidInput
from portico.emulator.listeners.authority import default_folder, open_authority
from portico.emulator.listeners.certificates import ServerCertificates
from portico.emulator.listeners.destinations import Destinations
from portico.emulator.listeners.proxy import ProxyListener
from portico.emulator.listeners.server import serve_app
from portico.emulator.listeners.vendor_hosts import NO_PROXY, VendorHosts
from portico.emulator.recordings.forwarding import TIMEOUT_SECONDS, Forwarder
from portico.emulator.recordings.tape import Tape

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class InvalidUrl(InvalidInput):
    """The URL that stands for the vendor is no URL."""


class CommandNotFound(InvalidInput):
    """The command to record cannot be started."""


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

    Raises CommandNotFound, AuthorityError or CannotListen.
    """
    tape = Tape()
    hosts = VendorHosts.with_clouds(route.clouds)
    authority = open_authority(default_folder(os.environ), hosts.domains(), datetime.now(UTC))
    destinations = Destinations(hosts, route.direct, pass_through=route.pass_through)
    listener = ProxyListener(ServerCertificates(authority, hosts, time.time), destinations)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="portico-"))
        bundle = Path(folder) / "ca-bundle.pem"
        bundle.write_text(f"{authority.path.read_text()}\n{_public_authorities()}")
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=TIMEOUT_SECONDS))
        app = Forwarder(client, tape, hosts, route.to)
        server = await stack.enter_async_context(serve_app(app, [listener]))
        variables = _environment(server.urls[0], bundle)
        return await _run(command, {**os.environ, **variables}), tape


def _environment(proxy_url: str, bundle: Path) -> dict[str, str]:
    """Return the variables that lead every client of the vendor to the proxy."""
    certificates = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
    return {
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy_url),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(NO_PROXY)),
        **dict.fromkeys(certificates, str(bundle)),
        "ZSCALER_CLIENT_CACHE_ENABLED": "false",
        "CHECKPOINT_DISABLE": "1",
    }


def _public_authorities() -> str:
    """Return the certificates that this process trusts, for hosts that are no vendor's."""
    import certifi

    named = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    path = Path(named) if named and Path(named).exists() else Path(certifi.where())
    return path.read_text()


async def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command, pass signals on to it, and return its exit status as a shell does."""
    try:
        process = await asyncio.create_subprocess_exec(*command, env=environment)
    except OSError as error:
        raise CommandNotFound(f"{command[0]} cannot be started: {error.strerror}.") from None
    loop = asyncio.get_running_loop()
    for each in _SIGNALS:
        loop.add_signal_handler(each, _pass_on, process, each)
    try:
        status = await process.wait()
    finally:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
    return status if status >= 0 else 128 - status


def _pass_on(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)
