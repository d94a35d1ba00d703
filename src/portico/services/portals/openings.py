"""How often links are opened, for those who keep them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portico.services.work import UnitOfWork
from portico.storage.portals.activity import Activity

DAY_SECONDS = 24 * 60 * 60
COUNTED_DAYS = 30


async def openings_of(work: UnitOfWork, link_ids: Iterable[int]) -> Mapping[int, int]:
    """How often each of the links was opened in 30 days; those never opened are left out."""
    wanted = list(link_ids)
    if not wanted:
        return {}
    since = work.now // DAY_SECONDS - COUNTED_DAYS + 1
    return await Activity(work.connection, work.scope.customer_id).openings(wanted, since)
