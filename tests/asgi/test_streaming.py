"""A download is sent part by part, ends early with an error, and stops when the client has left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from starlette.types import Message

from portico.asgi.streaming import Download
from portico.domain.errors import Unavailable


class Client:
    """A client that notes what it was sent, and may leave after some messages."""

    def __init__(self, leaves_after: int = 1_000) -> None:
        self.received: list[Message] = []
        self._leaves_after = leaves_after
        self._left = asyncio.Event()

    async def send(self, message: Message) -> None:
        """Take a message of the server."""
        self.received.append(message)
        if len(self.received) >= self._leaves_after:
            self._left.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def receive(self) -> Message:
        """Say nothing until it leaves."""
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def download(self, parts: AsyncGenerator[bytes]) -> None:
        """Ask for a file."""
        file = Download("a.csv", "text/csv", {"Cache-Control": "no-store"}, parts)
        await file({"type": "http"}, self.receive, self.send)


async def three_parts(made: list[bytes], fails_at: int = 4) -> AsyncGenerator[bytes]:
    """Parts that are noted when they are made, one of which may fail."""
    for number, part in enumerate((b"a", b"b", b"c"), 1):
        if number == fails_at:
            raise Unavailable("The database does not answer.")
        made.append(part)
        yield part


def test_download_is_sent_in_parts() -> None:
    client, made = Client(), list[bytes]()

    asyncio.run(client.download(three_parts(made)))

    start, *parts = client.received
    assert start["type"] == "http.response.start"
    assert (b"content-disposition", b'attachment; filename="a.csv"') in start["headers"]
    assert (b"cache-control", b"no-store") in start["headers"]
    assert [(part["body"], part["more_body"]) for part in parts] == [
        (b"a", True),
        (b"b", True),
        (b"c", True),
        (b"", False),
    ]


def test_error_before_the_first_part_is_an_ordinary_one() -> None:
    client = Client()

    with pytest.raises(Unavailable):
        asyncio.run(client.download(three_parts([], fails_at=1)))

    assert client.received == []


def test_error_later_leaves_the_file_without_its_end(caplog: pytest.LogCaptureFixture) -> None:
    client = Client()

    with pytest.raises(Unavailable):
        asyncio.run(client.download(three_parts([], fails_at=3)))

    assert [message.get("more_body") for message in client.received] == [None, True, True]
    assert "a.csv was not sent completely: The database does not answer." in caplog.text


def test_nothing_more_is_made_for_a_client_that_left() -> None:
    client, made = Client(leaves_after=2), list[bytes]()

    asyncio.run(client.download(three_parts(made)))

    assert made == [b"a", b"b"]
