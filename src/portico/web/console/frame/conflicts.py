"""What a form says when somebody else has changed the record since it was opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from portico.domain.audit import AuditFilter
from portico.domain.records import Record
from portico.services.audit.log import list_audit
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import Change, differences, record_values
from portico.web.console.frame.words import clock, day_words


@dataclass(frozen=True)
class Conflict:
    """Who changed it when, and where what is stored differs from the form."""

    title: str
    words: str
    changes: list[Change]


async def render_conflict(
    work: UnitOfWork,
    noun: str,
    stored: Record,
    wanted: Mapping[str, Any],
    portals: Mapping[int, str] | None = None,
) -> Conflict:
    """The conflict of a form with a stored record; `wanted` is what the form says, by field."""
    page = await list_audit(work, AuditFilter(object_id=stored.id), limit=1)
    title = f"This {noun} was changed after you opened it"
    if page.entries:
        entry = page.entries[0]
        who = page.actors.get(entry.actor_id, "Somebody else")
        at = f"{day_words(entry.time, work.now).lower()} at {clock(entry.time)[:5]}"
        title = f"{who} changed this {noun} {at}, after you opened it"
    values = record_values(asdict(stored))
    changes = differences(values, {**values, **wanted}, portals or {})
    told = "Nothing is stored yet. Compare the two, then save again or take what is stored."
    if not changes:
        told = "What is stored now is what this form says."
    return Conflict(title=title, words=told, changes=changes)
