"""What the connections to both databases share: statements that change rows, counted and timed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from sqlalchemy import Executable

from portico.storage.engine.connections import Parameters
from portico.storage.engine.statements import PreparedStatement, StatementCompiler
from portico.storage.engine.usage import DatabaseUsage, StatementKind


class CountedWrites(ABC):
    """The part of a connection that changes rows."""

    _statements: StatementCompiler
    _usage: DatabaseUsage

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Run a statement, and return the number of rows it changed. Raises DuplicateKey."""
        if parameters is None or isinstance(parameters, Mapping):
            parameters = [parameters or {}]
        prepared = self._statements.prepare(statement, parameters[0])
        began = perf_counter()
        try:
            return await self._write(prepared, parameters)
        finally:
            self._usage.note(StatementKind.WRITE, prepared.sql, began)

    @abstractmethod
    async def _write(
        self, prepared: PreparedStatement, parameters: Sequence[Mapping[str, Any]]
    ) -> int:
        """Run a statement once for each of the parameters. Raises DuplicateKey."""
