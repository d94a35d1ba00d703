"""The folder of scheduled backups: what was made last, what is deleted, and who may work in it."""

from __future__ import annotations

from pathlib import Path

from portico.storage.backups.folder import (
    BackupFailure,
    clear_failure,
    delete_old_backups,
    delete_partial_backups,
    last_backup,
    locked_folder,
    record_failure,
    scheduled_name,
)

NOON = 1_800_000_000
DAY = 24 * 60 * 60


def make(folder: Path, time: int) -> Path:
    """A file with the name of a backup."""
    path = folder / scheduled_name(time)
    path.touch()
    return path


def test_last_backup_is_the_newest_one_that_is_complete(tmp_path: Path) -> None:
    assert last_backup(tmp_path / "missing").time is None
    make(tmp_path, NOON - DAY)
    newest = make(tmp_path, NOON)
    for name in ("notes.zip", "portico-99999999T999999Z.zip", f"{newest.name}.1.partial"):
        (tmp_path / name).touch()

    found = last_backup(tmp_path)

    assert (found.path, found.time, found.failure) == (newest, NOON, None)
    assert not found.is_due(DAY, NOON + DAY - 1)
    assert found.is_due(DAY, NOON + DAY)
    assert found.is_due(DAY, NOON - 1), "the clock was set back"
    assert not found.is_overdue(DAY, NOON + 2 * DAY - 1)
    assert found.is_overdue(DAY, NOON + 2 * DAY)


def test_failure_counts_until_the_next_success(tmp_path: Path) -> None:
    failure = BackupFailure(time=NOON, reason="The disk is full.")
    record_failure(tmp_path, failure)
    assert last_backup(tmp_path).failure == failure

    make(tmp_path, NOON - DAY)
    assert last_backup(tmp_path).failure == failure
    make(tmp_path, NOON + 1)
    assert last_backup(tmp_path).failure is None

    (tmp_path / "last-failure.json").write_text("{")
    clear_failure(tmp_path)
    clear_failure(tmp_path)
    assert last_backup(tmp_path).failure is None


def test_old_backups_and_interrupted_ones_are_deleted_and_nothing_else(tmp_path: Path) -> None:
    other = tmp_path / "portico-before-upgrade.zip"
    other.touch()
    old, kept, newest = (make(tmp_path, NOON + day * DAY) for day in range(3))
    partial = tmp_path / f"{newest.name}.x1.partial"
    partial.touch()

    assert delete_old_backups(tmp_path, 2, newest) == [old]
    delete_partial_backups(tmp_path)

    assert sorted(tmp_path.iterdir()) == sorted([other, kept, newest])


def test_backup_made_while_the_clock_was_wrong_does_not_cost_the_newest(tmp_path: Path) -> None:
    future = make(tmp_path, NOON + 1_000 * DAY)
    newest = make(tmp_path, NOON)

    assert delete_old_backups(tmp_path, 1, newest) == [future]
    assert newest.exists()


def test_one_process_at_a_time_works_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "backups"
    with locked_folder(folder) as lock:
        assert lock is not None
        with locked_folder(folder) as second:
            assert second is None
    with locked_folder(folder) as lock:
        assert lock is not None
    assert folder.stat().st_mode & 0o777 == 0o700
