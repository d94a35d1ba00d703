"""The number of links of a microtenant, which each write keeps up to date in slots.

It stands beside the tenant because the access query reads it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, cast, func

from portico.storage.schema.tables import link_count


def links_in_all() -> ColumnElement[int]:
    """The number of links that the chosen slots of `link_count` come to."""
    return cast(func.coalesce(func.sum(link_count.c.links), 0), BigInteger)
