"""The memory of made answers: bounded in bytes, the least asked for goes first, or none at all."""

from __future__ import annotations

from portico.domain.records import Scope
from portico.domain.tenancy.identity import Claims, Principal, Role, Tenant
from portico.http.hot.cache import (
    ENTRY_OVERHEAD_BYTES,
    SESSIONS,
    AnswerCache,
    AnswerKey,
    CachedAnswer,
    CachedSession,
)
from portico.http.kit.tokens import VerifiedToken
from portico.services.access import Access

ENTRY = ENTRY_OVERHEAD_BYTES + 1_000


def key(number: int) -> AnswerKey:
    """The key of a request."""
    return number, "/path", b"page=1"


def answer(size: int = 1_000, revision: int = 1) -> CachedAnswer:
    """An answer with a body of a size."""
    return CachedAnswer(revision, b'"tag"', b"x" * size)


def session(token: str, client_id: int) -> CachedSession:
    """A session of a client."""
    claims = Claims(token_id="t", client_id=client_id, customer_id=1, expires=2)
    access = Access(
        principal=Principal(
            actor_id=client_id, customer_id=1, role=Role.ADMIN, microtenant_id=None
        ),
        tenant=Tenant(id=1, name="Tenant", revision=1),
        scope=Scope(customer_id=1),
        microtenant_name="Default",
        links=0,
    )
    return CachedSession(VerifiedToken(token, claims, 2.0, 2.0), access)


def test_answer_is_found_under_its_key_alone() -> None:
    cache = AnswerCache(100 * ENTRY)
    kept = answer()
    cache.cache_answer(key(1), kept)

    assert cache.answer(key(1)) is kept
    assert cache.answer(key(2)) is None
    assert cache.answer((1, "/path", b"page=2")) is None
    assert cache.answer((1, "/other", b"page=1")) is None


def test_newer_answer_takes_the_place_of_the_older() -> None:
    cache = AnswerCache(100 * ENTRY)
    cache.cache_answer(key(1), answer())
    newer = answer(500, revision=2)
    cache.cache_answer(key(1), newer)

    assert cache.answer(key(1)) is newer
    assert cache.size == newer.size


def test_least_asked_for_goes_first() -> None:
    cache = AnswerCache(4 * ENTRY)
    for number in range(4):
        cache.cache_answer(key(number), answer())
    assert cache.answer(key(0)) is not None

    cache.cache_answer(key(4), answer())

    assert cache.answer(key(1)) is None
    assert [number for number in range(5) if cache.answer(key(number))] == [0, 2, 3, 4]


def test_size_stays_below_the_limit() -> None:
    limit = 10 * ENTRY
    cache = AnswerCache(limit)
    for number in range(1_000):
        kept = answer(number * 7 % 2_500)
        cache.cache_answer(key(number % 37), kept)
        cache.cache_compressed(key(number % 37), kept, b"p" * (number % 900))

        assert 0 <= cache.size <= limit


def test_answer_that_is_too_large_is_not_kept() -> None:
    cache = AnswerCache(4 * ENTRY)
    cache.cache_answer(key(1), answer())

    cache.cache_answer(key(2), answer(2 * ENTRY))

    assert cache.answer(key(2)) is None
    assert cache.answer(key(1)) is not None


def test_packed_form_belongs_to_its_answer() -> None:
    cache = AnswerCache(100 * ENTRY)
    older, newer = answer(), answer(revision=2)
    cache.cache_answer(key(1), older)
    cache.cache_answer(key(1), newer)
    before = cache.size

    cache.cache_compressed(key(1), older, b"packed")

    assert newer.packed is None
    assert cache.size == before


def test_limit_of_zero_keeps_no_answer() -> None:
    cache = AnswerCache(0)
    cache.cache_answer(key(1), answer(0))

    assert cache.answer(key(1)) is None
    assert cache.size == 0


def test_sessions_are_bounded() -> None:
    cache = AnswerCache(ENTRY)
    for number in range(SESSIONS + 5):
        cache.cache_session(session(f"token {number}", number))

    assert cache.session("token 0") is None
    newest = cache.session(f"token {SESSIONS + 4}")
    assert newest is not None
    assert newest.token.claims.client_id == SESSIONS + 4


def test_long_query_counts_as_memory() -> None:
    limit, query = 100 * ENTRY, b"x" * 50_000
    cache = AnswerCache(limit)
    for number in range(500):
        cache.cache_answer((number, "/path", query), answer(0))
    kept = [number for number in range(500) if cache.answer((number, "/path", query))]

    assert len(kept) * len(query) <= limit
