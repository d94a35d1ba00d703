"""The dashboard: how full portals are, recent changes, and the most opened links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portico.domain.links.links import LINKS_PER_PORTAL
from portico.services.audit.log import audit_log
from portico.services.work import UnitOfWork
from portico.storage.audit.log import DAY_SECONDS
from portico.storage.portals.dashboard import DashboardRepository, FilledPortal, OpenedLink

DAYS = 30
PORTALS_SHOWN = 20
LINKS_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class DayOfChanges:
    """The changes of one day in the audit trail. `day` is its start in epoch seconds, UTC.

    `added` counts created objects, `changed` edited and deleted ones.
    """

    day: int
    added: int
    changed: int

    @property
    def changes(self) -> int:
        """The number of all changes."""
        return self.added + self.changed


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """Numbers of one microtenant. Changes and openings are of the last 30 days, in UTC.

    `unplaced_links` are on no portal. `portals` has the fullest first, `changes` every day with the
    oldest first, as far as the caller may see them (see `list_audit`).
    """

    links: int
    disabled_links: int
    unplaced_links: int
    portal_count: int
    portals: Sequence[FilledPortal]
    portal_limit: int
    changes: Sequence[DayOfChanges]
    opened: Sequence[OpenedLink]


async def read_dashboard(work: UnitOfWork) -> Dashboard:
    """Return the dashboard of the scope, in seven statements."""
    numbers = DashboardRepository(work.connection, work.scope)
    today = work.now // DAY_SECONDS
    first = today - DAYS + 1
    per_day = await audit_log(work).per_day(first * DAY_SECONDS)
    return Dashboard(
        links=await numbers.links(),
        disabled_links=await numbers.disabled_links(),
        unplaced_links=await numbers.unplaced_links(),
        portal_count=await numbers.portals(),
        portals=await numbers.fullest_portals(PORTALS_SHOWN),
        portal_limit=LINKS_PER_PORTAL,
        changes=[
            DayOfChanges(day=day * DAY_SECONDS, added=added, changed=changed)
            for day in range(first, today + 1)
            for added, changed in [per_day.get(day, (0, 0))]
        ],
        opened=await numbers.most_opened(first, LINKS_SHOWN),
    )
