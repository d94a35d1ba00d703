"""Backup files: their format, the rows in them, and the folder of scheduled backups."""
