"""What the portal's templates show: frozen view-models, and how they are made from records.

Nothing here reads a database or a request, so a page can be looked at with made-up data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import quote

from portico.domain.links.display_hosts import display_host
from portico.domain.links.link_finder import Span, find_links, nearest_link
from portico.domain.links.links import target_url
from portico.domain.links.presentation import PortalSection, PresentedLink
from portico.domain.policies import Aup
from portico.domain.portals.pages import PresentedPortal
from portico.domain.tenancy.identity import fingerprint
from portico.web.shared.arch import Arch, make_arch
from portico.web.shared.languages import Language
from portico.web.shared.pictures import Picture, read_picture

FAVOURITES_SHOWN = 8
RECENTS_SHOWN = 5
SEARCHED = ("name", "description", "address")
"""The texts of a tile that a search looks at. The page's script reads them from the tile."""
THEMES = ("light", "dark", "system")
_SENTENCE = re.compile(r"(.{1,160}?[.:;])\s+(?=\S)", re.DOTALL)
_DAY = 86_400

Part = tuple[str, bool]


@dataclass(frozen=True, kw_only=True)
class TileView:
    """A link as a tile. `address` is host and path to read, `url` what it opens."""

    id: int
    name: str
    description: str
    address: str
    url: str
    arch: Arch
    section: str


@dataclass(frozen=True, kw_only=True)
class SectionView:
    """Tiles under a heading; without one on a portal that has no sections."""

    heading: str
    tiles: tuple[TileView, ...]


@dataclass(frozen=True, kw_only=True)
class MatchView:
    """A tile that matches a search. `parts` has its searched texts, the matches marked."""

    tile: TileView
    parts: Mapping[str, tuple[Part, ...]]


@dataclass(frozen=True, kw_only=True)
class RecentView:
    """A tile that was opened lately; `time` is in epoch seconds, `ago` in words."""

    tile: TileView
    time: int
    ago: str


@dataclass(frozen=True, kw_only=True)
class BrandingView:
    """A portal's brand and addresses. `base` is the path of its actions, `home` of its page."""

    id: int
    title: str
    subtitle: str
    base: str
    home: str
    logo: str = ""
    favicon: str = ""
    theme_css: str = ""
    manifest: str = ""
    sign_in: str = ""


@dataclass(frozen=True, kw_only=True)
class VisitorView:
    """The signed-in user."""

    name: str
    email: str
    initials: str


@dataclass(frozen=True, kw_only=True)
class NoticeView:
    """The portal's notification: its first sentence, what follows, and what tells a new text."""

    lead: str
    rest: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class DayView:
    """The day at the head of the page; `number` is that of the day in its month."""

    number: int
    weekday: str
    date: str


@dataclass(frozen=True, kw_only=True)
class AupView:
    """A policy to accept, with addresses that are safe behind `mailto:` and `tel:`."""

    id: int
    version: str
    text: str
    changed: str
    email: str
    email_address: str
    phone: str
    phone_address: str


@dataclass(frozen=True, kw_only=True)
class MessageView:
    """A page of one sentence and one next step; without `step` there is none."""

    title: str
    text: str
    step: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class SignInView:
    """The form at the door; `providers` are labels and addresses."""

    action: str
    next: str
    name: str = ""
    fault: str = ""
    providers: tuple[tuple[str, str], ...] = ()
    local: bool = True


def make_branding(portal: PresentedPortal, *, home: str = "", sign_in: str = "") -> BrandingView:
    """The brand of a portal; `home` when its page is not at its base, as on its own domain."""
    base = f"/p/{portal.page.slug or portal.id}"
    title = portal.page.title or portal.name
    return BrandingView(
        id=portal.id,
        title=title,
        subtitle=portal.name if portal.name != title else "",
        base=base,
        home=home or base,
        logo=brand_address(base, "logo", portal.image_data),
        favicon=brand_address(base, "favicon", portal.page.favicon),
        theme_css=f"{base}/theme.css?v={portal.page.accent[1:]}" if portal.page.accent else "",
        manifest=f"{base}/manifest.webmanifest",
        sign_in=sign_in,
    )


def brand_address(base: str, name: str, text: str) -> str:
    """The address of a portal's own picture, new when the picture is; empty when it is none."""
    return f"{base}/{name}?v={_digest(text)}" if read_picture(text) else ""


