"""Scheduled backups: made when due by one process at a time, and never failing silently."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from portico.backup_schedule import backup_command, backup_schedule
from portico.services.backups.creating import verify_backup
from portico.services.backups.schedule import (
    OTHER_SERVER,
    RETRY_SECONDS,
    BackupSchedule,
    ScheduledBackups,
)
from portico.services.backups.watch import BackupNotice, BackupWatch, Trouble, trouble_with
from portico.settings import Settings
from portico.storage.backups.folder import BackupFailure, LastBackup, locked_folder
from tests.harness import run_on_thread

NOON = 1_800_000_000
DAY = 24 * 60 * 60
MAKES_A_FILE = "import sys, pathlib; pathlib.Path(sys.argv[1]).touch()"


class Server:
    """What one server does about backups, at a time that the test sets."""

    def __init__(self, folder: Path, program: str = MAKES_A_FILE, keep: int = 2) -> None:
        self.schedule = BackupSchedule(folder=folder, every=DAY, keep=keep)
        self.program = program
        self.now = NOON
        self.runs = 0
        self._backups = ScheduledBackups(self.schedule, self._command, lambda: self.now)

    def _command(self, path: Path) -> tuple[Sequence[str], Mapping[str, str]]:
        self.runs += 1
        return [sys.executable, "-c", self.program, str(path)], os.environ

    def look(self, after: int = 0) -> int:
        """Makes a backup if one is due so many seconds later; how many processes that took."""
        self.now += after
        before = self.runs
        self._backups.make_when_due()
        return self.runs - before

    def names(self) -> list[str]:
        """The files in the folder that people see."""
        return sorted(each.name for each in self.schedule.folder.iterdir() if each.name[0] != ".")


@pytest.mark.one_database
def test_backup_is_made_when_it_is_due_and_the_last_ones_are_kept(tmp_path: Path) -> None:
    server = Server(tmp_path / "new")

    assert [server.look(), server.look(60), server.look(DAY - 60), server.look(DAY)] == [1, 0, 1, 1]

    assert server.names() == ["portico-20270116T080000Z.zip", "portico-20270117T080000Z.zip"]
    assert server.look(-5 * DAY) == 1, "the clock was set back"
    assert len(server.names()) == 2


@pytest.mark.one_database
def test_failure_is_recorded_and_repeated_until_it_succeeds(tmp_path: Path) -> None:
    server = Server(tmp_path, "import sys; sys.exit('portico: The disk is full.')")
    partial = tmp_path / "portico-20270115T080000Z.zip.1.partial"
    partial.touch()

    assert server.look() == 1

    failure = server.schedule.last().failure
    assert failure == BackupFailure(time=NOON, reason="The disk is full.")
    assert not partial.exists()
    assert server.look(RETRY_SECONDS - 1) == 0
    assert Server(tmp_path).look(60) == 0, "another server must wait too"
    server.program = MAKES_A_FILE
    assert server.look(1) == 1
    assert server.schedule.last().failure is None
    assert server.names() == ["portico-20270115T081500Z.zip"]


@pytest.mark.one_database
def test_one_server_at_a_time_makes_a_backup(tmp_path: Path) -> None:
    server = Server(tmp_path, f"import sys; sys.exit({OTHER_SERVER})")
    with locked_folder(tmp_path):
        assert server.look() == 0
    assert server.look() == 1
    assert server.schedule.last() == LastBackup(), "that another server works is no failure"


@pytest.mark.one_database
def test_folder_that_cannot_be_used_is_a_failure(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    server = Server(in_the_way / "backups")

    assert server.look() == 0

    failure = server.schedule.last().failure
    assert failure is not None
    assert "Not a directory" in failure.reason
    watch = BackupWatch(server.schedule, lambda: NOON)
    assert run_on_thread(watch.notice()) == BackupNotice(Trouble.FAILED)


@pytest.mark.one_database
def test_administrators_are_told_what_is_wrong() -> None:
    failed = BackupFailure(time=NOON, reason="The disk is full.")
    for last, after, expected in (
        (LastBackup(), 0, BackupNotice(Trouble.NONE_YET)),
        (LastBackup(time=NOON), DAY, None),
        (LastBackup(time=NOON), 2 * DAY, BackupNotice(Trouble.OVERDUE, NOON)),
        (LastBackup(time=NOON, failure=failed), 0, BackupNotice(Trouble.FAILED, NOON)),
    ):
        assert trouble_with(last, DAY, NOON + after) == expected


def test_process_of_the_server_backs_up_its_database(database_url: str, tmp_path: Path) -> None:
    settings = Settings(database=database_url, backup_dir=str(tmp_path), backup_every="1h")
    schedule = backup_schedule(settings)
    assert schedule is not None
    assert schedule.every == 3_600
    backups = ScheduledBackups(schedule, backup_command(settings), lambda: NOON)

    backups.make_when_due()

    assert schedule.last() == LastBackup(path=tmp_path / "portico-20270115T080000Z.zip", time=NOON)
    assert verify_backup(tmp_path / "portico-20270115T080000Z.zip").rows > 0
    assert backup_schedule(Settings()) is None
