"""The number of links of a microtenant, which each write updates in slots.

It belongs to this room because the statement that authorises a token reads it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, cast, func

from portico.storage.schema.tables import link_count


def links_in_all() -> ColumnElement[int]:
    """Return the sum of the selected slots of `link_count`."""
    return cast(func.coalesce(func.sum(link_count.c.links), 0), BigInteger)
