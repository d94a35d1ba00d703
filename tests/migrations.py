"""One sentence about migrations that are wrong, in place of an error in every test."""

from __future__ import annotations

import ast
from pathlib import Path

from sqlalchemy import Connection, inspect

from portico.storage.schema.citus_placement import metadata
from portico.storage.schema.compatibility import MIGRATIONS
from tests.harness import with_database


def wrong_order() -> str | None:
    """Return which migration does not follow the one before it, or None when all do."""
    before, oldest = None, "0001"
    for path in sorted((MIGRATIONS / "versions").glob("[0-9]*.py")):
        for name, value in (("revision", path.name[:4]), ("down_revision", before)):
            if _constant(path, name) != value:
                return f"{path.name} must have the line {name} = {value!r}."
        before = path.name[:4]
        named = _constant(path, "oldest_server")
        if not oldest <= str(named) <= before:
            return (
                f"{path.name} must have a line oldest_server with the oldest schema whose servers "
                f"can serve the new one, from {oldest!r} to {before!r}."
            )
        oldest = str(named)
    return None


def missing_column(url: str) -> str | None:
    """Return which column an upgraded database lacks, or None when it has all."""
    missing: list[str] = []

    def look(connection: Connection) -> None:
        present = inspect(connection)
        for table in metadata.sorted_tables:
            names = {each["name"] for each in present.get_columns(table.name)}
            missing.extend(str(column) for column in table.c if column.name not in names)

    with_database(url, lambda database: database.run_sync(look))
    return f"No migration creates {', '.join(missing)}." if missing else None


def _constant(path: Path, name: str) -> object:
    """Return the literal that a module assigns to a name, or None when it assigns none."""
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return ast.literal_eval(statement.value)
    return None
