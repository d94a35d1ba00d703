"""Backups under load, and upgrades from every earlier schema."""

from __future__ import annotations

from pathlib import Path

from bench.backups import prove_backups
from tests.storage.schema.test_upgrades import climb_with_rows

from portico.storage.engine.database import create_database_file
from prove.findings import Finding, at_least_one, own_postgres

LINKS = 100_000


def prove_backup(scale: float, folder: Path) -> Finding:
    """Back up a SQLite database under a writer, and restore it into SQLite and PostgreSQL."""
    links = max(1_000, at_least_one(LINKS, scale))
    faults: list[str] = []
    rows: dict[str, dict[str, int | float | str]] = {}
    with own_postgres(empty=True) as postgres:
        for kind, target in (
            ("SQLite", f"sqlite:///{folder / 'SQLite' / 'target.db'}"),
            ("PostgreSQL", postgres.url),
        ):
            place = folder / kind
            place.mkdir()
            figures = prove_backups(links, place, target)
            if figures["lost"] or not figures["tables_equal"] or not figures["written_meanwhile"]:
                faults.append(f"Restored into {kind}: {figures}")
            rows[kind] = figures
    written = sum(int(each["written_meanwhile"]) for each in rows.values())
    return Finding(
        f"{links:,} links backed up while a client wrote ({written:,} writes meanwhile), restored "
        "into SQLite and into PostgreSQL: no write that was acknowledged before the backup began "
        f"is missing, and a backup of the copy has the same tables.",
        {
            f"{name.replace('_', ' ')}, into {kind}": str(value)
            for kind, figures in rows.items()
            for name, value in figures.items()
        },
        faults,
    )


def prove_upgrades(_scale: float, folder: Path) -> Finding:
    """Climb from schema 0001 to the newest, with rows in every table of every schema."""
    sqlite = f"sqlite:///{folder / 'portico.db'}"
    create_database_file(sqlite)
    rows = climb_with_rows(sqlite)
    with own_postgres(empty=True) as postgres:
        on_postgresql = climb_with_rows(postgres.url)
    schemas = len({each.revision for each in rows})
    return Finding(
        f"{schemas} schemas, a row in every table of each: all {len(rows):,} rows on SQLite and "
        f"{len(on_postgresql):,} on PostgreSQL had every value after the last migration.",
        {
            "schemas": schemas,
            "rows on SQLite": len(rows),
            "rows on PostgreSQL": len(on_postgresql),
        },
    )
