"""Bodies of requests: their limit, and clients that leave."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from portico.asgi.bodies import KIBIBYTE, read_body
from portico.asgi.routing import Application, RouteGroup, route
from tests.asgi.calls import call


def told(*messages: Message, headers: Sequence[tuple[bytes, bytes]] = ()) -> str:
    """What a handler that reads a body of at most 1 KiB makes of the client's messages."""

    @route("POST", "/")
    async def take(request: Request) -> Response:
        body = await read_body(request)
        assert await read_body(request) is body
        return Response(body)

    def answer_error(request: Request, error: Exception) -> Response:
        return Response(f"{error}")

    app = Application([RouteGroup(routes=(take,))], errors=answer_error, body_limit=KIBIBYTE)
    return call(app, "POST", "/", *messages, headers=headers)[0]


def part(body: bytes, *, more: bool = True) -> Message:
    """A part of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


def test_body_in_parts_is_joined() -> None:
    assert told(part(b"1234"), part(b"5678", more=False)) == "12345678"


def test_body_beyond_the_limit_is_refused() -> None:
    refused = "The body is larger than 1 KiB."

    assert told(part(b"x" * KIBIBYTE), part(b"x"), part(b"x")) == refused
    assert told(headers=[(b"content-length", b"1025")]) == refused


def test_client_that_leaves_in_the_middle_is_no_defect() -> None:
    left = told(part(b"{"), {"type": "http.disconnect"})

    assert left == "The client left before it had sent the whole body."
