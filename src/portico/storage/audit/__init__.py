"""Storage of audit."""
