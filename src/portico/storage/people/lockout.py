"""Stored counts of failed sign-ins, shared by every server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Delete, Select, and_, bindparam, delete, or_, select

from portico.domain.people.lockout import FORGET_SECONDS, FailureKey, Failures
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import cached, insert_into
from portico.storage.schema.people_tables import sign_in_failure


class SignInFailures:
    """The counts of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, keys: Sequence[FailureKey]) -> dict[FailureKey, Failures]:
        """Return the counts of the keys."""
        rows = await self._connection.rows(_found(len(keys)), _named(keys))
        counts = [
            Failures(
                key=FailureKey(scope=row.scope, account=row.account, address=row.address),
                failures=row.failures,
                since=row.since,
                locked_until=row.locked_until,
            )
            for row in rows
        ]
        return {each.key: each for each in counts}

    async def store(self, counted: Sequence[Failures], now: int) -> None:
        """Store the counts, delete empty ones, and delete old ones of other keys."""
        keys = [each.key for each in counted]
        times = {"now": now, "forgotten": now - FORGET_SECONDS}
        await self._connection.run(_forgotten(len(keys)), _named(keys) | times)
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


def _named(keys: Sequence[FailureKey]) -> dict[str, object]:
    """Return the parameters of the statements below."""
    return {
        f"{name}_{number}": getattr(key, name)
        for number, key in enumerate(keys)
        for name in ("scope", "account", "address")
    }


@cached
def _found(keys: int) -> Select[Any]:
    return select(sign_in_failure).where(_is_one_of(keys))


@cached
def _forgotten(keys: int) -> Delete:
    old = sign_in_failure.c.since < bindparam("forgotten")
    unlocked = sign_in_failure.c.locked_until < bindparam("now")
    return delete(sign_in_failure).where(or_(_is_one_of(keys), and_(old, unlocked)))


def _is_one_of(keys: int) -> ColumnElement[bool]:
    table = sign_in_failure
    return or_(
        *(
            and_(
                table.c.scope == bindparam(f"scope_{number}"),
                table.c.account == bindparam(f"account_{number}"),
                table.c.address == bindparam(f"address_{number}"),
            )
            for number in range(keys)
        )
    )
