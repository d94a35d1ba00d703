"""Calls the control API of a running stand-in, for commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

from portico.emulation.state_folder import StandInError

_SECONDS = 10.0


def call_control(
    url: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: object = None,
) -> Any:  # noqa: ANN401  # any JSON value
    """Return the decoded answer of a control route such as `health`, or None without a body.

    Never uses a proxy, whatever the environment says. Raises StandInError with the stand-in's own
    reason, or if it does not answer.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise StandInError(f"{url} is not the address of a stand-in, as in http://127.0.0.1:8080.")
    target = f"/_portico/{path}" + (f"?{urlencode(query)}" if query else "")
    content = None if body is None else json.dumps(body)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=_SECONDS)
    try:
        connection.request(method, target, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        received = answer.read()
    except (OSError, HTTPException) as error:
        raise StandInError(
            f"No stand-in answers on {url} ({error}). `portico emulate status` shows whether one "
            "runs."
        ) from None
    finally:
        connection.close()
    return _decoded(url, answer.status, received)


def _decoded(url: str, status: int, received: bytes) -> Any:  # noqa: ANN401  # any JSON value
    try:
        value = json.loads(received) if received else None
    except ValueError:
        value = None
    if status >= 400:
        if isinstance(value, dict) and isinstance(value.get("detail"), str):
            raise StandInError(value["detail"])
        raise StandInError(f"{url} is no stand-in of Portico: it answered with status {status}.")
    return value
