"""The ASGI scope of a request."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import h11

from portico.emulator.listeners.client_connection import EXTENSION, ClientConnection
from portico.emulator.listeners.refusals import InvalidTarget
from portico.emulator.listeners.stream import ByteStream

_ABSOLUTE = re.compile(rb"https?://([^/?#@]+)((?:[/?][^#]*)?)", re.IGNORECASE)


def make_scope(
    request: h11.Request,
    stream: ByteStream,
    state: dict[str, Any],
    connection: ClientConnection,
) -> dict[str, Any]:
    """Return the scope of a request. Raises InvalidTarget."""
    headers = list(request.headers)
    authority, target = split_target(request)
    if authority is not None:
        # The target names the host, whatever the Host header says (RFC 9112, section 3.2.2).
        headers = [(b"host", authority), *(each for each in headers if each[0] != b"host")]
    path, _, query = target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": request.http_version.decode("ascii"),
        "method": request.method.decode("ascii"),
        "scheme": "https" if stream.is_encrypted else "http",
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": stream.client,
        "server": stream.server,
        "state": state.copy(),
        "extensions": {EXTENSION: connection},
    }


def split_target(request: h11.Request) -> tuple[bytes | None, bytes]:
    """Return the authority of an absolute target, if it is one, and the path with its query.

    Raises InvalidTarget.
    """
    target = request.target
    if target.startswith(b"/"):
        return None, target
    if request.method == b"CONNECT":
        raise InvalidTarget(
            "CONNECT is for the proxy port, but this is another port of Portico. Correct "
            "HTTPS_PROXY."
        )
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise InvalidTarget(
            "The target of a request must be a path that starts with a slash, or an http URL."
        )
    authority, path = absolute.groups()
    return authority, path if path.startswith(b"/") else b"/" + path
