"""The stored audit trail: appending to it, and reading it."""
