"""The hot read path: an ASGI layer before the router that sends cached answers.

It looks at the path, the query string and four headers, asks the database for one number, and
sends bytes. Whatever it is not sure of, it leaves to the router (decision 0008).
"""

from __future__ import annotations

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from portico.asgi.exchange import Exchange, exchange_in
from portico.asgi.limits import RateCounter
from portico.asgi.request_counts import RequestCounts
from portico.asgi.threads import Threads
from portico.domain.errors import Unavailable
from portico.http.hot.cache import AnswerCache, CachedAnswer, CachedSession
from portico.http.kit.answers import (
    GZIP_FROM_BYTES,
    JSON,
    NO_STORE,
    VARY,
    gzip,
    gzip_tag,
    names_tag,
    send_whole,
    wants_gzip,
)
from portico.http.kit.tokens import Tokens
from portico.storage.engine.connections import Database

_BEARER = b"bearer "
_GZIP = (b"content-encoding", b"gzip")


class HotReads:
    """Serve repeated reads from the cache; `app` serves everything else."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        cache: AnswerCache,
        database: Database,
        rates: RateCounter,
        tokens: Tokens,
        threads: Threads,
        counts: RequestCounts,
    ) -> None:
        self._app = app
        self._cache = cache
        self._database = database
        self._rates = rates
        self._tokens = tokens
        self._threads = threads
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request from the cache, or pass it to the router."""
        if scope["type"] == ScopeType.HTTP and scope["method"] == "GET":
            asked = _Asked(scope)
            session = self._cache.session(asked.token)
            if session is not None and await self._serve(scope, send, asked, session):
                return
        await self._app(scope, receive, send)

    async def _serve(
        self, scope: HTTPScope, send: Send, asked: _Asked, session: CachedSession
    ) -> bool:
        claims = session.token.claims
        key = (claims.client_id, scope["path"], scope["query_string"])
        answer = self._cache.answer(key)
        if answer is None or not self._tokens.is_good(session.token):
            return False
        if not await self._is_current(session, answer):
            return False
        exchange = exchange_in(scope)
        if answer.series is None:
            answer.series = self._counts.of_operation(answer.operation, "GET")
        exchange.series = answer.series
        if not self._counted(exchange, claims.client_id):
            return False
        self._cache.hits += 1
        if asked.known_tag is not None and names_tag(asked.known_tag, answer.tag.decode()):
            await send_whole(send, 304, [(b"etag", answer.tag), NO_STORE, VARY], b"")
        elif asked.gzip and len(answer.body) >= GZIP_FROM_BYTES:
            packed = answer.packed
            if packed is None:
                body = answer.body
                packed = await self._threads.run(lambda: gzip(body), size=len(body))
                self._cache.cache_compressed(key, answer, packed)
            tag = (b"etag", gzip_tag(answer.tag.decode()).encode())
            await send_whole(send, 200, [JSON, NO_STORE, VARY, tag, _GZIP], packed)
        else:
            tag = (b"etag", answer.tag)
            await send_whole(send, 200, [JSON, NO_STORE, VARY, tag], answer.body)
        return True

    async def _is_current(self, session: CachedSession, answer: CachedAnswer) -> bool:
        """Whether session and answer have the tenant's current revision."""
        if session.access.tenant.revision != answer.revision:
            return False
        customer_id = session.token.claims.customer_id
        try:
            return await self._database.revision(customer_id) == answer.revision
        except Unavailable:
            return False  # the router finds out for itself, and says so

    def _counted(self, exchange: Exchange, client_id: int) -> bool:
        exchange.client_id = client_id
        exchange.rate = self._rates.count(client_id)
        return not (self._rates.enforced and exchange.rate.exceeded)


class _Asked:
    """The request headers that the hot path needs."""

    __slots__ = ("gzip", "known_tag", "token")

    def __init__(self, scope: HTTPScope) -> None:
        self.token = ""
        self.known_tag: str | None = None
        self.gzip = False
        for name, value in scope["headers"]:
            if name == b"authorization":
                if value[:7].lower() == _BEARER:
                    self.token = value[7:].decode("latin-1").strip()
            elif name == b"accept-encoding":
                self.gzip = wants_gzip(value.decode("latin-1"))
            elif name == b"if-none-match":
                self.known_tag = value.decode("latin-1")
