"""Web of shared."""
