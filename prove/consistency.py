"""Checks of a whole database: its structure, and its rows against the audit log and revisions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, func, select, text
from tests.harness import with_database

from portico.storage.engine.connections import Database
from portico.storage.engine.database import sqlite_path
from portico.storage.schema.citus_placement import metadata
from portico.storage.schema.tables import (
    audit_entry,
    customer_revision,
    portal_assignment,
    user_portal_link,
)

AUDITED = ("name", "description", "link", "enabled")
KIND = "userPortalLink"


def faults_of_database(url: str) -> list[str]:
    """Return what is wrong with a database that no server has open. Empty means intact."""
    found: list[str] = []

    async def look(database: Database) -> None:
        def read(connection: Any) -> None:  # noqa: ANN401  # a synchronous connection
            found.extend(_faults_of_structure(connection, is_sqlite=sqlite_path(url) is not None))
            links = connection.execute(select(user_portal_link)).all()
            entries = connection.execute(
                select(audit_entry)
                .where(audit_entry.c.object_type == KIND)
                .order_by(audit_entry.c.id)
            ).all()
            shown = connection.execute(select(portal_assignment)).all()
            found.extend(_faults_of_trail(links, entries, shown))
            found.extend(_faults_of_revisions(connection))

        await database.snapshot(read)

    with_database(url, look)
    return found


def _faults_of_structure(connection: Any, *, is_sqlite: bool) -> list[str]:  # noqa: ANN401  # as above
    """Check pages, indexes and references of SQLite; read every table whole on PostgreSQL."""
    if is_sqlite:
        answers = connection.execute(text("PRAGMA integrity_check")).scalars().all()
        faults = [f"integrity_check: {answer}" for answer in answers if answer != "ok"]
        orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
        return faults + [f"foreign_key_check: {orphan}" for orphan in orphans]
    for table in metadata.sorted_tables:
        connection.execute(select(table)).all()
    return []


def _faults_of_trail(
    links: Iterable[Row[Any]], entries: Iterable[Row[Any]], assignments: Iterable[Row[Any]]
) -> list[str]:
    """Replay the audit log: each entry begins where the one before ended, the last is the row."""
    faults: list[str] = []
    state: dict[int, str] = {}
    for entry in entries:
        if entry.before != state.get(entry.object_id, ""):
            faults.append(f"The audit log of link {entry.object_id} has a gap before {entry.id}.")
        state[entry.object_id] = entry.after
    shown: dict[int, set[int]] = {}
    for assignment in assignments:
        shown.setdefault(assignment.link_id, set()).add(assignment.portal_id)
    alive = {link: json.loads(after) for link, after in state.items() if after}
    stored = {link.id: link for link in links}
    faults += [f"Link {each} is in one of table and audit log." for each in alive.keys() ^ stored]
    for each in alive.keys() & stored.keys():
        row, told = stored[each]._mapping, alive[each]
        if any(row[name] != told[name] for name in AUDITED):
            faults.append(f"Link {each} differs from its last audit entry.")
        if shown.get(each, set()) != set(told["portal_ids"]):
            faults.append(f"The portals of link {each} differ from its last audit entry.")
    return faults


def _faults_of_revisions(connection: Any) -> list[str]:  # noqa: ANN401  # as above
    """Every transaction that wrote an audit entry has taken a revision of its tenant."""
    own = customer_revision.c
    revisions = dict(
        connection.execute(
            select(own.customer_id, func.sum(own.revision)).group_by(own.customer_id)
        ).all()
    )
    logged = audit_entry.c
    transactions = connection.execute(
        select(logged.customer_id, func.count(logged.transaction_id.distinct())).group_by(
            logged.customer_id
        )
    ).all()
    return [
        f"Tenant {tenant} has {count} audited transactions, but revision {revisions.get(tenant)}."
        for tenant, count in transactions
        if revisions.get(tenant, 0) != count
    ]
