"""Backups as the operator makes and restores them."""
