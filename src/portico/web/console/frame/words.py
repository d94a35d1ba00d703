"""Numbers, counts and times in words. Times are in UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from portico.domain.tenancy.identity import Role

ROLES: Mapping[Role, str] = {Role.VIEWER: "Viewer", Role.ADMIN: "Administrator"}
SPELLED = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
DAY_SECONDS = 24 * 60 * 60


def thousands(number: int) -> str:
    """Return a number with commas, such as 18,930."""
    return f"{number:,}"


def counted(number: int, one: str, many: str) -> str:
    """Return a number and its noun, such as "1 link" or "3 links"."""
    return f"{thousands(number)} {one if number == 1 else many}"


def spelled(number: int) -> str:
    """Return a number for the start of a sentence: "Four", or figures from ten on."""
    return SPELLED[number] if number < len(SPELLED) else thousands(number)


def minutes(seconds: int) -> str:
    """Return a duration up to an hour, such as "9 min 40 s"."""
    whole, rest = divmod(max(0, seconds), 60)
    return f"{whole} min {rest} s" if whole else f"{rest} s"


def role_words(role: Role, microtenant: str | None) -> str:
    """Return a role and where it counts, such as "Viewer in East"; None is the whole tenant."""
    if microtenant is None:
        return f"{ROLES[role]} of the whole tenant"
    return f"{ROLES[role]} in {microtenant}"


def when(moment: int, now: int) -> str:
    """Return a short time: "Mon 09:12" in the last six days, else "3 Nov" or "3 Nov 2024"."""
    at, present = datetime.fromtimestamp(moment, UTC), datetime.fromtimestamp(now, UTC)
    if 0 <= now - moment < 6 * DAY_SECONDS:
        return f"{at:%a %H:%M}"
    return f"{at.day} {at:%b}" if at.year == present.year else f"{at.day} {at:%b %Y}"


def day_words(moment: int, now: int) -> str:
    """Return a day as a heading: "Today", "Yesterday" or "Tuesday 3 November 2026"."""
    at, present = (
        datetime.fromtimestamp(moment, UTC).date(),
        datetime.fromtimestamp(now, UTC).date(),
    )
    past = (present - at).days
    if past in (0, 1):
        return ("Today", "Yesterday")[past]
    return f"{at:%A} {at.day} {at:%B %Y}"


def clock(moment: int) -> str:
    """Return the time of day with seconds."""
    return f"{datetime.fromtimestamp(moment, UTC):%H:%M:%S}"


def iso(moment: int) -> str:
    """Return a time in ISO 8601."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def initials(name: str) -> str:
    """Return one or two initials of a person."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    chosen = words[:1] + words[1:][-1:] if "@" not in name else words[:2]
    return "".join(word[0] for word in chosen).upper() or "\N{MIDDLE DOT}"


FILTERS: Mapping[str, Callable[..., str]] = {
    "thousands": thousands,
    "counted": counted,
    "minutes": minutes,
    "spelled": spelled,
    "when": when,
}
