"""Creating, verifying and restoring backups, and the schedule of the server."""
