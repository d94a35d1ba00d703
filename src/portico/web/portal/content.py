"""The links of portals as pages show them, rendered once for a revision of the tenant.

Nothing in them is one person's, so everybody with the same groups and language shares them. Any
write of the tenant raises its revision, and so makes the next visitor's page a new one.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from portico.asgi.threads import Threads
from portico.domain.links.presentation import seen_by
from portico.services.people.groups import list_groups
from portico.services.portals.pages import list_portal_links
from portico.services.work import UnitOfWork
from portico.web.portal.view import BrandingView, TileView, make_pictures, make_sections
from portico.web.shared.pictures import Picture
from portico.web.shared.rendering import Renderer

_STAR = re.compile(r'value="(\d+)" aria-pressed="false"')
CACHED_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class PortalContent:
    """What one group of people sees on a portal: the tiles, their HTML, their pictures."""

    tiles: Mapping[int, TileView]
    html: str
    pictures: Mapping[str, Picture]

    def starred(self, favourites: Iterable[int]) -> Markup:
        """The sections with the stars of one person's favourites pressed."""
        pressed = {str(link_id) for link_id in favourites}

        def star(found: re.Match[str]) -> str:
            return f'value="{found[1]}" aria-pressed="{str(found[1] in pressed).lower()}"'

        # The template escaped every text when it made this, so no text looks like a star.
        return Markup(_STAR.sub(star, self.html) if pressed else self.html)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        pictures = sum(len(picture.content) for picture in self.pictures.values())
        return 3 * len(self.html) + pictures + 1_024


async def make_content(
    work: UnitOfWork,
    portal_id: int,
    face: BrandingView,
    group_ids: frozenset[int],
    *,
    renderer: Renderer,
    language: str,
    threads: Threads,
) -> PortalContent:
    """What the members of the groups see of an enabled portal."""
    names: list[str] = []
    if group_ids:
        names = [each.name for each in (await list_groups(work)).groups if each.id in group_ids]
    seen = seen_by(await list_portal_links(work, portal_id), names)

    def render() -> PortalContent:
        sections = make_sections(seen, face.base, renderer.language(language))
        return PortalContent(
            tiles={tile.id: tile for section in sections for tile in section.tiles},
            html=renderer.render("portal/sections.html", language, sections=sections),
            pictures=make_pictures(link for section in seen for link in section.links),
        )

    # 500 links with pictures of 128 KiB are 64 MB to decode.
    return await threads.run(render)


class PortalContents:
    """Contents that were made lately, of one server process; `limit_bytes` bounds them all."""

    def __init__(self, threads: Threads, limit_bytes: int = CACHED_BYTES) -> None:
        self._threads = threads
        self._limit = limit_bytes
        self._kept: OrderedDict[tuple[object, ...], tuple[int, PortalContent]] = OrderedDict()
        self._size = 0

    async def get(
        self,
        work: UnitOfWork,
        portal_id: int,
        face: BrandingView,
        group_ids: frozenset[int],
        *,
        renderer: Renderer,
        language: str,
    ) -> PortalContent:
        """As make_content, unless it was made at this revision of the tenant."""
        revision = work.tenant.revision
        key = (work.scope, portal_id, face.base, group_ids, language)
        kept = self._kept.get(key)
        if kept is not None and kept[0] == revision:
            self._kept.move_to_end(key)
            return kept[1]
        content = await make_content(
            work,
            portal_id,
            face,
            group_ids,
            renderer=renderer,
            language=language,
            threads=self._threads,
        )
        self._keep(key, revision, content)
        return content

    def _keep(self, key: tuple[object, ...], revision: int, content: PortalContent) -> None:
        earlier = self._kept.pop(key, None)
        if earlier is not None:
            self._size -= earlier[1].size
        self._kept[key] = (revision, content)
        self._size += content.size
        while self._size > self._limit and len(self._kept) > 1:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._size -= dropped.size
