"""`/_portico/requests`: the journal, filtered, counted, awaited, streamed and exported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from portico.emulator.control.operations import JSON, operation
from portico.emulator.control.wire import Answer, TenantQuery, id_text, stand_in_of, tenant_of
from portico.emulator.journal.entries import Entry, EntryFilter, InvalidFilter
from portico.emulator.journal.har import to_har
from portico.emulator.journal.journal import MAX_ENTRIES, Journal
from portico.emulator.journal.near_misses import NearMiss, near_misses

EVENT_STREAM = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
NO_CACHE = {"Cache-Control": "no-store"}
MOST_SECONDS = 300
MOST_UNMATCHED = 20


class FilterQuery(TenantQuery, frozen=True, kw_only=True):
    """Which recorded requests to select."""

    operation: Annotated[str | None, Meta(description="The id of an operation.")] = None
    method: Annotated[str | None, Meta(description="A method, such as POST.")] = None
    path: Annotated[
        str | None, Meta(description="A pattern of paths: * is any text, ? any character.")
    ] = None
    status: Annotated[
        str | None, Meta(description="A status, a class such as 4xx, or none for no answer.")
    ] = None
    client_id: Annotated[str | None, Meta(description="The id of a client.")] = None
    since: Annotated[
        int, Meta(ge=0, description="The id of a request. Only later ones are selected.")
    ] = 0


class RequestsQuery(FilterQuery, frozen=True, kw_only=True):
    """Which recorded requests to list, how many of them, and in which form."""

    limit: Annotated[
        int, Meta(ge=1, le=MAX_ENTRIES, description="The most requests to list. HAR has all.")
    ] = 500
    format: Annotated[Literal["json", "har"], Meta(description="The format: JSON, or HAR 1.2.")] = (
        "json"
    )


class WaitQuery(FilterQuery, frozen=True, kw_only=True):
    """Which requests to wait for, for how many, and how long."""

    count: Annotated[
        int, Meta(ge=1, le=MAX_ENTRIES, description="The number of requests to wait for.")
    ] = 1
    seconds: Annotated[
        float, Meta(ge=0, le=MOST_SECONDS, description="The longest time to wait.")
    ] = 10


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


@operation("GET", "/requests", summary="List recorded requests, or export them as HAR")
async def list_requests(request: Request, query: RequestsQuery) -> Response:
    """Return the newest requests that the query selects, oldest first, or all of them as HAR."""
    journal = stand_in_of(request).journal
    found = journal.entries(await _filter(request, query))
    if query.format == "har":
        return _json(await asyncio.to_thread(to_har, found))
    newest = found[-query.limit :]
    answer = RequestsAnswer(requests=newest, total=len(found), dropped=journal.dropped)
    return _json(await asyncio.to_thread(msgspec.json.encode, answer))


@operation("GET", "/requests/count", summary="Count recorded requests")
async def count_requests(request: Request, query: FilterQuery) -> CountAnswer:
    """Return how many requests a filter selects."""
    wanted = await _filter(request, query)
    return CountAnswer(count=stand_in_of(request).journal.count(wanted))


@operation("GET", "/requests/wait", summary="Wait for a number of requests")
async def wait_for_requests(request: Request, query: WaitQuery) -> WaitAnswer:
    """Return as soon as a filter selects that many requests, or after some seconds."""
    wanted = await _filter(request, query)
    found = await stand_in_of(request).journal.wait_for(wanted, query.count, query.seconds)
    return WaitAnswer(count=found, reached=found >= query.count)


@operation(
    "GET",
    "/requests/unmatched",
    summary="List requests that met no route, with the closest operations",
)
async def list_unmatched(request: Request, query: TenantQuery) -> UnmatchedAnswer:
    """Return the last different requests that met no route."""
    stand_in = stand_in_of(request)
    wanted = EntryFilter(customer_id=id_text(await tenant_of(request, query.customer_id)))
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


@operation(
    "GET",
    "/requests/stream",
    summary="Send each request as a server-sent event",
    media_types=(EVENT_STREAM,),
)
async def stream_requests(request: Request, query: FilterQuery) -> Response:
    """Send the requests that a filter selects, from now on.

    The events are `listening` at the start, `request` with an entry as JSON, and `dropped` with a
    number if the listener reads too slowly.
    """
    wanted = await _filter(request, query)
    journal = stand_in_of(request).journal
    journal.require_room()
    events = _events(journal, wanted)
    return StreamingResponse(events, media_type=EVENT_STREAM, headers=NO_CACHE)


@operation("DELETE", "/requests", summary="Clear the journal", status=204)
async def clear_requests(request: Request, query: TenantQuery) -> None:
    """Remove all entries, or those of one tenant."""
    stand_in_of(request).journal.clear(id_text(await tenant_of(request, query.customer_id)))


async def _filter(request: Request, query: FilterQuery) -> EntryFilter:
    """Return the filter that the query asks for. Raises InvalidFilter."""
    named = query.operation
    if named is not None and (unknown := stand_in_of(request).operations.problem_of(named)):
        raise InvalidFilter(f"operation: {unknown}", "operation")
    return EntryFilter(
        operation=named,
        method=query.method,
        path=query.path,
        status=query.status,
        customer_id=id_text(await tenant_of(request, query.customer_id)),
        client_id=query.client_id,
        since=query.since,
    )


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


def _json(content: bytes) -> Response:
    return Response(content, media_type=JSON)


ROUTES = (
    list_requests,
    count_requests,
    wait_for_requests,
    list_unmatched,
    stream_requests,
    clear_requests,
)
