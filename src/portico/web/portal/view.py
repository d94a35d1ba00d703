"""View models of the portal's templates, made from records.

Nothing here uses a database or a request, so tests can render pages from made-up data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from urllib.parse import quote

import msgspec

from portico.domain.finding import MatchPosition, Texts, find_matches, nearest_item
from portico.domain.links.display_hosts import display_host
from portico.domain.links.links import target_url
from portico.domain.links.presentation import PortalSection, PresentedLink
from portico.domain.periods import is_current
from portico.domain.policies import Aup
from portico.domain.portals.activity import RecentLink
from portico.domain.portals.pages import PresentedPortal
from portico.web.shared.arch import Arch, make_arch
from portico.web.shared.branding import picture_digest
from portico.web.shared.languages import Language
from portico.web.shared.marks import Part, marked_parts
from portico.web.shared.pictures import Picture, read_picture

FAVOURITES_SHOWN = 8
LONG_PORTAL = 60
"""From so many links on, the search stays in sight, and an index leads to the sections."""

FIRST_TILES = 36
"""The tiles of a page that a browser draws at once: as many as most windows can show."""

RECENTS_SHOWN = 5
SEARCHED = ("name", "keywords", "description", "address")
"""The texts of a tile that a search looks at. The page's script reads them from the tile."""
_SENTENCE = re.compile(r"(.{1,160}?[.:;])\s+(?=\S)", re.DOTALL)
_DAY = 86_400


class TileView(msgspec.Struct, frozen=True, kw_only=True):
    """A link as a tile. `address` is its readable host and path, `url` what it opens."""

    id: int
    name: str
    keywords: str
    description: str
    address: str
    url: str
    arch: Arch
    section: str


class SectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A section of tiles. A portal without sections has one without a heading.

    The page draws the `first` of the tiles at once, and the others after the first screen.
    """

    heading: str
    tiles: tuple[TileView, ...]
    first: int


class MatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A tile that matches a search. `parts` has its searched texts, the matches marked.

    `by_keyword` says whether the tile shows its keywords, which explain the match.
    """

    tile: TileView
    by_keyword: bool
    parts: Mapping[str, tuple[Part, ...]]


class RecentView(msgspec.Struct, frozen=True, kw_only=True):
    """A recently opened tile. `time` is in epoch seconds, `ago` in words."""

    tile: TileView
    time: int
    ago: str


class VisitorView(msgspec.Struct, frozen=True, kw_only=True):
    """The signed-in user."""

    name: str
    email: str
    initials: str


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """The portal's notification. `lead` is its first sentence; `digest` changes with the text."""

    lead: str
    rest: str
    digest: str


class DayView(msgspec.Struct, frozen=True, kw_only=True):
    """The day at the top of the page. `number` is the day of the month."""

    number: int
    weekday: str
    date: str


class AupView(msgspec.Struct, frozen=True, kw_only=True):
    """A policy to accept, with addresses that are safe in `mailto:` and `tel:` links."""

    id: int
    version: str
    text: str
    changed: str
    email: str
    email_address: str
    phone: str
    phone_address: str


def make_sections(
    sections: Iterable[PortalSection], base: str, language: Language
) -> tuple[SectionView, ...]:
    """Return the sections of a portal whose path is `base`."""
    sections = list(sections)
    titled = any(section.name for section in sections)
    other = language.gettext("Other links") if titled else ""
    made, room = [], FIRST_TILES
    for section in sections:
        tiles = tuple(make_tile(link, base, section.name or other) for link in section.links)
        first = min(room, len(tiles))
        made.append(SectionView(heading=section.name or other, tiles=tiles, first=first))
        room -= first
    return tuple(made)


def make_tile(link: PresentedLink, base: str, section: str = "") -> TileView:
    """Return the tile of one link."""
    picture = (
        f"{base}/pictures/{picture_digest(link.icon_text)}" if read_picture(link.icon_text) else ""
    )
    return TileView(
        id=link.id,
        name=link.name,
        keywords=", ".join(link.presentation.keywords),
        description=link.description.strip(),
        address=display_host(link.link) + display_path(link.link_path),
        url=target_url(link),
        arch=make_arch(link.name, picture=picture, is_dark=link.presentation.icon_is_dark),
        section=section,
    )


