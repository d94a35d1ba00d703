"""The searched texts of all links of a scope, without their icons."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, bindparam, select

from portico.domain.records import Scope
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, cached
from portico.storage.repositories import in_scope
from portico.storage.schema.page_tables import link_presentation
from portico.storage.schema.tables import user_portal_link


@dataclass(frozen=True, kw_only=True)
class FindableLink:
    """What a search looks at in one link."""

    id: int
    name: str
    description: str
    link: str
    link_path: str
    keywords: tuple[str, ...]


async def findable_links(
    connection: Connection, scope: Scope, limit: int, link_ids: Collection[int] | None = None
) -> list[FindableLink]:
    """Return the links of a scope, or those with some ids, in no order, at most `limit` of them."""
    values: dict[str, object] = {
        "scope_customer_id": scope.customer_id,
        "scope_microtenant_id": scope.microtenant_id,
        "most": limit,
    }
    if link_ids is not None:
        values["link_ids"] = sorted(link_ids)
    rows = await connection.scan(_findable(link_ids is not None), values)
    return [
        FindableLink(
            id=row.id,
            name=row.name,
            description=row.description,
            link=row.link,
            link_path=row.link_path,
            keywords=row.keywords or (),
        )
        for row in rows
    ]


@cached
def _findable(by_id: bool) -> Select[Any]:
    link, shown = user_portal_link, link_presentation
    own = and_(in_scope(shown), shown.c.link_id == link.c.id)
    return (
        select(
            link.c.id,
            link.c.name,
            link.c.description,
            link.c.link,
            link.c.link_path,
            shown.c.keywords,
        )
        .select_from(link.outerjoin(shown, own))
        .where(in_scope(link, by_id=by_id), *([Among(link.c.id, "link_ids")] if by_id else []))
        .limit(bindparam("most"))
    )
