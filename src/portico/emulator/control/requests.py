"""`/_portico/requests`: the journal, filtered, counted, awaited, streamed and exported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar import Response, delete, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Stream

from portico.emulator.control.wire import (
    Answer,
    AnyRequest,
    CustomerId,
    id_text,
    stand_in_of,
    tenant_of,
)
from portico.emulator.journal.entries import Entry, EntryFilter, InvalidFilter
from portico.emulator.journal.har import to_har
from portico.emulator.journal.journal import MAX_ENTRIES, Journal
from portico.emulator.journal.near_misses import NearMiss, near_misses

EVENT_STREAM = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
NO_CACHE = {"Cache-Control": "no-store"}
MOST_SECONDS = 300
MOST_UNMATCHED = 20

_Text = str | None
Operation = Annotated[_Text, QueryParameter(description="The id of an operation.")]
Method = Annotated[_Text, QueryParameter(description="A method, such as POST.")]
Path = Annotated[
    _Text, QueryParameter(description="A pattern of paths: * is any text, ? any character.")
]
Status = Annotated[
    _Text,
    QueryParameter(description="A status, a class such as 4xx, or none for no answer."),
]
ClientId = Annotated[_Text, QueryParameter(name="clientId", description="The id of a client.")]
Since = Annotated[
    int, QueryParameter(ge=0, description="The id of a request. Only later ones are selected.")
]


class RequestsAnswer(Answer, frozen=True, kw_only=True):
    """The newest of the selected requests, oldest first.

    `total` counts all that were selected. The journal dropped `dropped` when it was full.
    """

    requests: list[Entry]
    total: int
    dropped: int


class CountAnswer(Answer, frozen=True, kw_only=True):
    """How many requests were selected."""

    count: int


class WaitAnswer(CountAnswer, frozen=True, kw_only=True):
    """How many requests were selected in the end, and whether that is enough."""

    reached: bool


class UnmatchedRequest(Answer, frozen=True, kw_only=True):
    """A request that met no route, how often it came, and the closest operations."""

    method: str
    path: str
    count: int
    closest: list[NearMiss]


class UnmatchedAnswer(Answer, frozen=True, kw_only=True):
    """The last requests that met no route, newest first."""

    requests: list[UnmatchedRequest]


async def read_filter(
    request: AnyRequest,
    operation: Operation = None,
    method: Method = None,
    path: Path = None,
    status: Status = None,
    customer_id: CustomerId = None,
    client_id: ClientId = None,
    since: Since = 0,
) -> EntryFilter:
    """Return the filter that the query asks for. Raises InvalidFilter."""
    if operation is not None and (unknown := stand_in_of(request).operations.problem_of(operation)):
        raise InvalidFilter(f"operation: {unknown}", "operation")
    return EntryFilter(
        operation=operation,
        method=method,
        path=path,
        status=status,
        customer_id=id_text(await tenant_of(request, customer_id)),
        client_id=client_id,
        since=since,
    )


Wanted: TypeAlias = NamedDependency[EntryFilter]
FILTERED = {"wanted": Provide(read_filter)}


@get("/requests", dependencies=FILTERED, summary="List recorded requests, or export them as HAR")
async def list_requests(
    request: AnyRequest,
    wanted: Wanted,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_ENTRIES)] = 500,
    form: Annotated[Literal["json", "har"], QueryParameter(name="format")] = "json",
) -> Response[bytes]:
    """Return the newest requests that a filter selects: a `RequestsAnswer`, or HAR 1.2."""
    journal = stand_in_of(request).journal
    found = journal.entries(wanted)
    if form == "har":
        return _json(await asyncio.to_thread(to_har, found))
    answer = RequestsAnswer(requests=found[-limit:], total=len(found), dropped=journal.dropped)
    return _json(await asyncio.to_thread(msgspec.json.encode, answer))


@get("/requests/count", dependencies=FILTERED, summary="Count recorded requests")
async def count_requests(request: AnyRequest, wanted: Wanted) -> CountAnswer:
    """Return how many requests a filter selects."""
    return CountAnswer(count=stand_in_of(request).journal.count(wanted))


@get("/requests/wait", dependencies=FILTERED, summary="Wait for a number of requests")
async def wait_for_requests(
    request: AnyRequest,
    wanted: Wanted,
    count: Annotated[int, QueryParameter(ge=1, le=MAX_ENTRIES)] = 1,
    seconds: Annotated[float, QueryParameter(ge=0, le=MOST_SECONDS)] = 10,
) -> WaitAnswer:
    """Return as soon as a filter selects that many requests, or after some seconds."""
    found = await stand_in_of(request).journal.wait_for(wanted, count, seconds)
    return WaitAnswer(count=found, reached=found >= count)


@get("/requests/unmatched", summary="List requests that met no route, with the closest operations")
async def list_unmatched(request: AnyRequest, customer_id: CustomerId = None) -> UnmatchedAnswer:
    """Return the last different requests that met no route."""
    stand_in = stand_in_of(request)
    wanted = EntryFilter(customer_id=id_text(await tenant_of(request, customer_id)))
    counts: dict[tuple[str, str], int] = {}
    for entry in reversed(stand_in.journal.entries(wanted)):
        if entry.operation is None:
            key = (entry.method, entry.path)
            counts[key] = counts.get(key, 0) + 1
    last = list(counts.items())[:MOST_UNMATCHED]
    return UnmatchedAnswer(
        requests=[
            UnmatchedRequest(
                method=method,
                path=path,
                count=count,
                closest=near_misses(method, path, stand_in.operations),
            )
            for (method, path), count in last
        ]
    )


@get(
    "/requests/stream",
    dependencies=FILTERED,
    media_type=EVENT_STREAM,
    summary="Send each request as a server-sent event",
)
async def stream_requests(request: AnyRequest, wanted: Wanted) -> Stream:
    """Send the requests that a filter selects, from now on.

    The events are `listening` at the start, `request` with an entry as JSON, and `dropped` with a
    number if the listener reads too slowly.
    """
    journal = stand_in_of(request).journal
    journal.require_room()
    return Stream(_events(journal, wanted), media_type=EVENT_STREAM, headers=NO_CACHE)


@delete("/requests", summary="Clear the journal")
async def clear_requests(request: AnyRequest, customer_id: CustomerId = None) -> None:
    """Remove all entries, or those of one tenant."""
    stand_in_of(request).journal.clear(id_text(await tenant_of(request, customer_id)))


async def _events(journal: Journal, wanted: EntryFilter) -> AsyncIterator[bytes]:
    """Yield events, and a comment now and then so that a lost connection is noticed."""
    with journal.listening(wanted) as listener:
        yield b"event: listening\ndata:\n\n"
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    entries, dropped = await listener.take()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if dropped:
                yield b"event: dropped\ndata: %d\n\n" % dropped
            for entry in entries:
                content = (entry.id.encode(), msgspec.json.encode(entry))
                yield b"event: request\nid: %s\ndata: %s\n\n" % content


def _json(content: bytes) -> Response[bytes]:
    return Response(content, media_type="application/json")


ROUTES = (
    list_requests,
    count_requests,
    wait_for_requests,
    list_unmatched,
    stream_requests,
    clear_requests,
)