def make_sections(
    sections: Iterable[PortalSection], base: str, language: Language
) -> tuple[SectionView, ...]:
    """The sections as a page shows them."""
    shown = list(sections)
    titled = any(section.name for section in shown)
    other = language.gettext("Other links") if titled else ""
    return tuple(
        SectionView(
            heading=section.name or other,
            tiles=tuple(make_tile(link, base, section.name or other) for link in section.links),
        )
        for section in shown
    )


def make_tile(link: PresentedLink, base: str, section: str = "") -> TileView:
    """The tile of one link."""
    picture = f"{base}/pictures/{_digest(link.icon_text)}" if read_picture(link.icon_text) else ""
    return TileView(
        id=link.id,
        name=link.name,
        description=link.description.strip(),
        address=display_host(link.link) + shown_path(link.link_path),
        url=target_url(link),
        arch=make_arch(link.name, picture=picture, is_dark=link.presentation.icon_is_dark),
        section=section,
    )


def make_pictures(links: Iterable[PresentedLink]) -> dict[str, Picture]:
    """The pictures of links by the last part of their address."""
    texts = {link.icon_text for link in links if link.icon_text.startswith("data:")}
    read = ((text, read_picture(text)) for text in texts)
    return {_digest(text): picture for text, picture in read if picture is not None}


def shown_path(path: str) -> str:
    """A path to read: nothing for the root, and no invisible or turning characters."""
    if path == "/":
        return ""
    return path if path.isprintable() else quote(path, safe="/?#&=+%")


def make_visitor(name: str, email: str) -> VisitorView:
    """The user with one or two initials."""
    words = [word for word in re.split(r"[\s._-]+", name) if word[:1].isalnum()]
    chosen = words[:1] + words[1:][-1:]
    return VisitorView(
        name=name,
        email=email if email != name else "",
        initials="".join(word[0] for word in chosen).upper() or "?",
    )


def make_notice(portal: PresentedPortal) -> NoticeView | None:
    """The portal's notification, when it is on and says something."""
    text = portal.user_notification.strip()
    if not portal.user_notification_enabled or not text:
        return None
    first = _SENTENCE.match(text)
    lead, rest = (first[1], text[first.end() :]) if first else (text, "")
    return NoticeView(lead=lead, rest=rest, digest=_digest(text))


def make_day(now: int, language: Language) -> DayView:
    """The day by UTC; the page's script puts the reader's own in its place."""
    today = _date(now)
    return DayView(
        number=today.day, weekday=language.weekday(today), date=language.day_and_month(today)
    )


def make_aup(aup: Aup, version: str, language: Language) -> AupView:
    """The policy as its page shows it."""
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
    opened: Iterable[tuple[int, int]], tiles: Mapping[int, TileView], now: int, language: Language
) -> tuple[RecentView, ...]:
    """The latest openings, given as link id and time, of links that are still to be seen."""
    shown = [(tiles[link_id], time) for link_id, time in opened if link_id in tiles]
    return tuple(
        RecentView(tile=tile, time=time, ago=ago(time, now, language))
        for tile, time in shown[:RECENTS_SHOWN]
    )


def ago(time: int, now: int, language: Language) -> str:
    """How long ago, in as few words as tell it."""
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
    texts = [[getattr(tile, name) for name in SEARCHED] for tile in tiles]
    return tuple(
        MatchView(
            tile=tiles[match.index],
            parts=dict(zip(SEARCHED, map(_parts, texts[match.index], match.spans), strict=True)),
        )
        for match in find_links(query, texts)
    )


def nearest_tile(query: str, tiles: Sequence[TileView]) -> TileView | None:
    """The tile with the nearest name, if any is near."""
    index = nearest_link(query, [tile.name for tile in tiles])
    return None if index is None else tiles[index]


def _parts(text: str, spans: Iterable[Span]) -> tuple[Part, ...]:
    parts: list[Part] = []
    done = 0
    for start, end in spans:
        if start > done:
            parts.append((text[done:start], False))
        parts.append((text[start:end], True))
        done = end
    if done < len(text):
        parts.append((text[done:], False))
    return tuple(parts)


def _date(time: int) -> date:
    return datetime.fromtimestamp(time, UTC).date()


def _digest(text: str) -> str:
    return fingerprint(text.encode("utf-8", "surrogatepass"))
