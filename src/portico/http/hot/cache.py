"""Responses cached in memory, each valid for exactly one revision of its tenant (decision 0008).

A reader asks the database for the tenant's revision after its request has arrived. It gets a cached
answer only if that was computed at this revision or a later one. The size is limited in bytes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from portico.asgi.request_counts import UNMATCHED, RequestSeries
from portico.http.kit.answers import JSON, NO_STORE, VARY, gzip_tag
from portico.http.kit.tokens import VerifiedToken
from portico.services.access import Access

ENTRY_OVERHEAD_BYTES = 2_048
"""Memory of an entry besides its bodies: keys, headers and objects. A generous measurement."""

LONGEST_KEY = 1_024
"""Longest path and query together whose answer is cached, so that keys cost little."""

SESSIONS = 10_000
Headers = list[tuple[bytes, bytes]]
_GZIP = (b"content-encoding", b"gzip")
AnswerKey = tuple[int, str, bytes]
"""The API client, the path and the query string of a request."""


@dataclass(frozen=True, slots=True)
class CachedSession:
    """A verified token, and the access that it gave at a revision of its tenant."""

    token: VerifiedToken
    access: Access


@dataclass(slots=True)
class CachedAnswer:
    """An encoded body, the revision of the data in it, and the operation that made it.

    `series` counts the requests that get it. `headers` are those of the body as it is, and `packed`
    is the compressed body with its own.
    """

    revision: int
    tag: bytes
    body: bytes
    operation: str = UNMATCHED
    series: RequestSeries | None = None
    headers: Headers = field(init=False)
    packed: tuple[Headers, bytes] | None = None

    def __post_init__(self) -> None:
        self.headers = _headers(self.tag, self.body)

    @property
    def size(self) -> int:
        """Return the memory that the entry takes, in bytes."""
        packed = 0 if self.packed is None else len(self.packed[1])
        return len(self.body) + packed + ENTRY_OVERHEAD_BYTES

    def pack(self, compressed: bytes) -> tuple[Headers, bytes]:
        """Add the compressed body, and return it with its headers."""
        tag = gzip_tag(self.tag.decode()).encode()
        self.packed = packed = ([*_headers(tag, compressed), _GZIP], compressed)
        return packed


def _headers(tag: bytes, body: bytes) -> Headers:
    length = (b"content-length", b"%d" % len(body))
    return [JSON, NO_STORE, VARY, (b"etag", tag), length]


class AnswerCache:
    """The cached answers and sessions of one process. `limit` is in bytes; 0 caches no answers.

    `hits` are the reads that were answered from the cache, `misses` those that could have been.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.hits = 0
        self.misses = 0
        self._answers: OrderedDict[AnswerKey, CachedAnswer] = OrderedDict()
        self._sessions: OrderedDict[str, CachedSession] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """Return the memory that all answers take, in bytes."""
        return self._size

    def session(self, token: str) -> CachedSession | None:
        """Return the session of a token, if it is cached."""
        return self._sessions.get(token)

    def cache_session(self, session: CachedSession) -> None:
        """Cache the session of a token that was just verified."""
        self._sessions[session.token.text] = session
        if len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)

    def answer(self, key: AnswerKey) -> CachedAnswer | None:
        """Return the cached answer to a request. The caller compares its revision."""
        cached = self._answers.get(key)
        if cached is not None:
            self._answers.move_to_end(key)
        return cached

    def cache_answer(self, key: AnswerKey, answer: CachedAnswer) -> None:
        """Cache an answer, and evict the least recently used ones."""
        _, path, query = key
        if answer.size > self.limit // 4 or len(path) + len(query) > LONGEST_KEY:
            return
        self._forget(key)
        self._answers[key] = answer
        self._size += answer.size
        self._shrink()

    def cache_compressed(
        self, key: AnswerKey, answer: CachedAnswer, compressed: bytes
    ) -> tuple[Headers, bytes]:
        """Add the compressed body to an answer that has none, and return it with its headers."""
        if answer.packed is not None:
            return answer.packed
        packed = answer.pack(compressed)
        if self._answers.get(key) is answer:
            self._size += len(compressed)
            self._shrink()
        return packed

    def _forget(self, key: AnswerKey) -> None:
        old = self._answers.pop(key, None)
        if old is not None:
            self._size -= old.size

    def _shrink(self) -> None:
        while self._size > self.limit:
            _, old = self._answers.popitem(last=False)
            self._size -= old.size
