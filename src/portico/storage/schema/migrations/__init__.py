"""Schema of migrations."""
