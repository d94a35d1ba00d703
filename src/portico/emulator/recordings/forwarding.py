"""The application of the recorder: passes each request on to the vendor and records the answer."""

from __future__ import annotations

import json
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from portico.emulator.listeners.vendor_hosts import VendorHosts
from portico.emulator.recordings.exchanges import Exchange
from portico.emulator.recordings.tape import Tape

BODY_LIMIT_BYTES = 16 * 1024 * 1024
TIMEOUT_SECONDS = 120.0
_NOT_PASSED_ON = frozenset(
    (
        "accept-encoding",
        "connection",
        "expect",
        "content-encoding",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
Pairs = list[tuple[str, str]]


class Forwarder:
    """Passes requests on over HTTPS to the host that they name, or all of them to one URL.

    `client` is open while requests come. Answers are decoded, and redirects are passed back.
    """

    def __init__(
        self, client: httpx.AsyncClient, tape: Tape, hosts: VendorHosts, to: str = ""
    ) -> None:
        self._client = client
        self._tape = tape
        self._hosts = hosts
        self._to = to.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as an ASGI application."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await _live(receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]
        host = dict(headers).get("host", "").lower().removesuffix(":443")
        if self._hosts.role_of(host) is None:
            reason = f"The recorder passes on requests to the vendor's hosts alone, not to {host}."
            await _refuse(send, 421, reason)
            return
        body = await _body(receive)
        if body is None:
            await _refuse(
                send, 413, f"The recorder passes on at most {BODY_LIMIT_BYTES >> 20} MiB."
            )
            return
        query = scope["query_string"].decode()
        target = scope["raw_path"].decode() + (f"?{query}" if query else "")
        recorded_url = f"https://{host}{target}"
        url = f"{self._to}{target}" if self._to else recorded_url
        try:
            answer = await self._client.request(
                scope["method"], url, headers=_passed_on(headers), content=body
            )
        except httpx.HTTPError as error:
            self._tape.unreachable_count += 1
            reason = (
                f"{httpx.URL(url).host} cannot be reached: {str(error) or type(error).__name__}."
            )
            await _refuse(send, 502, reason)
            return
        self._tape.add(
            Exchange(
                where=f"exchange {len(self._tape.exchanges) + 1}",
                method=scope["method"],
                url=recorded_url,
                request_headers=dict(headers),
                request_body=body,
                status=answer.status_code,
                answer_headers=dict(answer.headers),
                answer_body=answer.content,
            )
        )
        await _send(
            send, answer.status_code, _passed_on(answer.headers.multi_items()), answer.content
        )


def _passed_on(headers: Pairs) -> Pairs:
    """Return the headers that concern the message and not the connection."""
    return [(name, value) for name, value in headers if name.lower() not in _NOT_PASSED_ON]


async def _live(receive: Receive, send: Any) -> None:  # noqa: ANN401  # messages of a lifespan
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> bytes | None:
    """Return the whole body, or None if it is too long."""
    parts: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_LIMIT_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"id": "portico.recorder", "reason": reason}).encode()
    await _send(send, status, [("content-type", "application/json")], body)


async def _send(send: Send, status: int, headers: Pairs, body: bytes) -> None:
    listed = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    if status not in {204, 304}:
        listed.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body, "more_body": False})
