"""Periods in which a link or a notice is shown: from a start until before an end, each optional.

Times are in seconds since 1970 in UTC. 0 is no time: shown from the beginning, or without end.
"""

from __future__ import annotations

from collections.abc import Iterable

from portico.domain.errors import InvalidField

LATEST_TIME = 253_402_300_799
"""The last second of the year 9999."""


def check_period(starts: int, ends: int, *, starts_field: str, ends_field: str) -> None:
    """Raise InvalidField that names the field of a time that is out of range, or of a wrong end."""
    for field, time in ((starts_field, starts), (ends_field, ends)):
        if not 0 <= time <= LATEST_TIME:
            raise InvalidField(field, "It must be a time from 1970 to 9999.")
    if ends and ends <= starts:
        raise InvalidField(ends_field, "The end must be after the start.")


def is_current(starts: int, ends: int, now: int) -> bool:
    """Return whether a time is within a period."""
    return starts <= now and (not ends or now < ends)


def next_date(times: Iterable[int], now: int) -> int | None:
    """Return the earliest of the starts and ends that are still to come, or None."""
    return min((time for time in times if time > now), default=None)
