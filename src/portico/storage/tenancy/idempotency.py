"""Responses stored under an Idempotency-Key, so that a retry does not repeat the change."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, delete, select, text, update

from portico.storage.engine.connections import Connection
from portico.storage.schema.tables import idempotent_answer


@dataclass(frozen=True, kw_only=True)
class IdempotentAnswer:
    """The response to the first request with a key; `fingerprint` identifies the request."""

    customer_id: int
    client_id: int
    key: str
    fingerprint: str
    status: int
    body: str
    creation_time: int


class IdempotentAnswers:
    """The stored responses of one tenant."""

    def __init__(self, connection: Connection, customer_id: int) -> None:
        self._connection = connection
        self._customer_id = customer_id

    async def claim(self, answer: IdempotentAnswer, *, since: int) -> IdempotentAnswer | None:
        """Claim a client's key. Return None, or the response that is stored under the key already.

        Waits for a transaction that is claiming the same key. Deletes responses from before
        `since`, in epoch seconds.
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
        """Store the body of a response under the key that was claimed for it."""
        statement = update(idempotent_answer).where(*self._named(answer))
        await self._connection.run(statement.values(body=answer.body))

    def _named(self, answer: IdempotentAnswer) -> tuple[ColumnElement[bool], ...]:
        return (
            idempotent_answer.c.customer_id == self._customer_id,
            idempotent_answer.c.client_id == answer.client_id,
            idempotent_answer.c.key == answer.key,
        )


# Both databases accept this.
_CLAIM = text(
    "INSERT INTO idempotent_answer "
    "(customer_id, client_id, key, fingerprint, status, body, creation_time) "
    "VALUES (:customer_id, :client_id, :key, :fingerprint, :status, :body, :creation_time) "
    "ON CONFLICT (customer_id, client_id, key) DO NOTHING"
)
