"""The hot read path: an ASGI layer before the router that sends cached answers.

It looks at the path, the query string and four headers, asks the database for one number, and
sends bytes. Whatever it is not sure of, it leaves to the router (decision 0008).
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from portico.asgi.exchange import exchange_in
from portico.asgi.limits import RateCounter
from portico.asgi.request_counts import RequestCounts
from portico.asgi.threads import Threads
from portico.domain.errors import Unavailable
from portico.http.hot.cache import AnswerCache, AnswerKey, CachedAnswer, CachedSession, Headers
from portico.http.kit.answers import (
    GZIP_FROM_BYTES,
    NO_STORE,
    VARY,
    gzip,
    names_tag,
    send_whole,
    wants_gzip,
)
from portico.http.kit.tokens import Tokens
from portico.storage.engine.connections import Database

_BEARER = b"bearer "


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
        if scope["type"] == "http" and scope["method"] == "GET" and await self._serve(scope, send):
            return
        await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, send: Send) -> bool:
        token, known_tag, takes_gzip = _read_headers(scope)
        session = self._cache.session(token)
        if session is None:
            return False
        key = session.token.claims.client_id, scope["path"], scope["query_string"]
        answer = self._cache.answer(key)
        if answer is None or not await self._may_send(scope, session, answer):
            return False
        self._cache.hits += 1
        if known_tag is not None and names_tag(known_tag, answer.tag.decode()):
            await send_whole(send, 304, [(b"etag", answer.tag), NO_STORE, VARY], b"")
            return True
        headers, body = answer.headers, answer.body
        if takes_gzip and len(body) >= GZIP_FROM_BYTES:
            headers, body = answer.packed or await self._pack(key, answer)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})
        return True

    async def _may_send(self, scope: Scope, session: CachedSession, answer: CachedAnswer) -> bool:
        """Count the request, and return whether it may have the answer.

        The session must be good, both must have the tenant's current revision, and the client must
        not exceed its rate.
        """
        token, revision = session.token, answer.revision
        if session.access.tenant.revision != revision or not self._tokens.is_good(token):
            return False
        try:
            if await self._database.revision(token.claims.customer_id) != revision:
                return False
        except Unavailable:
            return False  # the router finds out for itself, and says so
        exchange, client_id = exchange_in(scope), token.claims.client_id
        if answer.series is None:
            answer.series = self._counts.of_operation(answer.operation, "GET")
        exchange.series = answer.series
        exchange.client_id = client_id
        exchange.rate = rate = self._rates.count(client_id)
        return not (self._rates.enforced and rate.exceeded)

    async def _pack(self, key: AnswerKey, answer: CachedAnswer) -> tuple[Headers, bytes]:
        """Compress an answer, which stays cached with both bodies."""
        body = answer.body
        compressed = await self._threads.run(lambda: gzip(body), size=len(body))
        return self._cache.cache_compressed(key, answer, compressed)


def _read_headers(scope: Scope) -> tuple[str, str | None, bool]:
    """Return the token, the known tag and whether gzip is accepted."""
    token, known_tag, takes_gzip = "", None, False
    for name, value in scope["headers"]:
        if name == b"authorization":
            if value[:7].lower() == _BEARER:
                token = value[7:].decode("latin-1").strip()
        elif name == b"accept-encoding":
            takes_gzip = wants_gzip(value.decode("latin-1"))
        elif name == b"if-none-match":
            known_tag = value.decode("latin-1")
    return token, known_tag, takes_gzip
