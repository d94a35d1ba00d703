"""The limit: an ASGI application that sends one captured response without any work.

Nothing on the same HTTP server can be faster, so the share of the limit shows the cost of Portico's
work.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class FixedAnswer:
    """Sends the same status, headers and bytes to every request."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.start: Message = {
            "type": "http.response.start",
            "status": status,
            "headers": headers,
        }
        self.body: Message = {"type": "http.response.body", "body": body, "more_body": False}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] != "GET":
            while (await receive()).get("more_body"):
                pass
        await send(self.start)
        await send(self.body)


def load_answer(folder: Path) -> FixedAnswer:
    head = json.loads((folder / "head.json").read_text())
    headers = [(name.encode(), value.encode()) for name, value in head["headers"]]
    return FixedAnswer(head["status"], headers, (folder / "body").read_bytes())


def create_app() -> FixedAnswer:
    return load_answer(Path(os.environ["LIMIT_ANSWER"]))
