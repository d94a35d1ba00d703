"""Storage of engine."""
