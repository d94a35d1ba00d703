"""What the journal keeps of requests, how it is searched, and who hears of new entries."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from portico.emulator.journal.entries import Entry, EntryFilter, InvalidFilter
from portico.emulator.journal.journal import Journal, TooManyListeners
from portico.emulator.journal.middleware import STORED_BYTES, JournalMiddleware
from tests.emulator.asgi_calls import (
    CUSTOMER,
    LINKS,
    CountingApi,
    Hands,
    Received,
    operations,
    request,
    tenant_of_client,
)


@dataclass
class Watched:
    """An API behind a journal, with clocks that a test moves."""

    api: CountingApi = field(default_factory=CountingApi)
    journal: Journal = field(default_factory=Journal)
    clock: Hands = field(default_factory=Hands)
    seconds: float = 100.0

    def app(self) -> JournalMiddleware:
        """The API behind the journal."""
        return JournalMiddleware(
            self.api,
            journal=self.journal,
            operations=operations(),
            clock=self.clock,
            monotonic=lambda: self.seconds,
            tenant_of_client=tenant_of_client,
        )

    async def call(self, method: str, path: str, **options: Any) -> Received:  # noqa: ANN401  # those of `request`
        """One request through the journal."""
        return await request(self.app(), method, path, **options)

    def do(self, method: str, path: str, **options: Any) -> Entry:  # noqa: ANN401  # those of `request`
        """The entry of one request."""
        asyncio.run(self.call(method, path, **options))
        return self.journal.entries()[-1]


@pytest.fixture
def watched() -> Watched:
    """An API behind a journal."""
    return Watched()


def test_an_entry_shows_a_request_and_its_answer(watched: Watched) -> None:
    body = {"name": "Wiki", "link": "wiki.example.com"}
    entry = watched.do("POST", f"/zpa{LINKS}", query="microtenantId=9", body=body)

    assert (entry.id, entry.time) == ("1", 1_000_000)
    assert (entry.method, entry.path, entry.query) == ("POST", f"/zpa{LINKS}", "microtenantId=9")
    assert (entry.operation, entry.customer_id, entry.client_id) == ("create_link", "7", "5")
    assert (entry.microtenant_id, entry.address) == ("9", "127.0.0.1")
    assert '"name": "Wiki"' in entry.request.body.text
    assert entry.answer is not None
    assert (entry.answer.status, entry.answer.body.text) == (200, '{"id":"42","name":"Wiki"}')
    assert (entry.fault, entry.unread_fields) == (None, ())


def test_a_client_with_its_answer_finds_the_request_in_the_journal(watched: Watched) -> None:
    seen: list[int] = []
    app = watched.app()

    async def call() -> None:
        async def noting(scope: Scope, receive: Receive, send: Send) -> None:
            async def note(message: Message) -> None:
                if message["type"] == "http.response.body":
                    seen.append(watched.journal.count(EntryFilter(operation="list_links")))
                await send(message)

            await app(scope, receive, note)

        await request(noting, "GET", LINKS)

    asyncio.run(call())

    assert seen == [1]
    assert len(watched.journal.entries()) == 1


def test_portico_s_own_pages_and_the_control_api_are_left_out(watched: Watched) -> None:
    for path in ("/_portico/requests", "/console/7/0/links", "/p/staff", "/", "/healthz"):
        asyncio.run(watched.call("GET", path))

    assert watched.journal.entries() == []


def test_a_path_without_a_route_is_recorded(watched: Watched) -> None:
    entry = watched.do("GET", f"{CUSTOMER}/segmentGroup")

    assert (entry.operation, entry.customer_id) == (None, "7")


def test_a_failure_without_an_answer_is_recorded(watched: Watched) -> None:
    async def fail(*_: object) -> None:
        raise OSError("gone")

    watched.api = fail  # type: ignore[assignment]
    with pytest.raises(OSError, match="gone"):
        asyncio.run(watched.call("GET", LINKS))

    (entry,) = watched.journal.entries()
    assert entry.answer is None


def test_secrets_are_masked(watched: Watched) -> None:
    watched.api.body = b'{"access_token":"abc.def.ghi","token_type":"Bearer"}'
    entry = watched.do(
        "POST",
        "/signin",
        body=b"client_id=5&client_secret=hush%21&x=1",
        headers=[("content-type", "application/x-www-form-urlencoded"), ("cookie", "a=hush")],
    )

    assert entry.request.body.text == "client_id=5&client_secret=***&x=1"
    assert entry.answer is not None
    assert "abc" not in entry.answer.body.text
    headers = {each.name: each.value for each in entry.request.headers}
    assert (headers["authorization"], headers["cookie"]) == ("Bearer ***", "***")


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (
            '{"a":"-----BEGIN EC PRIVATE KEY-----\\nhush\\n-----END EC PRIVATE KEY-----\\n"}',
            '{"a":"-----BEGIN EC PRIVATE KEY-----***-----END EC PRIVATE KEY-----\\n"}',
        ),
        ('{"password":"a\\"hush","name":"b"}', '{"password":"***","name":"b"}'),
    ],
)
def test_private_keys_and_passwords_are_masked(watched: Watched, sent: str, stored: str) -> None:
    assert watched.do("POST", LINKS, body=sent.encode()).request.body.text == stored


def test_a_sign_in_belongs_to_the_tenant_of_its_client(watched: Watched) -> None:
    watched.api.status, watched.api.body = 401, b"{}"
    entry = watched.do("POST", "/signin", body=b"client_id=5&client_secret=x", signed_in=None)

    assert (entry.operation, entry.customer_id, entry.client_id) == ("sign_in", "7", "5")


def test_a_long_body_is_cut_and_says_so(watched: Watched) -> None:
    entry = watched.do("POST", LINKS, body=b" " * (STORED_BYTES + 1))

    assert len(entry.request.body.text) == STORED_BYTES
    assert (entry.request.body.size, entry.request.body.cut) == (STORED_BYTES + 1, True)


@pytest.mark.parametrize(
    ("body", "query", "expected"),
    [
        ({"name": "Wiki", "userPortalIds": ["1"]}, "", ["userPortalIds"]),
        (
            {"userPortals": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]},
            "",
            ["userPortals[].name"],
        ),
        ({"name": "Wiki"}, "expand=all", ["?expand"]),
        (b"not JSON", "", []),
    ],
)
def test_fields_that_no_handler_reads_are_named(
    watched: Watched, body: object, query: str, expected: list[str]
) -> None:
    assert watched.do("POST", LINKS, body=body, query=query).unread_fields == tuple(expected)


def test_an_entry_tells_how_long_the_client_waited(watched: Watched) -> None:
    watched.api.status = 429
    watched.api.headers = [(b"retry-after", b"4s")]
    refused = watched.do("GET", LINKS)
    watched.do("GET", LINKS, signed_in="6")
    watched.seconds += 1.5
    watched.do("GET", CUSTOMER + "/userPortal")
    watched.seconds += 3
    watched.do("GET", LINKS)

    assert refused.retry_after_seconds == 4
    assert (refused.waited_seconds, refused.retried_seconds) == (1.5, 4.5)


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (EntryFilter(), ["1", "2", "3", "4"]),
        (EntryFilter(operation="list_links"), ["1"]),
        (EntryFilter(method="post"), ["2"]),
        (EntryFilter(path="/mgmtconfig/*/userPortalLink/*"), ["3"]),
        (EntryFilter(path=f"/zpa{LINKS}"), ["1", "2"]),
        (EntryFilter(status="2xx"), ["1", "2", "3", "4"]),
        (EntryFilter(status="404"), []),
        (EntryFilter(status="none"), []),
        (EntryFilter(customer_id="8"), ["4"]),
        (EntryFilter(client_id="6"), ["3"]),
        (EntryFilter(since=2), ["3", "4"]),
    ],
)
def test_entries_are_filtered(watched: Watched, wanted: EntryFilter, ids: list[str]) -> None:
    watched.do("GET", LINKS)
    watched.do("POST", LINKS)
    watched.do("PUT", f"/zpa{LINKS}/42", signed_in="6")
    watched.do("GET", LINKS.replace("/7/", "/8/") + "s")

    assert [each.id for each in watched.journal.entries(wanted)] == ids
    assert watched.journal.count(wanted) == len(ids)


def test_a_status_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidFilter, match="999 is not a status"):
        EntryFilter(status="999")


def test_the_oldest_entries_make_room(watched: Watched) -> None:
    watched.journal = Journal(max_entries=2)
    for _ in range(3):
        watched.do("GET", LINKS)

    assert [each.id for each in watched.journal.entries()] == ["2", "3"]
    assert watched.journal.dropped == 1


def test_entries_have_a_limit_in_bytes(watched: Watched) -> None:
    watched.journal = Journal(max_bytes=100_000)
    for _ in range(3):
        watched.do("POST", LINKS, body=b" " * 60_000)

    assert [each.id for each in watched.journal.entries()] == ["3"]


def test_one_tenant_is_cleared_alone(watched: Watched) -> None:
    watched.do("GET", LINKS)
    watched.do("GET", LINKS.replace("/7/", "/8/"))

    watched.journal.clear("7")

    assert [each.customer_id for each in watched.journal.entries()] == ["8"]
    assert watched.do("GET", LINKS).id == "3"


def test_cleared_entries_stay_for_the_report_of_the_run(watched: Watched) -> None:
    watched.do("GET", LINKS)
    watched.journal.clear()
    watched.do("POST", LINKS)

    assert [each.id for each in watched.journal.entries()] == ["2"]
    assert [each.id for each in watched.journal.whole_run()] == ["1", "2"]


def test_waiting_ends_with_the_last_request_that_was_missing(watched: Watched) -> None:
    async def wait() -> int:
        wanted = EntryFilter(operation="list_links")
        waiting = asyncio.create_task(watched.journal.wait_for(wanted, 2, seconds=60))
        await watched.call("GET", LINKS)
        await watched.call("POST", LINKS)
        await watched.call("GET", LINKS)
        return await waiting

    assert asyncio.run(wait()) == 2


def test_waiting_gives_up_after_its_time(watched: Watched) -> None:
    watched.do("GET", LINKS)

    assert asyncio.run(watched.journal.wait_for(EntryFilter(), 2, seconds=0)) == 1


def test_waiting_starts_again_when_the_journal_is_cleared(watched: Watched) -> None:
    async def wait() -> int:
        waiting = asyncio.create_task(watched.journal.wait_for(EntryFilter(), 2, seconds=60))
        await watched.call("GET", LINKS)
        watched.journal.clear()
        await watched.call("GET", LINKS)
        assert not waiting.done()
        await watched.call("GET", LINKS)
        return await waiting

    assert asyncio.run(wait()) == 2


def test_a_listener_hears_of_new_entries_and_of_dropped_ones(watched: Watched) -> None:
    async def listen() -> tuple[int, int]:
        with watched.journal.listening(EntryFilter(method="GET")) as listener:
            for _ in range(260):
                await watched.call("GET", LINKS)
                await watched.call("POST", LINKS)
            entries, dropped = await listener.take()
        return len(entries), dropped

    assert asyncio.run(listen()) == (256, 4)


def test_listeners_are_limited(watched: Watched) -> None:
    def listen(more: int) -> None:
        with watched.journal.listening(EntryFilter()):
            if more:
                listen(more - 1)

    listen(15)
    with pytest.raises(TooManyListeners, match="Close one of them first"):
        listen(16)
