"""Groups of portal users, by which links are shown to some and not to others."""

from __future__ import annotations

from dataclasses import dataclass

from portico.domain.records import Record

KIND = "portalGroup"
GROUPS_LIMIT = 2_000
"""How many groups a tenant may have."""


@dataclass(frozen=True, kw_only=True)
class Group(Record):
    """A stored group. It belongs to the tenant, so its name means the same in every microtenant."""

    name: str
