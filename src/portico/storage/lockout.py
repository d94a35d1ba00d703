"""Stored counts of failed sign-ins, shared by every server."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, or_, select

from portico.domain.lockout import FORGET_SECONDS, FailureKey, Failures
from portico.storage.connections import Connection
from portico.storage.people_tables import sign_in_failure
from portico.storage.statements import insert_into


class SignInFailures:
    """The counts of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, keys: Sequence[FailureKey]) -> dict[FailureKey, Failures]:
        """What is counted for the keys."""
        rows = await self._connection.rows(
            select(sign_in_failure).where(or_(*(_is(key) for key in keys)))
        )
        found = [
            Failures(
                key=FailureKey(scope=row.scope, account=row.account, address=row.address),
                failures=row.failures,
                since=row.since,
                locked_until=row.locked_until,
            )
            for row in rows
        ]
        return {each.key: each for each in found}

    async def store(self, counted: Sequence[Failures], now: int) -> None:
        """Stores the counts, of nothing by forgetting them, and forgets old ones."""
        old = sign_in_failure.c.since < now - FORGET_SECONDS
        mine = or_(*(_is(each.key) for each in counted))
        await self._connection.run(
            delete(sign_in_failure).where(
                or_(mine, and_(old, sign_in_failure.c.locked_until < now))
            )
        )
        rows = [
            {
                "scope": each.key.scope,
                "account": each.key.account,
                "address": each.key.address,
                "failures": each.failures,
                "since": each.since,
                "locked_until": each.locked_until,
            }
            for each in counted
            if each.failures
        ]
        if rows:
            await self._connection.run(insert_into(sign_in_failure), rows)


def _is(key: FailureKey) -> ColumnElement[bool]:
    table = sign_in_failure
    return and_(
        table.c.scope == key.scope, table.c.account == key.account, table.c.address == key.address
    )
