"""Further rows for the worst requests: a portal with large icons, users, audit entries."""

from __future__ import annotations

import random
import string
import time

from bench.growth_rows import FIRST_LINK, FIRST_PORTAL, LINKS_ON_A_PORTAL
from portico.domain.audit import Action, AuditEntry
from portico.domain.links.links import ICON_LIMIT_BYTES, Link
from portico.domain.people.users import PortalUser
from portico.domain.portals.portals import UserPortal
from portico.domain.records import Scope, first_id_at
from portico.storage.audit.trail import AuditTrail
from portico.storage.engine.connections import Database
from portico.storage.links.links import LinkRepository
from portico.storage.people.users import PortalUserRepository
from portico.storage.portals.portals import UserPortalRepository

HEAVY_PORTAL = FIRST_PORTAL - 1
HEAVY_LINK = FIRST_LINK - LINKS_ON_A_PORTAL
USERS = 20_000
ENTRIES = 100_000
DAYS = 30
_STEP = 5_000
_DAY_SECONDS = 86_400


async def add_worst_rows(database: Database, customer_id: int) -> None:
    """Add a portal of 500 links with icons of 128 KiB, 20,000 users and 100,000 audit entries."""
    scope, now = Scope(customer_id=customer_id), int(time.time())
    stamps = {
        "customer_id": customer_id,
        "creation_time": now,
        "modified_time": now,
        "modified_by": 1,
    }
    letters = random.Random(1)
    async with database.write(customer_id) as connection:
        portal = UserPortal(**stamps, id=HEAVY_PORTAL, microtenant_id=0, name="Icons", enabled=True)
        await UserPortalRepository(connection, scope).insert(portal)
        for number in range(LINKS_ON_A_PORTAL):
            link = Link(
                **stamps,
                id=HEAVY_LINK + number,
                microtenant_id=0,
                name=f"Icon {number:03d}",
                link="icon.example.com",
                enabled=True,
                icon_text="".join(letters.choices(string.ascii_letters, k=1024))
                * (ICON_LIMIT_BYTES // 1024),
                portal_ids=(HEAVY_PORTAL,),
            )
            await LinkRepository(connection, scope).insert(link)
    for start in range(0, USERS, _STEP):
        users = [
            PortalUser(
                **stamps, id=number + 1, name=f"person{number:05d}", email=f"{number}@a.example"
            )
            for number in range(start, start + _STEP)
        ]
        async with database.write(customer_id) as connection:
            await PortalUserRepository(connection, scope).insert(*users)
    for start in range(0, ENTRIES, _STEP):
        async with database.write(customer_id) as connection:
            entries = [_entry(customer_id, number, now) for number in range(start, start + _STEP)]
            await AuditTrail(connection, customer_id).append(*entries)


def _entry(customer_id: int, number: int, now: int) -> AuditEntry:
    when = now - DAYS * _DAY_SECONDS + number * DAYS * _DAY_SECONDS // ENTRIES
    return AuditEntry(
        customer_id=customer_id,
        id=first_id_at(when) + number % 1_000,
        microtenant_id=0,
        time=when,
        actor_id=1,
        action=Action.UPDATE,
        object_type="userPortalLink",
        object_id=FIRST_LINK + number,
        object_name=f"Link {number}",
        before='{"name": "before"}',
        after='{"name": "after"}',
        transaction_id=f"t{number}",
    )
