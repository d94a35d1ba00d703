"""Running work on many or large objects away from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

from portico.domain.audit import AuditEntry

T = TypeVar("T")

FEW = 16
"""Up to this many objects stay on the event loop. One with a large icon takes 1 ms."""

_LITTLE_TEXT = 256 * 1024


async def run_on_thread(work: Callable[[], T], *, when: bool) -> T:
    """Return the result of `work`, which must not share state; runs on a thread if `when`."""
    return await asyncio.to_thread(work) if when else work()


def are_large(entries: Iterable[AuditEntry]) -> bool:
    """Return whether audit entries hold so much text that parsing it takes long."""
    return sum(len(each.before) + len(each.after) for each in entries) > _LITTLE_TEXT
