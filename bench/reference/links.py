"""The statements of the reference on links: find, page, search, build."""

from __future__ import annotations

from fastapi import HTTPException
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from bench.reference.models import ApiClient, UserPortal, UserPortalLink
from bench.reference.schemas import LinkIn, LinkOut, LinkPage, PortalReference

SEARCHABLE = {
    "name": UserPortalLink.name,
    "description": UserPortalLink.description,
    "link": UserPortalLink.link,
}


def search_condition(search: str) -> ColumnElement[bool]:
    """Return the condition of `name EQ value` or `name LIKE value`; else, of a part of the name."""
    parts = search.split(maxsplit=2)
    if len(parts) < 3:
        return UserPortalLink.name.icontains(search, autoescape=True)
    column = SEARCHABLE.get(parts[0])
    if column is None:
        raise HTTPException(400, f"Unknown field {parts[0]}")
    if parts[1] == "EQ":
        return func.lower(column) == parts[2].lower()
    if parts[1] == "LIKE":
        return column.icontains(parts[2], autoescape=True)
    raise HTTPException(400, f"Invalid operand:{parts[1]} in Filtering criteria.")


async def find_page(
    session: AsyncSession, query: Select[UserPortalLink], page: int, size: int
) -> LinkPage:
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(func.lower(UserPortalLink.name), UserPortalLink.id)
    window = ordered.offset((page - 1) * size).limit(size)
    rows = await session.scalars(window.options(selectinload(UserPortalLink.user_portals)))
    return LinkPage(
        total_pages=str(-(-total // size)),
        total_count=str(total),
        list=[LinkOut.model_validate(row) for row in rows],
    )


async def find_link(session: AsyncSession, client: ApiClient, link_id: int) -> UserPortalLink:
    link = await session.scalar(
        select(UserPortalLink)
        .where(UserPortalLink.id == link_id, UserPortalLink.customer_id == client.customer_id)
        .options(selectinload(UserPortalLink.user_portals))
    )
    if link is None:
        raise HTTPException(404, f"No resource exists with the given id/name :{link_id}")
    return link


async def find_portals(
    session: AsyncSession, client: ApiClient, references: list[PortalReference] | None
) -> list[UserPortal]:
    wanted = {reference.id for reference in references or []}
    if not wanted:
        return []
    found = await session.scalars(
        select(UserPortal).where(
            UserPortal.id.in_(wanted), UserPortal.customer_id == client.customer_id
        )
    )
    portals = list(found)
    if len(portals) != len(wanted):
        raise HTTPException(400, "No resource exists with the given id")
    return portals


def build_link(client: ApiClient, body: LinkIn, portals: list[UserPortal]) -> UserPortalLink:
    return UserPortalLink(
        customer_id=client.customer_id,
        modified_by=client.id,
        user_portals=portals,
        **body.model_dump(exclude={"user_portals"}),
    )
