"""Reading how links are shown, beside the links themselves."""

from __future__ import annotations

from collections.abc import Iterable

from portico.domain.links.links import Link
from portico.domain.links.presentation import PLAIN, LinkPresentation, PresentedLink, present
from portico.services.work import UnitOfWork


async def present_links(work: UnitOfWork, links: Iterable[Link]) -> list[PresentedLink]:
    """The links together with how they are shown."""
    found = list(links)
    shown = await work.presentation.of_links(link.id for link in found)
    return [present(link, shown.get(link.id, PLAIN)) for link in found]


async def presentations_of(work: UnitOfWork, links: Iterable[Link]) -> dict[int, LinkPresentation]:
    """How the links are shown, by their ids; those left out that nobody arranged."""
    return await work.presentation.of_links(link.id for link in links)
