"""Stored sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy import Executable, Select, bindparam, func, select, update

from portico.domain.links.sections import Section
from portico.storage.engine.statements import Among, cached
from portico.storage.repositories import OrderedRepository, in_scope
from portico.storage.schema.page_tables import link_presentation, section


class SectionRepository(OrderedRepository[Section]):
    """The sections of one scope."""

    table: ClassVar = section
    record: ClassVar = Section
    order_by: ClassVar = (section.c.position, section.c.name_folded, section.c.id)

    async def order(self, section_ids: Sequence[int]) -> None:
        """Number the sections from 1 in the order given."""
        for position, section_id in enumerate(section_ids, 1):
            await self._run(_move(), section_id=section_id, new_position=position)

    async def link_counts(self) -> dict[int, int]:
        """Return the number of links in each section that has any."""
        return {row.section_id: row.links for row in await self._rows(_link_counts())}

    async def vacate(self, section_id: int, link_ids: Sequence[int]) -> int:
        """Remove links from the section and return their number."""
        return await self._run(_vacate(), left_id=section_id, link_ids=list(link_ids))


@cached
def _move() -> Executable:
    return (
        update(section)
        .where(in_scope(section), section.c.id == bindparam("section_id"))
        .values(position=bindparam("new_position"))
    )


@cached
def _link_counts() -> Select[Any]:
    return (
        select(link_presentation.c.section_id, func.count().label("links"))
        .where(in_scope(link_presentation), link_presentation.c.section_id.is_not(None))
        .group_by(link_presentation.c.section_id)
    )


@cached
def _vacate() -> Executable:
    return (
        update(link_presentation)
        .where(in_scope(link_presentation))
        .where(link_presentation.c.section_id == bindparam("left_id"))
        .where(Among(link_presentation.c.link_id, "link_ids"))
        .values({"section_id": None, "position": 0})
    )
