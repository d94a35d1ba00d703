"""Alembic migrations, oldest first, and how they create tables."""
