"""Rendered links of portals, cached for one revision of the tenant.

They hold nothing personal, so visitors with the same groups and language share them. Each write of
the tenant raises its revision, so the next visit renders them again, as it does when the next start
or end of a link has come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec
from cachetools import LRUCache
from markupsafe import Markup

from portico.asgi.threads import Threads
from portico.services.portals.visits import PortalView, PortalVisit
from portico.web.portal.view import TileView, make_pictures, make_sections
from portico.web.shared.branding import portal_path
from portico.web.shared.pictures import Picture
from portico.web.shared.rendering import Renderer

_STAR = re.compile(r'value="(\d+)" aria-pressed="false"')
CACHED_BYTES = 32 * 1024 * 1024


class PortalContent(msgspec.Struct, frozen=True, kw_only=True):
    """What visitors with the same groups see of a portal: tiles, their HTML and pictures.

    It is valid from `rendered` until before `expires`, if that is not None.
    """

    tiles: Mapping[int, TileView]
    headings: tuple[str, ...] = ()
    html: str
    pictures: Mapping[str, Picture]
    rendered: int = 0
    expires: int | None = None

    def is_valid(self, now: int) -> bool:
        """Return whether the dates of links have changed nothing. A clock may also be put back."""
        return self.rendered <= now and (self.expires is None or now < self.expires)

    def starred(self, favourites: Iterable[int]) -> Markup:
        """Return the sections' HTML with the star buttons of a user's favourites pressed."""
        pressed = {str(link_id) for link_id in favourites}

        def star(match: re.Match[str]) -> str:
            return f'value="{match[1]}" aria-pressed="{str(match[1] in pressed).lower()}"'

        # The template escaped all texts, so none of them can look like a star button.
        return Markup(_STAR.sub(star, self.html) if pressed else self.html)

    @property
    def size(self) -> int:
        """The approximate size in memory, in bytes."""
        pictures = sum(len(picture.content) for picture in self.pictures.values())
        return 3 * len(self.html) + pictures + 1_024


class PortalContents:
    """The cache of rendered contents of one server process, of at most `limit_bytes`."""

    def __init__(
        self, renderer: Renderer, threads: Threads, limit_bytes: int = CACHED_BYTES
    ) -> None:
        self._renderer = renderer
        self._threads = threads
        # A content over the limit counts as the limit, so that it is cached alone.
        self._cached: LRUCache[tuple[object, ...], tuple[int, PortalContent]] = LRUCache(
            limit_bytes, getsizeof=lambda entry: min(entry[1].size, limit_bytes)
        )

    def find(self, visit: PortalVisit, language: str) -> PortalContent | None:
        """Return the content for a visitor if it is of the tenant's current revision and valid."""
        revision, content = self._cached.get(_key(visit, language), (None, None))
        if content is None or revision != visit.revision or not content.is_valid(visit.now):
            return None
        return content

    async def of_view(self, view: PortalView[PortalContent], language: str) -> PortalContent:
        """Return the cached content of a view, or else render its links and cache the result."""
        if view.cached is not None:
            return view.cached
        base = portal_path(view.visit.portal)

        def render() -> PortalContent:
            sections = make_sections(view.sections, base, self._renderer.language(language))
            return PortalContent(
                headings=tuple(section.heading for section in sections),
                tiles={tile.id: tile for section in sections for tile in section.tiles},
                html=self._renderer.render("portal/sections.html", language, sections=sections),
                pictures=make_pictures(link for each in view.sections for link in each.links),
                rendered=view.visit.now,
                expires=view.changes,
            )

        # 500 links with pictures of 128 KiB are 64 MB to decode.
        content = await self._threads.run(render)
        self._cached[_key(view.visit, language)] = (view.visit.revision, content)
        return content


def _key(visit: PortalVisit, language: str) -> tuple[object, ...]:
    return visit.portal.customer_id, visit.portal.id, visit.group_ids, language
