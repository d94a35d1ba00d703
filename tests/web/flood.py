"""A flood of wrong sign-ins, each over a connection and from an address of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event, Thread
from urllib.parse import urlencode, urlsplit

ADDRESSES = 300
TOKEN = "t" * 43
TURNED_AWAY = 503
_NETWORKS = count(11)


class Flood:
    """The flood as its sender sees it. `statuses` counts the answers, `sent` the requests.

    `refusal` is one of the answers that turn a sender away, with its headers.
    """

    def __init__(self, url: str, door: str, account: str, pause: float) -> None:
        self._host, self._port = urlsplit(url).hostname, urlsplit(url).port
        self._door = door
        self._account = account
        self._pause = pause
        self._network = next(_NETWORKS)
        self._stopped = Event()
        self._everybody = Event()
        self.statuses: Counter[int] = Counter()
        self.sent = 0
        self.refusal = ""

    def run(self) -> None:
        """Sends until it is stopped."""
        asyncio.run(self._run())

    def stop(self) -> None:
        """Ends the flood, whatever is still unanswered."""
        self._stopped.set()

    def wait_until_everybody_has_sent(self) -> None:
        """Returns when each address has sent its first request."""
        assert self._everybody.wait(timeout=60)

    async def _run(self) -> None:
        senders = [asyncio.create_task(self._send(number)) for number in range(ADDRESSES)]
        while not self._stopped.is_set():
            await asyncio.sleep(0.02)
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)

    async def _send(self, number: int) -> None:
        attempt = 0
        while attempt == 0 or self._pause:
            reader, writer = await asyncio.open_connection(self._host, self._port)
            try:
                writer.write(self._request(number, attempt))
                await writer.drain()
                self.sent += 1
                if self.sent >= ADDRESSES:
                    self._everybody.set()
                answer = (await reader.read()).decode()
                status = int(answer.split()[1])
                self.statuses[status] += 1
                if status == TURNED_AWAY:
                    self.refusal = answer
            finally:
                writer.close()
            attempt += 1
            await asyncio.sleep(self._pause)

    def _request(self, number: int, attempt: int) -> bytes:
        name = self._account or f"nobody {number} {attempt}"
        form = urlencode({"csrf": TOKEN, "name": name, "password": f"wrong password {attempt}"})
        # Networks of their own: those that share one would count as a crowd.
        address = f"{self._network}.{number // 250}.{number % 250}.1"
        return (
            f"POST {self._door} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"X-Forwarded-For: {address}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Cookie: __Host-portico_form={TOKEN}\r\nConnection: close\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(form)}\r\n\r\n{form}"
        ).encode()


@contextmanager
def flooding(url: str, door: str, *, account: str = "", pause: float = 0) -> Iterator[Flood]:
    """A flood for the length of a block, which begins when each address has sent a request.

    All guess at one account, or each at a name of its own. Each address sends one request, or with
    a `pause` in seconds a further one that long after each answer.
    """
    flood = Flood(url, door, account, pause)
    thread = Thread(target=flood.run)
    thread.start()
    try:
        flood.wait_until_everybody_has_sent()
        yield flood
    finally:
        flood.stop()
        thread.join()
