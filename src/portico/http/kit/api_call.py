"""One API call: its token, tenant, microtenant, parameters and body, and its answer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from portico.asgi.bodies import read_body
from portico.asgi.exchange import exchange_of
from portico.asgi.limits import RateCounter
from portico.asgi.request_counts import operation_of
from portico.asgi.threads import INLINE_BYTES, QUICK_INLINE_BYTES, Threads
from portico.domain.errors import AccessDenied, InvalidField, StalePrecondition
from portico.domain.search import Fields, ListQuery, parse_search
from portico.domain.tenancy.identity import Claims, fingerprint
from portico.http.hot.cache import AnswerCache, CachedAnswer, CachedSession
from portico.http.kit.answers import (
    Answer,
    answer_json,
    answer_read,
    encode,
    entity_tag,
    names_tag,
    wants_gzip,
)
from portico.http.kit.encoding import Encoding, is_long
from portico.http.kit.errors import TooManyRequests, UnsupportedMediaType
from portico.http.kit.large_answers import LARGE_BYTES, LargeAnswer
from portico.http.kit.tokens import Tokens, VerifiedToken
from portico.http.kit.wire import ReceivedId, parse_id, printable, receive, received_id
from portico.services import access
from portico.services.people.failed_sign_ins import FailedSignIns
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection
from portico.storage.engine.slots import Slots
from portico.storage.repositories import Repository
from portico.storage.tenancy.idempotency import IdempotentAnswer

S = TypeVar("S")
R = TypeVar("R")

DEFAULT_PAGE_SIZE = 20
LARGEST_PAGE_SIZE = 500
LARGEST_PAGE = 2**31 - 1

IDEMPOTENCY_SECONDS = 24 * 60 * 60
IDEMPOTENCY_KEY_LIMIT = 255
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,100}")
SORT_ATTRIBUTES = {
    "name": "name",
    "id": "id",
    "enabled": "enabled",
    "creationTime": "creation_time",
    "modifiedTime": "modified_time",
}
SORT_ORDERS = {"ASC": False, "DESC": True, "DSC": True}


class Api(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the running server that calls use."""

    runtime: Runtime
    tokens: Tokens
    rates: RateCounter
    cache: AnswerCache
    failed_sign_ins: FailedSignIns
    client_address: Callable[[Scope], str]
    threads: Threads
    large_answers: Slots
    managed_suffix: str
    sdk_bulk_array: bool
    assertion_audiences: frozenset[str]


def api_of(request: Request) -> Api:
    """Return the parts of the running server that a request uses."""
    api: Api = request.app.state.api
    return api


