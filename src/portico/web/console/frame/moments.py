"""Dates and times that forms send as `datetime-local` inputs do. They are in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from portico.web.console.frame.words import short_date
from portico.web.shared.texts import Text
from portico.web.shared.texts import gettext as _

NO_TIME = -1


def moment_value(time: int) -> str:
    """Return a time as the value of an input, empty for 0."""
    if not time:
        return ""
    at = datetime.fromtimestamp(time, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}" if at.second else f"{at:%Y-%m-%dT%H:%M}"


def moment_of(text: str) -> int:
    """Return the time in the value of an input, 0 for an empty one.

    Other texts are -1, which the rules of the domain refuse.
    """
    if not text.strip():
        return 0
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return NO_TIME
    return NO_TIME if at.tzinfo else int(at.replace(tzinfo=UTC).timestamp())


def moment_words(time: int) -> Text:
    """Return a time in words, such as "1 Dec 2026, 08:00 UTC"."""
    at = datetime.fromtimestamp(time, UTC)
    return _("%(date)s, %(time)s UTC", date=short_date(at), time=f"{at:%H:%M}")
