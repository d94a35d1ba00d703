"""A process that serves Portico on every listener and reports each connection that it opens.

It prints the URLs as JSON, waits for the end of its input, and prints the connections as JSON.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from portico.app import create_app
from portico.emulator.listeners.authority import open_authority
from portico.emulator.listeners.certificates import ServerCertificates
from portico.emulator.listeners.destinations import Destinations
from portico.emulator.listeners.listener import HttpListener
from portico.emulator.listeners.proxy import ProxyListener
from portico.emulator.listeners.server import serve_app
from portico.emulator.listeners.tls import TlsListener
from portico.emulator.listeners.vendor_hosts import VendorHosts
from portico.settings import Settings

OUTWARDS = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}


def watch(opened: list[str]) -> None:
    """Notes every connection and every look-up of this process from now on."""

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event in OUTWARDS:
            opened.append(f"{event} {arguments[:2]}")

    sys.addaudithook(note)


async def serve(database: str, folder: Path) -> None:
    """Serves until the input ends."""
    hosts = VendorHosts()
    authority = open_authority(folder, hosts.domains(), datetime.now(UTC))
    certificates = ServerCertificates(authority, hosts, time.time)
    listeners = (
        HttpListener(),
        TlsListener(certificates),
        ProxyListener(certificates, Destinations(hosts)),
    )
    opened: list[str] = []
    app = create_app(Settings(database=database, access_log=False))
    async with serve_app(app, listeners) as server:
        watch(opened)
        sys.stdout.write(json.dumps({"urls": server.urls, "ca": str(authority.path)}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        until_now = list(opened)
        socket.create_connection(server.addresses[0]).close()
        assert len(opened) > len(until_now), "The watch does not see connections."
    sys.stdout.write(json.dumps(until_now) + "\n")


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
