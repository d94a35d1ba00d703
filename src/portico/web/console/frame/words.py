"""Numbers, counts and times in words. Times are in UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from portico.domain.tenancy.identity import Role
from portico.web.shared.texts import Text
from portico.web.shared.texts import gettext as _

ROLES: Mapping[Role, Text] = {Role.VIEWER: _("Viewer"), Role.ADMIN: _("Administrator")}
SPELLED = (
    *(_("None"), _("One"), _("Two"), _("Three"), _("Four")),
    *(_("Five"), _("Six"), _("Seven"), _("Eight"), _("Nine")),
)
WEEKDAYS = (
    *(_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday")),
    *(_("Saturday"), _("Sunday")),
)
SHORT_WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
MONTHS = (
    *(_("January"), _("February"), _("March"), _("April"), _("May"), _("June")),
    *(_("July"), _("August"), _("September"), _("October"), _("November"), _("December")),
)
SHORT_MONTHS = (
    *(_("Jan"), _("Feb"), _("Mar"), _("Apr"), _("May"), _("Jun")),
    *(_("Jul"), _("Aug"), _("Sep"), _("Oct"), _("Nov"), _("Dec")),
)
DAY_SECONDS = 24 * 60 * 60


def thousands(number: int) -> Text:
    """Return a number with separators of thousands, such as 18,930."""
    return Text("%(number)s", number=number)


def spelled(number: int) -> Text:
    """Return a number for the start of a sentence: "Four", or figures from ten on."""
    return SPELLED[number] if number < len(SPELLED) else thousands(number)


def minutes(seconds: int) -> Text:
    """Return a duration up to an hour, such as "9 min 40 s"."""
    whole, rest = divmod(max(0, seconds), 60)
    if whole:
        return _("%(minutes)s min %(seconds)s s", minutes=whole, seconds=rest)
    return _("%(seconds)s s", seconds=rest)


def role_words(role: Role, microtenant: str | None) -> Text:
    """Return a role and where it counts, such as "Viewer in East"; None is the whole tenant."""
    if microtenant is None:
        return _("%(role)s of the whole tenant", role=ROLES[role])
    return _("%(role)s in %(microtenant)s", role=ROLES[role], microtenant=microtenant)


def when(moment: int, now: int) -> Text:
    """Return a short time: "Mon 09:12" in the last six days, else "3 Nov" or "3 Nov 2024"."""
    at, present = datetime.fromtimestamp(moment, UTC), datetime.fromtimestamp(now, UTC)
    if 0 <= now - moment < 6 * DAY_SECONDS:
        return _("%(weekday)s %(time)s", weekday=SHORT_WEEKDAYS[at.weekday()], time=f"{at:%H:%M}")
    if at.year == present.year:
        return _("%(day)s %(short_month)s", day=at.day, short_month=SHORT_MONTHS[at.month - 1])
    return short_date(at)


def short_date(at: date) -> Text:
    """Return a date such as "3 Nov 2024"."""
    month = SHORT_MONTHS[at.month - 1]
    return _("%(day)s %(short_month)s %(year)s", day=at.day, short_month=month, year=str(at.year))


def day_and_month(at: date) -> Text:
    """Return a day without its year, such as "3 November"."""
    return _("%(day)s %(month)s", day=at.day, month=MONTHS[at.month - 1])


def day_words(moment: int, now: int) -> Text:
    """Return a day as a heading: "Today", "Yesterday" or "Tuesday 3 November 2026"."""
    at, present = (
        datetime.fromtimestamp(moment, UTC).date(),
        datetime.fromtimestamp(now, UTC).date(),
    )
    past = (present - at).days
    if past in (0, 1):
        return (_("Today"), _("Yesterday"))[past]
    return _(
        "%(weekday)s %(day)s %(month)s %(year)s",
        weekday=WEEKDAYS[at.weekday()],
        day=at.day,
        month=MONTHS[at.month - 1],
        year=str(at.year),
    )


def past_words(moment: int, now: int) -> Text:
    """Return a time as in a sentence, such as "yesterday at 09:12"."""
    days = (
        datetime.fromtimestamp(now, UTC).date() - datetime.fromtimestamp(moment, UTC).date()
    ).days
    time = clock(moment)[:5]
    if days == 0:
        return _("today at %(time)s", time=time)
    if days == 1:
        return _("yesterday at %(time)s", time=time)
    return _("on %(day)s at %(time)s", day=day_words(moment, now), time=time)


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
    "minutes": minutes,
    "spelled": spelled,
    "when": when,
}
