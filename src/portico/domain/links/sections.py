"""Sections: the headings under which a microtenant's portals show their links."""

from __future__ import annotations

from dataclasses import dataclass

from portico.domain.records import OwnedRecord

KIND = "portalSection"
SECTIONS_LIMIT = 200
"""The largest number of sections of a microtenant."""


@dataclass(frozen=True, kw_only=True)
class Section(OwnedRecord):
    """A stored section. Portals show sections by `position`, then by name."""

    name: str
    position: int = 0
