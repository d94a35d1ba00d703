"""Portico's errors for those of PostgreSQL's driver."""

from __future__ import annotations

import asyncpg
from sqlalchemy.exc import DBAPIError

from portico.domain.errors import ConcurrentChange, PorticoError, Unavailable
from portico.storage.engine.translation import Translated

_CONFLICTS = {"55P03": "A lock was not free in time.", "40001": "", "40P01": ""}
# The second is what the driver says of a connection that breaks while it is handed over.
_BROKEN = (asyncpg.InterfaceError, asyncpg.InternalClientError)
_UNREACHABLE = {"08", "28", "3D", "53", "57", "58"}
_REFUSALS = {
    "25006": "The database takes no writes: it is read-only or in recovery.",
    "53100": "The disk of the database is full.",
}


def _translation(error: BaseException) -> PorticoError | None:
    """Return Portico's error for one of the driver's: wait, try again, or None for a defect."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        # Use-cases check their rules before they write. So a violated constraint means that another
        # transaction has changed what they checked.
        return ConcurrentChange("record", f"{error}.")
    if isinstance(error, asyncpg.PostgresError):
        return _refusal(error.sqlstate or "")
    if isinstance(error, DBAPIError):
        return _refusal(getattr(error.orig, "sqlstate", None) or "")
    if isinstance(error, TimeoutError):
        return Unavailable("The database did not answer in time.")
    if isinstance(error, (*_BROKEN, OSError)):
        return Unavailable(f"The database cannot be reached: {error}.")
    return None


def _refusal(state: str) -> PorticoError | None:
    if state in _CONFLICTS:
        return ConcurrentChange("record", _CONFLICTS[state])
    if not state or state in _REFUSALS or state[:2] in _UNREACHABLE:
        return Unavailable(_REFUSALS.get(state, "The database cannot serve this request now."))
    return None


TRANSLATED = Translated(_translation)
"""Blocks whose errors of the driver become Portico's."""
