"""Undoing a change: what can be put back, and how each kind of object is restored."""