def make_pictures(links: Iterable[PresentedLink]) -> dict[str, Picture]:
    """Return the pictures of links by the last part of their address."""
    texts = {link.icon_text for link in links if link.icon_text.startswith("data:")}
    read = ((text, read_picture(text)) for text in texts)
    return {picture_digest(text): picture for text, picture in read if picture is not None}


def display_path(path: str) -> str:
    """Return a readable path, without invisible or bidirectional characters; empty for the root."""
    if path == "/":
        return ""
    return path if path.isprintable() else quote(path, safe="/?#&=+%")


def make_visitor(name: str, email: str) -> VisitorView:
    """Return the user's view, with one or two initials."""
    words = [word for word in re.split(r"[\s._-]+", name) if word[:1].isalnum()]
    chosen = words[:1] + words[1:][-1:]
    return VisitorView(
        name=name,
        email=email if email != name else "",
        initials="".join(word[0] for word in chosen).upper() or "?",
    )


def make_notice(portal: PresentedPortal, now: int) -> NoticeView | None:
    """Return the portal's notification, or None if it is off, empty, or not shown at this time."""
    text, page = portal.user_notification.strip(), portal.page
    is_shown = portal.user_notification_enabled and bool(text)
    if not is_shown or not is_current(page.notice_starts, page.notice_ends, now):
        return None
    first = _SENTENCE.match(text)
    lead, rest = (first[1], text[first.end() :]) if first else (text, "")
    return NoticeView(lead=lead, rest=rest, digest=picture_digest(text))


def make_day(now: int, language: Language) -> DayView:
    """Return the day in UTC. The page's script replaces it with the reader's own."""
    today = _date(now)
    return DayView(
        number=today.day, weekday=language.weekday(today), date=language.day_and_month(today)
    )


def make_aup(aup: Aup, version: str, language: Language) -> AupView:
    """Return the view of a policy."""
    changed = _date(aup.modified_time)
    return AupView(
        id=aup.id,
        version=version,
        text=aup.aup.strip(),
        changed=f"{language.day_and_month(changed)} {changed.year}".replace(
            " ", "\N{NO-BREAK SPACE}"
        ),
        email=aup.email,
        email_address=quote(aup.email, safe="@"),
        phone=aup.phone_num,
        phone_address=re.sub(r"[^0-9+]", "", aup.phone_num),
    )


def make_recents(
    opened: Iterable[RecentLink], tiles: Mapping[int, TileView], now: int, language: Language
) -> tuple[RecentView, ...]:
    """Return the links that the user opened last, of those that the user still sees."""
    visible = [each for each in opened if each.link_id in tiles]
    return tuple(
        RecentView(tile=tiles[each.link_id], time=each.time, ago=ago(each.time, now, language))
        for each in visible[:RECENTS_SHOWN]
    )


def ago(time: int, now: int, language: Language) -> str:
    """Return how long ago a time was, in a few words."""
    if now - time < 60:
        return language.gettext("Now")
    if now - time < 3_600:
        return language.gettext("%(num)d min", num=(now - time) // 60)
    days = now // _DAY - time // _DAY
    if days == 0:
        return language.gettext("Today")
    if days == 1:
        return language.gettext("Yesterday")
    return language.short_weekday(_date(time)) if days < 7 else language.day_and_month(_date(time))


def find_tiles(query: str, tiles: Sequence[TileView]) -> tuple[MatchView, ...]:
    """Return the tiles that match a query, the best first."""
    texts = list(map(_texts, tiles))
    return tuple(
        MatchView(
            tile=tiles[match.index],
            by_keyword=match.position is MatchPosition.IN_KEYWORDS,
            parts=dict(
                zip(SEARCHED, map(marked_parts, texts[match.index], match.spans), strict=True)
            ),
        )
        for match in find_matches(query, texts)
    )


def nearest_tile(query: str, tiles: Sequence[TileView]) -> TileView | None:
    """Return the tile with the most similar name or keyword, or None if none is similar."""
    index = nearest_item(query, list(map(_texts, tiles)))
    return None if index is None else tiles[index]


def _texts(tile: TileView) -> Texts:
    return tile.name, tile.keywords, tile.description, tile.address


def _date(time: int) -> date:
    return datetime.fromtimestamp(time, UTC).date()
