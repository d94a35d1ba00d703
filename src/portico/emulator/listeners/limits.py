"""Limits of the stand-in's server: every buffer and every wait has one."""

from __future__ import annotations

from dataclasses import dataclass

BUFFER_BYTES = 64 * 1024
"""How many received bytes wait for the application before the server stops reading."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Times are in seconds.

    A connection is idle before its first request and between two requests. `header_seconds` limits
    the time from the first byte of a request to the end of its headers. `body_seconds` limits the
    wait for the next part of a request body, and `write_seconds` the wait for a client that does
    not read. The tunnels are those that the proxy opens to other hosts.
    """

    connections: int = 512
    header_bytes: int = 64 * 1024
    idle_seconds: float = 75.0
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    write_seconds: float = 60.0
    handshake_seconds: float = 10.0
    close_seconds: float = 2.0
    stop_seconds: float = 5.0
    tunnels: int = 64
    tunnel_connect_seconds: float = 10.0
    tunnel_idle_seconds: float = 120.0
    tunnel_seconds: float = 3600.0
