"""What sessions, known devices and password links share: an account owns them, and they expire."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Column, ColumnElement, Select, Table, bindparam, delete, select

from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Row, cached


class OwnedByAccounts:
    """The rows of one table that administrators own, or the portal users of one tenant."""

    table: ClassVar[Table]
    owner: ClassVar[Column[Any]]
    """The column of `table` that has the id of the account."""
    accounts: ClassVar[Table]

    def __init__(self, connection: Connection, customer_id: int | None = None) -> None:
        """Without a customer id these are the rows of administrators, who belong to no tenant."""
        self._connection = connection
        self._tenant: dict[str, object] = {}
        if customer_id is not None:
            self._tenant["customer_id"] = customer_id

    def _in_tenant(self, table: Table) -> list[ColumnElement[bool]]:
        return [table.c[name] == value for name, value in self._tenant.items()]

    async def _unexpired(self, column: str, value: str | int, now: int) -> Row | None:
        """Return the row with a value in one column, as `account_id`, `digest` and `expires`.

        Returns None for one that has expired.
        """
        statement = _unexpired(type(self), column, in_tenant=bool(self._tenant))
        values = self._tenant | {"requested": value, "now": now}
        rows = await self._connection.rows(statement, values)
        return rows[0] if rows else None

    async def _delete(self, *conditions: ColumnElement[bool]) -> int:
        """Delete rows, and return their number."""
        statement = delete(self.table).where(*self._in_tenant(self.table), *conditions)
        return await self._connection.run(statement)

    async def _delete_by(self, provider_id: int) -> None:
        """Delete the rows of accounts that sign in through a provider."""
        accounts = self.accounts
        theirs = select(accounts.c.id).where(
            *self._in_tenant(accounts), accounts.c.provider_id == provider_id
        )
        await self._delete(self.owner.in_(theirs))


@cached
def _unexpired(owned: type[OwnedByAccounts], column: str, *, in_tenant: bool) -> Select[Any]:
    row = owned.table.c
    tenant = [row.customer_id == bindparam("customer_id")] if in_tenant else []
    return select(owned.owner.label("account_id"), row.digest, row.expires).where(
        *tenant, row[column] == bindparam("requested"), row.expires > bindparam("now")
    )
