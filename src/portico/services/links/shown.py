"""Reading the presentations of links beside the links themselves."""

from __future__ import annotations

from collections.abc import Iterable

from portico.domain.links.links import Link
from portico.domain.links.presentation import PLAIN, LinkPresentation, PresentedLink, present
from portico.services.work import UnitOfWork


async def present_links(work: UnitOfWork, links: Iterable[Link]) -> list[PresentedLink]:
    """Return the links together with their presentations."""
    every = list(links)
    presentations = await presentations_of(work, every)
    return [present(link, presentations.get(link.id, PLAIN)) for link in every]


async def presentations_of(work: UnitOfWork, links: Iterable[Link]) -> dict[int, LinkPresentation]:
    """Return the stored presentations of links by their ids. Those with the defaults have none."""
    return await work.presentation.of_links(link.id for link in links)
