"""Bodies of requests whose client leaves."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Litestar, Request, post

from portico.asgi.bodies import BodyIncomplete, read_body


def test_client_that_leaves_in_the_middle_is_no_defect() -> None:
    messages: list[Any] = [
        {"type": "http.request", "body": b'{"name": "Wi', "more_body": True},
        {"type": "http.disconnect"},
    ]
    reasons: list[str] = []

    @post("/")
    async def take(request: Request[Any, Any, Any]) -> None:
        try:
            await read_body(request)
        except BodyIncomplete as error:
            reasons.append(error.reason)

    async def receive() -> Any:  # noqa: ANN401  # any message
        return messages.pop(0)

    async def send(message: Any) -> None:  # noqa: ANN401  # any message
        pass

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [],
        "state": {},
        "extensions": {},
    }
    asyncio.run(Litestar([take], openapi_config=None, logging_config=None)(scope, receive, send))
    assert reasons == ["The client left before it had sent the whole body."]
