"""Requests to an ASGI application without a network, and a small API that counts its writes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.app import api_operations
from portico.emulator.operations import Operations

CUSTOMER = "/mgmtconfig/v1/admin/customers/7"
LINKS = f"{CUSTOMER}/userPortalLink"


@cache
def operations() -> Operations:
    """The operations of the API."""
    return api_operations()


def token(client_id: str = "5", customer_id: str = "7") -> str:
    """A token that claims a client and a tenant; nothing here verifies it."""
    claims = json.dumps({"sub": client_id, "customerId": customer_id}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"


async def tenant_of_client(client_id: str) -> str | None:
    """The client 5 belongs to the tenant 7, and no other client exists."""
    return "7" if client_id == "5" else None


class Hands:
    """A clock that stands still until a test moves it, by tenant or for all."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self, customer_id: str | None = None) -> float:
        return self.now


@dataclass
class Ends:
    """The connection of a request, which remembers how it ended."""

    ended: str = ""

    def reset(self) -> None:
        """A reset."""
        self.ended = "reset"

    def close(self) -> None:
        """A close without the rest of the answer."""
        self.ended = "closed"


@dataclass
class Received:
    """What a client received: perhaps a part of an answer, perhaps nothing."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False
    ended: str = ""

    def json(self) -> Any:  # noqa: ANN401  # any JSON value
        """The body."""
        return json.loads(self.body)


@dataclass
class CountingApi:
    """Answers every request with an object, after it has counted the write."""

    body: bytes = b'{"id":"42","name":"Wiki"}'
    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = ((b"x-ratelimit-remaining", b"1"),)
    writes: int = 0
    reads: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        assert scope["type"] == "http"
        while (await receive()).get("more_body"):
            pass
        if scope["method"] == "GET":
            self.reads += 1
        else:
            self.writes += 1
        headers = [*self.headers, (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


async def request(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    query: str = "",
    body: bytes | object = b"",
    headers: Sequence[tuple[str, str]] = (),
    signed_in: str | None = "5",
    address: str = "127.0.0.1",
) -> Received:
    """One request, of a client that has signed in unless it is None."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = [(name.encode(), value.encode()) for name, value in headers]
    if signed_in is not None:
        sent.append((b"authorization", f"Bearer {token(signed_in)}".encode()))
    ends, received = Ends(), Received()
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "scheme": "https",
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"host", b"api.zsapi.net"), *sent],
        "client": (address, 50_000),
        "extensions": {"portico.connection": ends},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            received.status = message["status"]
            received.headers = {n.decode(): v.decode() for n, v in message["headers"]}
        elif message["type"] == "http.response.body":
            received.body += message["body"]
            received.complete = not message["more_body"]

    typed: Scope = scope
    await app(typed, receive, send)
    received.ended = ends.ended
    return received
