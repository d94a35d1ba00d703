"""Answers kept in memory, each good for exactly one revision of its tenant (decision 0008).

A reader asks the database for the tenant's revision after its request arrived, and gets a kept
answer only if that was computed at, or after, the same revision. Bounded in bytes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from portico.http.kit.tokens import VerifiedToken
from portico.services.access import Access

ENTRY_OVERHEAD_BYTES = 2_048
"""What an entry costs beside its bodies: keys, headers and objects, measured generously."""

LONGEST_KEY = 1_024
"""Path and query together; an answer to a longer request is not kept, so keys need no counting."""

SESSIONS = 10_000
AnswerKey = tuple[int, str, bytes]
"""The API client, the path and the query string of a request."""


@dataclass(frozen=True, slots=True)
class CachedSession:
    """A token that was verified, and what it allowed at a revision of its tenant."""

    token: VerifiedToken
    access: Access


@dataclass(slots=True)
class CachedAnswer:
    """An encoded body with the revision that it was computed at."""

    revision: int
    tag: bytes
    body: bytes
    packed: bytes | None = None

    @property
    def size(self) -> int:
        """The memory that the entry takes, in bytes."""
        return len(self.body) + len(self.packed or b"") + ENTRY_OVERHEAD_BYTES


class AnswerCache:
    """The answers and sessions of one process. `limit` is in bytes of answers; 0 keeps none."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._answers: OrderedDict[AnswerKey, CachedAnswer] = OrderedDict()
        self._sessions: OrderedDict[str, CachedSession] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """The memory that all answers take, in bytes."""
        return self._size

    def session(self, token: str) -> CachedSession | None:
        """What is known of a token."""
        return self._sessions.get(token)

    def cache_session(self, session: CachedSession) -> None:
        """Remembers a token that was found in force."""
        self._sessions[session.token.text] = session
        if len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)

    def answer(self, key: AnswerKey) -> CachedAnswer | None:
        """The kept answer of a request, of whatever revision."""
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def cache_answer(self, key: AnswerKey, answer: CachedAnswer) -> None:
        """Keeps an answer; the ones that were not asked for longest make room."""
        _, path, query = key
        if answer.size > self._limit // 4 or len(path) + len(query) > LONGEST_KEY:
            return
        self._forget(key)
        self._answers[key] = answer
        self._size += answer.size
        self._shrink()

    def cache_compressed(self, key: AnswerKey, answer: CachedAnswer, packed: bytes) -> None:
        """Adds the compressed form to a kept answer."""
        if self._answers.get(key) is answer:
            self._size += len(packed)
            answer.packed = packed
            self._shrink()

    def _forget(self, key: AnswerKey) -> None:
        old = self._answers.pop(key, None)
        if old is not None:
            self._size -= old.size

    def _shrink(self) -> None:
        while self._size > self._limit:
            _, old = self._answers.popitem(last=False)
            self._size -= old.size
