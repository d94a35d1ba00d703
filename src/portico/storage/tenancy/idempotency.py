"""Answers kept under an Idempotency-Key, so that a repeated request is answered, not repeated."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, delete, select, text, update

from portico.storage.engine.connections import Connection
from portico.storage.schema.tables import idempotent_answer


@dataclass(frozen=True, kw_only=True)
class IdempotentAnswer:
    """What was answered to the first request with a key; `fingerprint` is of that request."""

    customer_id: int
    client_id: int
    key: str
    fingerprint: str
    status: int
    body: str
    creation_time: int


class IdempotentAnswers:
    """The kept answers of one tenant."""

    def __init__(self, connection: Connection, customer_id: int) -> None:
        self._connection = connection
        self._customer_id = customer_id

    async def claim(self, answer: IdempotentAnswer, *, since: int) -> IdempotentAnswer | None:
        """Takes a client's key for an answer that is yet to be made; None when that is done.

        Else the answer that has the key. Waits for a transaction that is taking it; forgets what is
        from before `since`.
        """
        old = delete(idempotent_answer).where(
            idempotent_answer.c.customer_id == self._customer_id,
            idempotent_answer.c.creation_time < since,
        )
        await self._connection.run(old)
        row = asdict(answer) | {"customer_id": self._customer_id}
        if await self._connection.run(_CLAIM, row):
            return None
        rows = await self._connection.rows(select(idempotent_answer).where(*self._named(answer)))
        return IdempotentAnswer(**rows[0]._asdict())

    async def keep(self, answer: IdempotentAnswer) -> None:
        """Keeps an answer under the key that was claimed for it."""
        kept = update(idempotent_answer).where(*self._named(answer)).values(body=answer.body)
        await self._connection.run(kept)

    def _named(self, answer: IdempotentAnswer) -> tuple[ColumnElement[bool], ...]:
        return (
            idempotent_answer.c.customer_id == self._customer_id,
            idempotent_answer.c.client_id == answer.client_id,
            idempotent_answer.c.key == answer.key,
        )


# Both databases take the same words for it.
_CLAIM = text(
    "INSERT INTO idempotent_answer "
    "(customer_id, client_id, key, fingerprint, status, body, creation_time) "
    "VALUES (:customer_id, :client_id, :key, :fingerprint, :status, :body, :creation_time) "
    "ON CONFLICT (customer_id, client_id, key) DO NOTHING"
)
