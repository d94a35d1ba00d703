"""Answers kept under an Idempotency-Key, so that a repeated request is answered, not repeated."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, select

from portico.storage.connections import Connection
from portico.storage.statements import insert_into
from portico.storage.tables import idempotent_answer


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

    async def find(self, client_id: int, key: str, *, since: int) -> IdempotentAnswer | None:
        """The answer kept under a client's key since that moment, or None."""
        statement = select(idempotent_answer).where(
            idempotent_answer.c.customer_id == self._customer_id,
            idempotent_answer.c.client_id == client_id,
            idempotent_answer.c.key == key,
            idempotent_answer.c.creation_time >= since,
        )
        rows = await self._connection.rows(statement)
        return IdempotentAnswer(**rows[0]._asdict()) if rows else None

    async def keep(self, answer: IdempotentAnswer, *, since: int) -> None:
        """Keeps an answer and forgets those from before that moment."""
        old = delete(idempotent_answer).where(
            idempotent_answer.c.customer_id == self._customer_id,
            idempotent_answer.c.creation_time < since,
        )
        await self._connection.run(old)
        row = asdict(answer) | {"customer_id": self._customer_id}
        await self._connection.run(insert_into(idempotent_answer), [row])
