"""Stored presentation of links: rows only for those that somebody arranged."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    Executable,
    Select,
    and_,
    bindparam,
    delete,
    func,
    select,
)

from portico.domain.links.presentation import PLAIN, LinkPresentation
from portico.domain.records import Scope, fold
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, Row, insert_into, kept
from portico.storage.repositories import in_scope, restored
from portico.storage.schema.page_tables import link_group, link_presentation, portal_group, section

# No name holds a control character, so this one separates them.
_SEPARATOR = "\x1f"


# The other fields are stored by other names: the order as a position, names as ids.
_BY_NAME = [each.name for each in fields(LinkPresentation) if each.name in link_presentation.c]


@dataclass(frozen=True, kw_only=True)
class StoredPresentation:
    """How one link is shown, with the ids of its section and groups beside their names."""

    link_id: int
    presentation: LinkPresentation
    section_id: int | None
    group_ids: tuple[int, ...]


class PresentationRepository:
    """How the links of one tenant are shown. Whoever asks has found the links in its scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def of_links(self, link_ids: Iterable[int]) -> dict[int, LinkPresentation]:
        """How each of the links is shown, those left out that have no row."""
        wanted = sorted(set(link_ids))
        if not wanted:
            return {}
        rows = await self._connection.rows(_of_links(), self._bound(link_ids=wanted))
        return {row.link_id: _presentation(row) for row in rows}

    async def store(self, *stored: StoredPresentation) -> None:
        """Store how links are shown, in place of how they were."""
        if not stored:
            return
        await self.forget([each.link_id for each in stored])
        tenant: dict[str, object] = {"customer_id": self._scope.customer_id}
        rows = [
            tenant
            | {"link_id": each.link_id, "section_id": each.section_id}
            | {"position": each.presentation.order}
            | {name: getattr(each.presentation, name) for name in _BY_NAME}
            for each in stored
            if each.presentation != PLAIN
        ]
        if rows:
            await self._connection.run(insert_into(link_presentation), rows)
        groups = [
            tenant | {"link_id": each.link_id, "group_id": group_id}
            for each in stored
            for group_id in each.group_ids
        ]
        if groups:
            await self._connection.run(insert_into(link_group), groups)

    async def forget(self, link_ids: Collection[int]) -> None:
        """Makes links plain again."""
        for statement in (_forget_groups(), _forget()):
            await self._connection.run(statement, self._bound(link_ids=sorted(link_ids)))

    def _bound(self, **values: object) -> dict[str, object]:
        return values | {"scope_customer_id": self._scope.customer_id}


def _presentation(row: Row) -> LinkPresentation:
    return restored(LinkPresentation, row, section=row.section or "", groups=_names(row.groups))


def _names(joined: str | None) -> tuple[str, ...]:
    return tuple(sorted(joined.split(_SEPARATOR), key=fold)) if joined else ()


@kept
def _of_links() -> Select[Any]:
    shown = link_presentation
    named = and_(
        link_group.c.customer_id == portal_group.c.customer_id,
        link_group.c.group_id == portal_group.c.id,
    )
    groups = (
        select(func.aggregate_strings(portal_group.c.name, _SEPARATOR))
        .select_from(portal_group)
        .join(link_group, named)
        .where(in_scope(link_group), in_scope(portal_group))
        .where(link_group.c.link_id == shown.c.link_id)
        .correlate(shown)
        .scalar_subquery()
    )
    headed = and_(section.c.customer_id == shown.c.customer_id, section.c.id == shown.c.section_id)
    return (
        select(
            shown.c.link_id,
            shown.c.position.label("order"),
            section.c.name.label("section"),
            groups.label("groups"),
            *(shown.c[name] for name in _BY_NAME),
        )
        .outerjoin(section, and_(headed, section.c.customer_id == bindparam("scope_customer_id")))
        .where(in_scope(shown), Among(shown.c.link_id, "link_ids"))
    )


@kept
def _forget() -> Executable:
    return delete(link_presentation).where(
        in_scope(link_presentation),
        Among(link_presentation.c.link_id, "link_ids"),
    )


@kept
def _forget_groups() -> Executable:
    return delete(link_group).where(in_scope(link_group), Among(link_group.c.link_id, "link_ids"))
