"""Backup files and the folder of scheduled backups."""
