"""Storage of secrets."""
