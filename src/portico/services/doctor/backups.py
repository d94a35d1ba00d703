"""The check of scheduled backups."""

from __future__ import annotations

from portico.services.doctor.checks import Examined, Result, fail, good, not_checked, warn
from portico.storage.backups.folder import last_backup
from portico.storage.examination import installation_time


async def check_backup(examined: Examined) -> Result:
    """Look for scheduled backups that are missing, overdue or failing."""
    async with examined.database.read() as connection:
        installed = await installation_time(connection)
    age = 0 if installed is None else examined.now - installed
    # A new installation has time to make its first one.
    is_new = age < 2 * examined.backup_seconds
    if examined.backups is None:
        return _unconfigured(examined, is_new=is_new)
    last = last_backup(examined.backups)
    create = examined.line.write("backup", "create", "portico-backup.zip")
    if last.failure is not None:
        return fail(
            f"The last scheduled backup failed: {last.failure.reason}",
            "The newest backup lacks all changes since then.",
            create,
        )
    if last.time is None and is_new:
        return good("The first scheduled backup is not due yet.")
    if last.time is None or last.is_overdue(examined.backup_seconds, examined.now):
        newest = "none" if last.path is None else last.path.name
        return fail(
            f"The next backup in {examined.backups} is overdue. The newest is {newest}.",
            "`serve` makes scheduled backups only while it runs with this --backup-dir.",
            create,
        )
    return good(f"The newest scheduled backup is {last.path}.")


def _unconfigured(examined: Examined, *, is_new: bool) -> Result:
    if is_new:
        return good("No scheduled backups are configured yet.")
    if examined.path is None:
        return not_checked("Without --backup-dir, doctor does not see backups of PostgreSQL.")
    return warn(
        "No scheduled backups are configured.",
        "Without a backup, a lost disk loses everything.",
        "portico serve --backup-dir /var/backups/portico  # or backup_dir in the settings file",
    )
