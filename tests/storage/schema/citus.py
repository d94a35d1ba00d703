"""A PostgreSQL with a stand-in for the Citus extension, which cannot be installed for the tests.

The stand-in (`fake_citus`) records what is called and refuses what Citus refuses. It proves the
order and the words of the calls, not that a cluster carries them out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg

EXTENSIONS = Path(__file__).parent / "fake_citus"


def execute(url: str, *statements: str) -> None:
    """Runs statements on a connection of their own, which is no Portico's."""

    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def query(url: str, statement: str) -> Sequence[Any]:
    """The rows of a statement."""

    async def run() -> Sequence[Any]:
        connection = await asyncpg.connect(url)
        try:
            rows: Sequence[Any] = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    return asyncio.run(run())


def offer_citus(url: str) -> None:
    """Makes the stand-in available in a database, not yet created."""
    path = f"{EXTENSIONS}:$system"
    name = query(url, "SELECT current_database()")[0][0]
    execute(url, f"ALTER DATABASE {name} SET extension_control_path = '{path}'")


def calls(url: str) -> list[str]:
    """What was called of the stand-in, in order."""
    return [row["call"] for row in query(url, "SELECT call FROM citus_calls ORDER BY number")]


def distributed_tables(url: str) -> set[str]:
    """The tables that are distributed, and still there."""
    found = query(
        url,
        "SELECT relname FROM pg_dist_partition JOIN pg_class ON pg_class.oid = logicalrelid",
    )
    return {row["relname"] for row in found}
