"""Stored presentation of links: rows only for those that somebody arranged."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
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

from portico.domain.links.presentation import LinkPresentation
from portico.domain.records import Scope, fold
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, Row, insert_into, kept
from portico.storage.repositories import in_scope
from portico.storage.schema.page_tables import link_group, link_presentation, portal_group, section

# No name holds a control character, so this one separates them.
_SEPARATOR = "\x1f"


@dataclass(frozen=True, kw_only=True)
class PlacedLink:
    """How one link is shown, with the ids of its section and groups in place of their names."""

    link_id: int
    section_id: int | None
    position: int
    icon_is_dark: bool | None
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

    async def store(self, *placed: PlacedLink) -> None:
        """Stores how links are shown, in place of how they were."""
        if not placed:
            return
        await self.forget([each.link_id for each in placed])
        tenant: dict[str, object] = {"customer_id": self._scope.customer_id}
        rows = [
            tenant
            | {
                "link_id": each.link_id,
                "section_id": each.section_id,
                "position": each.position,
                "icon_is_dark": each.icon_is_dark,
            }
            for each in placed
            if each != _unplaced(each.link_id)
        ]
        if rows:
            await self._connection.run(insert_into(link_presentation), rows)
        groups = [
            tenant | {"link_id": each.link_id, "group_id": group_id}
            for each in placed
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


def _unplaced(link_id: int) -> PlacedLink:
    return PlacedLink(link_id=link_id, section_id=None, position=0, icon_is_dark=None, group_ids=())


def _presentation(row: Row) -> LinkPresentation:
    return LinkPresentation(
        section=row.section_name or "",
        order=row.position,
        groups=_names(row.group_names),
        icon_is_dark=row.icon_is_dark,
    )


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
            shown.c.position,
            shown.c.icon_is_dark,
            section.c.name.label("section_name"),
            groups.label("group_names"),
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
