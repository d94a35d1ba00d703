"""Undoing changes, and restoring objects of each kind."""
