"""Storage of schema."""
