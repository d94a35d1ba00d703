"""Calls the control API of a running stand-in, for commands and for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

from portico.emulation.state_folder import StandInError

_SECONDS = 10.0


def send_control(
    url: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, object] | None = None,
    body: object = None,
    seconds: float = _SECONDS,
) -> tuple[int, bytes]:
    """Return the status and the body of a control route such as `health`, on one connection.

    Never uses a proxy, whatever the environment says. Raises OSError or HTTPException.
    """
    parts = urlsplit(url)
    target = f"/_portico/{path}" + (f"?{urlencode(query)}" if query else "")
    headers = {} if body is None else {"Content-Type": "application/json"}
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request(method, target, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def refusal_in(received: bytes) -> str | None:
    """Return the sentence of a problem document, or None if the body is something else."""
    try:
        value = json.loads(received)
    except ValueError:
        return None
    detail = value.get("detail") if isinstance(value, dict) else None
    return detail if isinstance(detail, str) else None


def call_control(
    url: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: object = None,
) -> Any:  # noqa: ANN401  # any JSON value
    """Return the decoded answer of a control route, or None without a body.

    Raises StandInError with the stand-in's own reason, or if it does not answer.
    """
    return _decoded(_answer(url, method, path, query, body))


def read_control(url: str, path: str, query: Mapping[str, str]) -> bytes:
    """Return the body of a control route, whatever its form. Raises StandInError."""
    return _answer(url, "GET", path, query, None)


def _answer(
    url: str, method: str, path: str, query: Mapping[str, str] | None, body: object
) -> bytes:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise StandInError(f"{url} is not the address of a stand-in, as in http://127.0.0.1:8080.")
    try:
        status, received = send_control(url, method, path, query=query, body=body)
    except (OSError, HTTPException) as error:
        raise StandInError(
            f"No stand-in answers on {url} ({error}). `portico emulate status` shows whether one "
            "runs."
        ) from None
    if status >= 400:
        raise StandInError(
            refusal_in(received)
            or f"{url} is no stand-in of Portico: it answered with status {status}."
        )
    return received


def _decoded(received: bytes) -> Any:  # noqa: ANN401  # any JSON value
    """Return a JSON value, or None for a body that is empty or something else."""
    try:
        return json.loads(received) if received else None
    except ValueError:
        return None
