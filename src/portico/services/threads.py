"""Work on many objects, or on large ones, away from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

from portico.domain.audit import AuditEntry

T = TypeVar("T")

FEW = 16
"""So many objects are worked on at once: reading or writing one with a large icon takes 1 ms."""

_LITTLE_TEXT = 256 * 1024


async def run_on_thread(work: Callable[[], T], *, when: bool) -> T:
    """The result of work that touches nothing shared; on a thread when that is said."""
    return await asyncio.to_thread(work) if when else work()


def are_large(entries: Iterable[AuditEntry]) -> bool:
    """Whether audit entries hold so much text that reading it all takes long."""
    return sum(len(each.before) + len(each.after) for each in entries) > _LITTLE_TEXT
