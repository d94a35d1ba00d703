"""Stored presentations of links. A link with the default presentation has no row."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Executable,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
)

from portico.domain.errors import SearchTooExpensive
from portico.domain.links.links import Link
from portico.domain.links.presentation import PLAIN, LinkPresentation, PresentedLink, present
from portico.domain.records import Scope, fold
from portico.domain.search import Operator
from portico.storage.engine.connections import Connection, ReadTooSlow
from portico.storage.engine.statements import Among, Row, cached, insert_into
from portico.storage.links.links import AnyLinkRepository
from portico.storage.repositories import in_scope, listed_ids, plain_columns, restored
from portico.storage.schema.page_tables import link_group, link_presentation, portal_group, section
from portico.storage.schema.tables import portal_assignment, user_portal, user_portal_link
from portico.storage.text_matches import HasText

KEYWORD_MATCHES = 2_000
"""How many links a search finds by their keywords at most."""

# Names have no control characters, so this one separates them.
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
    """The presentations of links of one tenant. Callers pass links of their scope only."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def of_links(self, link_ids: Iterable[int]) -> dict[int, LinkPresentation]:
        """Return the presentations of those of the links that have a row."""
        distinct = sorted(set(link_ids))
        if not distinct:
            return {}
        rows = await self._connection.rows(_of_links(), self._bound(link_ids=distinct))
        return {row.presentation_link_id: _presentation(row) for row in rows}

    async def with_keyword(self, folded: str) -> list[int]:
        """Return the ids of links with a keyword that contains the folded text, within a limit.

        Raises SearchTooExpensive when the database does not finish in time.
        """
        try:
            rows = await self._connection.scan(_with_keyword(), self._bound(keyword=folded))
        except ReadTooSlow as error:
            raise SearchTooExpensive(error.seconds) from error
        return [row.link_id for row in rows]

    async def present(self, links: Iterable[Link]) -> list[PresentedLink]:
        """Return links together with their presentations."""
        every = list(links)
        stored = await self.of_links(link.id for link in every)
        return [present(link, stored.get(link.id, PLAIN)) for link in every]

    async def store(self, *stored: StoredPresentation) -> None:
        """Replace the presentations of links."""
        if not stored:
            return
        await self.forget([each.link_id for each in stored])
        tenant: dict[str, object] = {"customer_id": self._scope.customer_id}
        rows = [
            tenant
            | {"link_id": each.link_id, "section_id": each.section_id}
            | {"position": each.presentation.order}
            | {"keywords_folded": "\n".join(map(fold, each.presentation.keywords))}
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
        """Remove the presentations of links."""
        for statement in (_forget_groups(), _forget()):
            await self._connection.run(statement, self._bound(link_ids=sorted(link_ids)))

    def _bound(self, **values: object) -> dict[str, object]:
        return values | {"scope_customer_id": self._scope.customer_id}


class PresentedLinkRepository(AnyLinkRepository[PresentedLink]):
    """The links of one scope, each read with its presentation in one statement."""

    record: ClassVar = PresentedLink

    async def visible_on(self, portal_id: int, now: int) -> list[PresentedLink]:
        """Return the enabled links of an enabled portal, in no order. A disabled one has none.

        Links that have ended are left out, and those that start later are included. For an order
        the database could read all links of the scope.
        """
        rows = await self._rows(_visible_on(), portal_id=portal_id, now=now)
        return [self._record(row) for row in rows]

    @classmethod
    def _extended(cls, statement: Select[Any]) -> Select[Any]:
        arranged = link_presentation
        own = and_(in_scope(arranged), arranged.c.link_id == user_portal_link.c.id)
        return _with_presentation(super()._extended(statement).outerjoin(arranged, own))

    def _record(self, row: Row) -> PresentedLink:
        link = restored(Link, row, portal_ids=listed_ids(row.portal_ids))
        return present(link, _presentation(row))


def _presentation(row: Row) -> LinkPresentation:
    """Return the presentation in a row of `_with_presentation`."""
    if row.presentation_link_id is None:
        return PLAIN
    stored = {name: getattr(row, f"presentation_{name}") for name in _BY_NAME}
    return LinkPresentation(
        section=row.section_name or "",
        order=row.presentation_order,
        groups=_names(row.group_names),
        **stored,
    )


def _names(joined: str | None) -> tuple[str, ...]:
    return tuple(sorted(joined.split(_SEPARATOR), key=fold)) if joined else ()


def _with_presentation(statement: Select[Any]) -> Select[Any]:
    """Return a statement on rows of `link_presentation` with what `_presentation` reads."""
    arranged = link_presentation
    named = and_(
        link_group.c.customer_id == portal_group.c.customer_id,
        link_group.c.group_id == portal_group.c.id,
    )
    groups = (
        select(func.aggregate_strings(portal_group.c.name, _SEPARATOR))
        .select_from(portal_group)
        .join(link_group, named)
        .where(in_scope(link_group), in_scope(portal_group))
        .where(link_group.c.link_id == arranged.c.link_id)
        .correlate(arranged)
        .scalar_subquery()
    )
    headed = and_(
        section.c.customer_id == arranged.c.customer_id, section.c.id == arranged.c.section_id
    )
    return statement.add_columns(
        arranged.c.link_id.label("presentation_link_id"),
        arranged.c.position.label("presentation_order"),
        section.c.name.label("section_name"),
        groups.label("group_names"),
        *(arranged.c[name].label(f"presentation_{name}") for name in _BY_NAME),
    ).outerjoin(section, and_(headed, section.c.customer_id == bindparam("scope_customer_id")))


@cached
def _visible_on() -> Select[Any]:
    link = user_portal_link
    assigned = select(portal_assignment.c.link_id).where(
        in_scope(portal_assignment), portal_assignment.c.portal_id == bindparam("portal_id")
    )
    open_portal = (
        select(user_portal.c.id)
        .where(in_scope(user_portal), user_portal.c.enabled)
        .where(user_portal.c.id == bindparam("portal_id"))
    )
    # A link without a row has no end.
    ends = func.coalesce(link_presentation.c.ends, 0)
    return PresentedLinkRepository._extended(select(*plain_columns(link))).where(
        in_scope(link),
        link.c.enabled,
        link.c.id.in_(assigned),
        open_portal.exists(),
        or_(ends == 0, ends > bindparam("now", type_=BigInteger)),
    )


@cached
def _of_links() -> Select[Any]:
    arranged = link_presentation
    return _with_presentation(select()).where(
        in_scope(arranged), Among(arranged.c.link_id, "link_ids")
    )


@cached
def _with_keyword() -> Select[Any]:
    arranged = link_presentation
    contains = HasText(arranged.c.keywords_folded, Operator.CONTAINS, "keyword")
    return select(arranged.c.link_id).where(in_scope(arranged), contains).limit(KEYWORD_MATCHES)


@cached
def _forget() -> Executable:
    return delete(link_presentation).where(
        in_scope(link_presentation),
        Among(link_presentation.c.link_id, "link_ids"),
    )


@cached
def _forget_groups() -> Executable:
    return delete(link_group).where(in_scope(link_group), Among(link_group.c.link_id, "link_ids"))
