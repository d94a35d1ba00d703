"""The proofs: their page shows their results, and their checks notice a loss."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from prove.consistency import faults_of_database
from prove.experiments import EXPERIMENTS
from prove.page import PAGE, render_page
from prove.results import Result, read_results, store_result

from tests.faults.writers import Writer, check, everything, new_writers
from tests.harness import create_tenant, served, upgrade

pytestmark = pytest.mark.one_database


def result(scale: float, *faults: str) -> Result:
    """A result that nobody measured."""
    return Result(
        date="2026-11-29T17:00+00:00",
        version="1",
        scale=scale,
        seconds=1,
        machine={"Processor": "one"},
        sentence="It went on.",
        figures={"kills": 1_000},
        faults=list(faults),
    )


def test_page_is_rendered_from_the_results() -> None:
    results = read_results()

    assert set(results) <= {each.name for each in EXPERIMENTS}
    assert PAGE.read_text("utf-8") == render_page(EXPERIMENTS, results)


def test_page_tells_failures_and_what_was_not_run_in_full() -> None:
    whole, part, missing = EXPERIMENTS[:3]

    results = {whole.name: result(1), part.name: result(0.02, "A row is gone.")}
    page = render_page(EXPERIMENTS, results)

    rows = {
        each.name: [line for line in page.splitlines() if line.startswith(f"| {each.title} |")]
        for each in EXPERIMENTS
    }
    assert rows[whole.name] == [
        f"| {whole.title} | It went on. | full: {whole.full} | 2026-11-29 | 1 |"
    ]
    assert "**Failed.**" in rows[part.name][0]
    assert f"2.00% of {part.full}" in rows[part.name][0]
    assert "- fault: A row is gone." in page
    assert "not run yet" in rows[missing.name][0]
    for each in (part, missing):
        assert f"`scripts/prove --only {each.name}`" in rows[each.name][1]


def test_run_replaces_only_its_own_row(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    store_result("first", result(1), path)
    store_result("second", result(1), path)

    store_result("second", result(0.5), path)

    assert read_results(path) == {"first": result(1), "second": result(0.5)}


def test_checks_notice_rows_that_are_lost_behind_the_audit_log(tmp_path: Path) -> None:
    file = tmp_path / "portico.db"
    url = f"sqlite:///{file}"
    upgrade(url)
    with served(url, tmp_path / "server.log") as server:
        admin = create_tenant(server).caller()
        writers: list[Writer] = new_writers(admin, 1, "own")
        for step in range(3):
            writers[0].write(f"step {step}", step)
        stored = everything(admin)
    intact = faults_of_database(url)
    (lost,) = writers[0].created
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM portal_assignment WHERE link_id = ?", (int(lost),))
        connection.execute("DELETE FROM user_portal_link WHERE id = ?", (int(lost),))
        connection.execute("UPDATE customer_revision SET revision = revision - 1")

    found = faults_of_database(url)

    check(writers, stored)
    with pytest.raises(KeyError):
        check(writers, {key: value for key, value in stored.items() if key != lost})
    assert intact == []
    assert f"Link {lost} is in one of table and audit log." in found
    assert any("audited transactions" in fault for fault in found)
