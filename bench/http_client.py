"""One keep-alive connection to a server under test, for seeding and for checking answers."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
IDLE_SECONDS = 5
"""A connection that was idle for longer is reopened, because servers close idle ones."""


class UnexpectedAnswer(Exception):
    """A server sent an unexpected response."""


@dataclass(frozen=True)
class Answer:
    """One response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401  # any JSON value
        return json.loads(self.body)


class Connection:
    """Sends one request after another to one port of this machine."""

    def __init__(self, port: int, *, timeout: float = 60) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self._used = time.monotonic()

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: str | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        if time.monotonic() - self._used > IDLE_SECONDS:
            self._connection.close()
        sent = {"Accept": JSON, **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if content_type:
            sent["Content-Type"] = content_type
        data = None if body is None else body.encode()
        self._connection.request(method, path, body=data, headers=sent)
        response = self._connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read())
        self._used = time.monotonic()
        return answer

    def use_tls(self, trust: ssl.SSLContext) -> None:
        """Open the connection by TLS. Call it before the first request."""
        host, port, timeout = "127.0.0.1", self._connection.port, self._connection.timeout
        self._connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=trust)

    def post_form(self, path: str, fields: dict[str, str]) -> Answer:
        return self.send("POST", path, body=urlencode(fields), content_type=FORM)

    def close(self) -> None:
        self._connection.close()


def expect(answer: Answer, status: int, what: str) -> Answer:
    """Return the response if it has the expected status. Raises UnexpectedAnswer."""
    if answer.status != status:
        text = answer.body[:500].decode(errors="replace")
        raise UnexpectedAnswer(f"{what}: status {answer.status} instead of {status}: {text}")
    return answer
