"""What the console says about scheduled backups that fail, stop, or have not begun."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from portico.domain.tenancy.identity import Role
from portico.storage.backups.folder import (
    BackupFailure,
    clear_failure,
    locked_folder,
    record_failure,
    scheduled_name,
)
from tests.harness import create_tenant, served
from tests.web.accessibility import violations
from tests.web.conftest import OpenTab
from tests.web.console.people import sit_down

pytestmark = pytest.mark.one_database
DAY = 86_400


def test_administrators_are_told_of_missing_backups(
    database_url: str, tab: OpenTab, tmp_path: Path
) -> None:
    folder, now = tmp_path / "backups", int(time.time())
    options = ("--backup-dir", str(folder), "--backup-every", "1d")
    with (
        locked_folder(folder),  # so that the server leaves the backups to this test
        served(database_url, tmp_path / "server.log", *options) as server,
    ):
        desk = sit_down(create_tenant(server), tab())
        notice = desk.page.locator(".note.bad")

        desk.open()
        expect(notice).to_have_text("This server has no scheduled backup yet.")
        assert violations(desk.page) == []

        (folder / scheduled_name(now - 3 * DAY)).touch()
        desk.open()
        expect(notice).to_contain_text("The scheduled backups of this server have stopped.")
        expect(notice).to_contain_text("The last good backup is from")

        record_failure(folder, BackupFailure(time=now, reason="The disk is full."))
        desk.open()
        expect(notice).to_contain_text("The last scheduled backup of this server failed.")
        expect(notice).not_to_contain_text("The disk is full.")  # that is for the operator
        viewer = sit_down(desk.tenant, tab(), role=Role.VIEWER)
        viewer.open()
        expect(viewer.page.get_by_role("heading", level=1)).to_be_visible()
        expect(viewer.page.locator(".note.bad")).to_have_count(0)

        clear_failure(folder)
        (folder / scheduled_name(now)).touch()
        desk.open()
        expect(desk.page.get_by_role("heading", level=1)).to_be_visible()
        expect(notice).to_have_count(0)

        pipe = folder / "last-failure.json"
        os.mkfifo(pipe)  # reading it waits for a writer, as on a disk that hangs
        desk.open()
        expect(notice).to_have_text("The folder with the backups of this server does not answer.")
        assert server.stop() == 0  # though the disk still hangs
