"""Groups of portal users. A link that names groups is visible only to their members."""

from __future__ import annotations

from dataclasses import dataclass

from portico.domain.records import Record

KIND = "portalGroup"
GROUPS_LIMIT = 2_000
"""The largest number of groups of a tenant."""

MEMBERS_AT_ONCE = 500
"""The largest number of people who can be put into a group, or taken out of it, at once."""


@dataclass(frozen=True, kw_only=True)
class Group(Record):
    """A stored group. It belongs to the tenant, so its name means the same in every microtenant."""

    name: str
