"""How SQLite looks for later changes of what a request changed."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.dialects import sqlite

from portico.storage.audit.requests import _changed_since
from portico.storage.engine.database import sqlite_path
from tests.storage.store import Store


@pytest.mark.one_database
@pytest.mark.parametrize("everywhere", [False, True])
def test_later_changes_are_found_by_their_object(store: Store, everywhere: bool) -> None:
    """Without the index, the page after a change of 500 large links took longer than a read may."""
    path = sqlite_path(store.url)
    assert path is not None
    sql = str(_changed_since(everywhere).compile(dialect=sqlite.dialect(paramstyle="named")))
    values = {"scope_customer_id": 1, "scope_microtenant_id": 1, "transaction_ids": "[]"}

    connection = sqlite3.connect(path)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    connection.close()

    assert [step for step in plan if step.startswith("SEARCH later")] == [
        "SEARCH later USING INDEX ix_audit_entry_object (customer_id=? AND object_id=? AND id>?)"
    ]
