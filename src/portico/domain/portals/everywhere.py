"""Links and portals of all microtenants of a tenant, as a list shows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PlacedObject:
    """A link or a portal with its microtenant. `host` and `path` are empty for a portal."""

    id: int
    name: str
    microtenant_id: int
    microtenant_name: str
    enabled: bool
    modified_time: int
    host: str = ""
    path: str = ""
