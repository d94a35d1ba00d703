"""Bodies of requests whose client leaves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from portico.asgi.bodies import BodyIncomplete, read_body


def test_client_that_leaves_in_the_middle_is_no_defect() -> None:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"name": "Wi', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)

    with pytest.raises(BodyIncomplete, match="before it had sent the whole body"):
        asyncio.run(read_body(request))
