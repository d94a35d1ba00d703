"""One request and its answer: the ASGI messages on one side, h11's events on the other."""

from __future__ import annotations

import asyncio
import contextlib
import json
from email.utils import formatdate
from http.client import responses

import h11
from starlette.types import Message

from portico.emulator.listeners.client_connection import ClientConnection
from portico.emulator.listeners.limits import Limits
from portico.emulator.listeners.stream import ByteStream

_UNREAD_BYTES = 1024 * 1024
_EVENT_STREAM = b"text/event-stream"


class HttpExchange:
    """Receives the body of one request for the application, and sends the application's answer."""

    def __init__(
        self, stream: ByteStream, protocol: h11.Connection, method: bytes, limits: Limits
    ) -> None:
        self._stream = stream
        self._protocol = protocol
        self._limits = limits
        self._has_body = method != b"HEAD"
        self._request_ended = False
        self._is_gone = False
        self._abandons_body = False
        self._problem: tuple[int, str] | None = None
        self.connection = ClientConnection(stream)
        self._is_refused = False
        self.is_started = False
        self.is_complete = False
        self.is_event_stream = False
        self.keep_alive = True

    def disconnect(self) -> None:
        """Tell the application that the client is gone, although it is not."""
        self._is_gone = True
        self._stream.ended.set()

    async def receive(self) -> Message:
        """Return the next part of the request body, or wait for the client to disconnect."""
        if self._is_gone or self.connection.is_taken_over:
            return {"type": "http.disconnect"}
        if self._request_ended:
            if not self.is_complete:
                await self._stream.ended.wait()
            return {"type": "http.disconnect"}
        if self._protocol.they_are_waiting_for_100_continue and not self.is_started:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            self._stream.write(self._protocol.send(go_on) or b"")
        event = await self._next_event()
        if isinstance(event, h11.Data):
            return _request_part(bytes(event.data), more=True)
        if isinstance(event, h11.EndOfMessage):
            self._request_ended = True
            return _request_part(b"", more=False)
        self._is_gone = True
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send one part of the answer, and wait until the client has read enough of it.

        If the request body was malformed, the server's own refusal replaces the answer. Raises
        h11.LocalProtocolError if the application breaks the rules of HTTP.
        """
        if self.connection.is_taken_over or self._stream.lost.is_set():
            return
        if self._problem is not None and not self.is_started:
            await self.refuse(*self._problem)
        if self._is_refused:
            return
        if message["type"] == "http.response.start":
            self._start(message["status"], list(message["headers"]))
        elif message["type"] == "http.response.body":
            self._continue(message.get("body", b""), more=message.get("more_body", False))
            await self._stream.drain()

    async def refuse(self, status: int, sentence: str, *, in_status_line: bool = False) -> None:
        """Answer an error in place of the application, in the envelope that vendor clients read.

        `in_status_line` repeats the sentence there, because clients of a proxy show nothing else.
        """
        self._is_refused = True
        body = json.dumps({"id": f"portico.http.{status}", "reason": sentence}).encode()
        length = str(len(body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        self._start(status, headers, sentence if in_status_line else "")
        self._continue(body, more=False)
        await self._stream.drain()

    async def fail(self) -> None:
        """Answer in place of an application that has ended without an answer."""
        self.keep_alive = False
        failure = 500, "The server failed while it handled this request. See its log."
        await self.refuse(*(self._problem or failure))

    async def read_rest(self) -> bool:
        """Read what the application left of the request body; return whether that was all of it.

        A long remainder is not worth reading: the connection closes instead.
        """
        if self._request_ended or self._abandons_body:
            return self._request_ended
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.close_seconds):
                await self._discard_body()
        return self._request_ended

    async def _discard_body(self) -> None:
        left = _UNREAD_BYTES
        while left > 0 and isinstance(event := await self._next_event(), h11.Data):
            left -= len(event.data)
        self._request_ended = isinstance(event, h11.EndOfMessage)

    async def _next_event(self) -> object:
        """Return the next event of the body; None if the client left, stalled or broke a rule."""
        try:
            while (event := self._protocol.next_event()) is h11.NEED_DATA:
                async with asyncio.timeout(self._limits.body_seconds):
                    self._protocol.receive_data(await self._stream.receive())
        except TimeoutError:
            seconds = self._limits.body_seconds
            self._problem = 408, f"No part of the request body came for {seconds:g} seconds."
        except h11.RemoteProtocolError as error:
            self._problem = 400, f"The request body is not valid HTTP/1.1: {problem_of(error)}."
        else:
            return event
        self.keep_alive = False
        return None

    def _start(self, status: int, headers: list[tuple[bytes, bytes]], sentence: str = "") -> None:
        self.is_started = True
        if self._protocol.they_are_waiting_for_100_continue:
            self._abandons_body, self.keep_alive = True, False  # the client may never send it
        names = {name.lower() for name, _ in headers}
        if b"date" not in names:
            headers.append((b"date", formatdate(usegmt=True).encode()))
        if not self.keep_alive and b"connection" not in names:
            headers.append((b"connection", b"close"))
        self.is_event_stream = any(
            name.lower() == b"content-type" and value.startswith(_EVENT_STREAM)
            for name, value in headers
        )
        self._has_body = self._has_body and status not in (204, 304)
        phrase = (sentence or responses.get(status, "")).encode("ascii", "replace")
        head = self._protocol.send(h11.Response(status_code=status, headers=headers, reason=phrase))
        self._stream.write_soon(head or b"")

    def _continue(self, body: bytes, *, more: bool) -> None:
        parts = []
        if body and self._has_body:
            parts.append(self._protocol.send(h11.Data(data=body)))
        if not more:
            parts.append(self._protocol.send(h11.EndOfMessage()))
        self._stream.write(b"".join(part or b"" for part in parts))
        self.is_complete = not more


def problem_of(error: h11.RemoteProtocolError) -> str:
    """Return what h11 says about a malformed message, without the bytes that it quotes."""
    return str(error).partition(": bytearray")[0]


def _request_part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}
