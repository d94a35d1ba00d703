"""Durations as people write them: a whole number and a unit, as in `24h` or `2y`."""

from __future__ import annotations

import re
from collections.abc import Callable

_SECONDS = {
    "s": 1,
    "m": 60,
    "h": 60 * 60,
    "d": 24 * 60 * 60,
    "w": 7 * 24 * 60 * 60,
    "y": 365 * 24 * 60 * 60,
}


def duration_seconds(text: str) -> int | None:
    """Return the seconds of a duration such as `90s`, `15m`, `24h`, `14d`, `6w` or `2y`.

    A year has 365 days. Returns None for any other text.
    """
    match = re.fullmatch(r"([0-9]{1,9})([smhdwy])", text.strip())
    return int(match[1]) * _SECONDS[match[2]] if match else None


def duration_milliseconds(text: str) -> int | None:
    """Return the milliseconds of a duration such as `500ms` or `2s`. None for any other text."""
    match = re.fullmatch(r"([0-9]{1,9})ms", text.strip())
    if match:
        return int(match[1])
    seconds = duration_seconds(text)
    return None if seconds is None else 1000 * seconds


def is_duration(least: str, most: str) -> Callable[[str], bool]:
    """Return a function that tells whether a text is a duration between two others."""
    low, high = duration_seconds(least) or 0, duration_seconds(most) or 0

    def allowed(text: str) -> bool:
        seconds = duration_seconds(text)
        return seconds is not None and low <= seconds <= high

    return allowed