@dataclass(frozen=True)
class Call:
    """An authenticated request for one tenant. `open_call` verifies the token and makes it."""

    api: Api
    request: Request
    token: VerifiedToken

    @property
    def claims(self) -> Claims:
        """The claims of the token."""
        return self.token.claims

    @property
    def customer_id(self) -> int:
        """The id of the tenant in the path. Raises InvalidField."""
        return self.path_id("customerId")

    def path_id(self, name: str) -> int:
        """Return an id in the path. Raises InvalidField unless it is a number."""
        return parse_id(name, printable(self.request.path_params[name]))

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; the last one of each name. Raises InvalidField."""
        content = self.request.scope["query_string"]
        try:
            pairs = parse_qsl(
                content.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict"
            )
        except ValueError:
            raise InvalidField("query", "It must be percent-encoded UTF-8.") from None
        for name, value in pairs:
            if "\0" in value:
                raise InvalidField(
                    printable(name), "It contains the control character U+0000; remove it."
                )
        return dict(pairs)

    @property
    def wants_portico(self) -> bool:
        """Whether the answer must include what Portico adds to the vendor's objects."""
        return "portico" in self.query.get("include", "").split(",")

    def list_query(self, known: Fields, *, sort_attribute: str = "name") -> ListQuery:
        """Return the search, order and page that the query asks for. Raises InvalidInput."""
        query = self.query
        size = self._number("pagesize", DEFAULT_PAGE_SIZE)
        sortable = {name: each for name, each in SORT_ATTRIBUTES.items() if name in known}
        return ListQuery(
            condition=parse_search(query.get("search", ""), known),
            sort_attribute=self._choice("sortBy", sortable, sort_attribute),
            descending=self._choice("sortOrder", SORT_ORDERS, False),
            page=self._number("page", 1),
            page_size=min(size, LARGEST_PAGE_SIZE),
        )

    def _number(self, name: str, default: int) -> int:
        value = self.query.get(name)
        if value is None:
            return default
        if not _WHOLE_NUMBER.fullmatch(value):
            raise InvalidField(name, "It must be a whole number.")
        return max(1, min(int(value), LARGEST_PAGE))

    def _choice(self, name: str, choices: dict[str, S], default: S) -> S:
        value = self.query.get(name)
        if value is None:
            return default
        known = choices.get(value, choices.get(value.upper()))
        if known is None:
            raise InvalidField(name, f"It must be one of {', '.join(choices)}.")
        return known

    def microtenant_id(self, in_body: ReceivedId = None) -> int | None:
        """Return the id of the microtenant in the query or else in the body, or None."""
        return received_id("microtenantId", self.query.get("microtenantId") or in_body)

    async def receive(self, expected: type[S]) -> S:
        """Return the JSON body as a wire struct.

        Raises InvalidField, UnsupportedMediaType or BodyTooLarge.
        """
        return await self.receive_as(expected, lambda received: received)

    async def receive_as(
        self, expected: type[S], read: Callable[[S], R], *, absent: S | None = None
    ) -> R:
        """Return the result of `read` for the JSON body, computed on a thread if it is large.

        `absent` stands for an empty body, if one is allowed. Raises as `receive` does.
        """
        body = await self._json_body()
        if absent is not None and not body:
            return read(absent)
        return await self.api.threads.run(lambda: read(receive(body, expected)), size=len(body))

    async def _json_body(self) -> bytes:
        content_type = (
            self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        )
        if content_type != "application/json" and not content_type.endswith("+json"):
            raise UnsupportedMediaType(
                "The body must be JSON, with the header Content-Type: application/json."
            )
        return await read_body(self.request)

    def read(self, in_body: ReceivedId = None) -> Reading:
        """Open a unit of work that reads. Raises SessionNotValid or Forbidden when entered."""
        return Reading(self, in_body)

    async def access_for(self, in_body: ReceivedId) -> access.Access:
        """Return what the caller may do, for reads. Raises SessionNotValid or Forbidden."""
        return await self._cached_access(in_body) or await self._authorise(in_body)

    @asynccontextmanager
    async def read_own(self) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work that reads in the caller's own tenant and microtenant."""
        async with self.api.runtime.database.read(self.claims.customer_id) as connection:
            yield self.work_of(connection, await access.authorise_self(connection, self.claims))

    @asynccontextmanager
    async def write(self, in_body: ReceivedId = None) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work that writes. It is committed when the block ends.

        Access is decided before the tenant is locked, so that a refused caller never waits.
        """
        granted = await self._authorise(in_body)
        async with self.api.runtime.database.write(granted.tenant.id) as connection:
            yield self.work_of(connection, granted)

    async def _cached_access(self, in_body: ReceivedId) -> access.Access | None:
        """Return the caller's cached access unless the tenant has changed since.

        Writes do not use it: each of them changes the tenant, so the next one would never find it.
        """
        customer_id, microtenant_id = self.customer_id, self.microtenant_id(in_body)
        session = self.api.cache.session(self.token.text)
        # A token that was verified again must be cached again, or the hot path would not find it.
        if (
            session is not None
            and session.token is self.token
            and session.access.covers(customer_id, microtenant_id)
        ):
            revision = await self.api.runtime.database.revision(customer_id)
            if revision == session.access.tenant.revision:
                return session.access
        return None

    async def _authorise(self, in_body: ReceivedId) -> access.Access:
        async with self.api.runtime.database.read(self.claims.customer_id) as connection:
            granted = await access.authorise(
                connection,
                self.claims,
                customer_id=self.customer_id,
                microtenant_id=self.microtenant_id(in_body),
            )
        self.api.cache.cache_session(CachedSession(self.token, granted))
        return granted

    def work_of(self, connection: Connection, granted: access.Access) -> UnitOfWork:
        """Return the unit of work of this call on an open connection."""
        exchange = exchange_of(self.request)
        return access.open_work(
            self.api.runtime,
            connection,
            granted,
            transaction_id=exchange.transaction_id,
            client_transaction_id=exchange.client_transaction_id,
        )

    async def answer_read(self, work: UnitOfWork, payload: object) -> Answer:
        """Return the answer to a GET and cache it for the tenant's revision.

        Large answers are not cached; see `LargeAnswer`.
        """
        if is_long(payload):
            encoding = Encoding(payload)
            encoding.advance(QUICK_INLINE_BYTES)
            if encoding.expected_size >= LARGE_BYTES:
                return LargeAnswer(
                    self.request,
                    encoding,
                    threads=self.api.threads,
                    slots=self.api.large_answers,
                    customer_id=work.tenant.id,
                )
            body = await self._joined(encoding)
        else:
            body = encode(payload)

        if len(body) < QUICK_INLINE_BYTES:
            tag = entity_tag(body)
        else:
            tag = await self.api.threads.run(lambda: entity_tag(body))
        if len(body) < INLINE_BYTES:
            answer = answer_read(self.request, body, tag)
        else:
            answer = await self._compressing(
                lambda: answer_read(self.request, body, tag), len(body)
            )
        scope = self.request.scope
        key = (self.claims.client_id, scope["path"], scope["query_string"])
        cached = CachedAnswer(work.tenant.revision, tag.encode(), body, operation_of(scope))
        self.api.cache.misses += 1
        self.api.cache.cache_answer(key, cached)
        return answer

    async def answer(self, payload: object, *, status: int = 200) -> Answer:
        """Return the answer to a request other than GET."""
        return await self._answer_body(await self._encoded(payload), status)

    async def _answer_body(self, body: bytes, status: int) -> Answer:
        return await self._compressing(
            lambda: answer_json(self.request, body, status=status), len(body)
        )

    async def _compressing(self, answer: Callable[[], Answer], size: int) -> Answer:
        """Return the result of `answer`, computed on a thread if it compresses many bytes."""
        if size >= INLINE_BYTES and wants_gzip(self.request.headers.get("accept-encoding", "")):
            return await self.api.threads.run(answer)
        return answer()

    async def _encoded(self, payload: object) -> bytes:
        if not is_long(payload):
            return encode(payload)
        encoding = Encoding(payload)
        encoding.advance(QUICK_INLINE_BYTES)
        return await self._joined(encoding)

    async def _joined(self, encoding: Encoding) -> bytes:
        """Finish an encoding and return the whole body."""
        if not encoding.ended:
            await self.api.threads.run(lambda: encoding.advance(inf))
        return b"".join(encoding.parts)

    async def require_version(
        self,
        work: UnitOfWork,
        kind: str,
        stored: Repository[Any],
        record_id: int,
        *reads: Callable[[UnitOfWork, int], Awaitable[object]],
    ) -> None:
        """Raise StalePrecondition if If-Match names another version; else lock the record.

        Raises Forbidden first for a caller that must not write. Each of `reads` returns a payload
        that a GET would answer now, in the transaction that writes.
        """
        access.require_admin(work)
        expected = self.request.headers.get("if-match")
        if expected is None:
            return
        await stored.lock(record_id)
        for read in reads:
            payload = await read(work, record_id)
            if names_tag(expected, entity_tag(await self._encoded(payload))):
                return
        raise StalePrecondition(kind)

    async def created(
        self,
        work: UnitOfWork,
        create: Callable[[], Awaitable[object]],
        *,
        in_array: bool = False,
    ) -> Answer:
        """Return 201 with the result of `create`, made once in 24 hours per Idempotency-Key.

        `in_array` sends the result as the only item of an array. The stored answer never has it,
        so that each client gets the form that it can read.
        """
        status, body = await self._created_once(work, create)
        return await self._answer_body(b"[%b]" % body if in_array else body, status)

    async def _created_once(
        self, work: UnitOfWork, create: Callable[[], Awaitable[object]]
    ) -> tuple[int, bytes]:
        """Return the status and the body of a creation or of the stored answer to it."""
        key = self.request.headers.get("idempotency-key")
        if key is None:
            return 201, await self._encoded(await create())
        if not 0 < len(key) <= IDEMPOTENCY_KEY_LIMIT:
            raise InvalidField(
                "Idempotency-Key", f"It must have 1 to {IDEMPOTENCY_KEY_LIMIT} characters."
            )
        body = await read_body(self.request)
        parts = (
            self.request.scope["path"].removeprefix("/zpa").rstrip("/").encode(),
            b"\0",
            str(work.scope.microtenant_id).encode(),
            b"\0",
            body,
        )
        request_fingerprint = await self.api.threads.run(
            lambda: fingerprint(*parts), size=len(body)
        )
        claimed = IdempotentAnswer(
            customer_id=work.scope.customer_id,
            client_id=work.principal.actor_id,
            key=key,
            fingerprint=request_fingerprint,
            status=201,
            body="",
            creation_time=work.now,
        )
        answer = await work.idempotent_answers.claim(claimed, since=work.now - IDEMPOTENCY_SECONDS)
        if answer is None:
            answer = replace(claimed, body=(await self._encoded(await create())).decode())
            await work.idempotent_answers.keep(answer)
        elif answer.fingerprint != request_fingerprint:
            raise InvalidField("Idempotency-Key", "It was used for another request before.")
        return answer.status, answer.body.encode()


class Reading:
    """The block in which a call reads.

    A class and not a generator, which would take longer than the rest of what it does.
    """

    __slots__ = ("_call", "_connection", "_in_body")

    def __init__(self, call: Call, in_body: ReceivedId) -> None:
        self._call = call
        self._in_body = in_body

    async def __aenter__(self) -> UnitOfWork:
        """Open the connection. Raises SessionNotValid or Forbidden."""
        granted = await self._call.access_for(self._in_body)
        self._connection = self._call.api.runtime.database.read(granted.tenant.id)
        return self._call.work_of(await self._connection.__aenter__(), granted)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        await self._connection.__aexit__(kind, error, traceback)


async def open_call(api: Api, request: Request) -> Call:
    """Verify the bearer token of a request, count it and return its call.

    Raises AccessDenied, SessionNotValid, or TooManyRequests.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AccessDenied
    verified = await api.tokens.verify(token.strip())
    exchange = exchange_of(request)
    if exchange.rate is None:
        exchange.client_id = verified.claims.client_id
        exchange.rate = api.rates.count(verified.claims.client_id)
    if api.rates.enforced and exchange.rate.exceeded:
        raise TooManyRequests(exchange.rate.reset)
    return Call(api, request, verified)
