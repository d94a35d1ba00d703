"""Rendered links are kept for one revision of the tenant, never longer, and never without bound."""

from __future__ import annotations

import re

from portico.asgi.threads import Threads
from portico.services.work import UnitOfWork
from portico.web.portal.content import PortalContent, PortalContents
from portico.web.portal.view import BrandingView, TileView
from portico.web.shared.arch import make_arch
from portico.web.shared.pictures import Picture
from portico.web.shared.rendering import Renderer
from tests.harness import Tenant
from tests.web.portal.portals import make_portal, reading


def content(size: int) -> PortalContent:
    """Content of about a size."""
    picture = Picture(media_type="image/png", content=b"x" * size, width=1, height=1)
    return PortalContent(tiles={}, html="", pictures={"x": picture})


def test_star_is_pressed_for_the_favourites_alone() -> None:
    tiles = [
        TileView(
            id=number,
            name=f'Link "{number}" value="2" aria-pressed="false"',
            description="",
            address="a.example",
            url="https://a.example",
            arch=make_arch("x"),
            section="",
        )
        for number in (1, 2, 12)
    ]
    html = Renderer(lambda name: name).render(
        "portal/sections.html", "en", sections=[{"heading": "", "tiles": tiles}]
    )
    made = PortalContent(tiles={}, html=html, pictures={})
    pressed = re.findall(r'value="(\d+)" aria-pressed="true"', made.starred([2, 99]))

    assert pressed == ["2"]
    assert made.html == html


def test_kept_content_is_bounded() -> None:
    contents = PortalContents(Threads(), limit_bytes=10_000)
    for number in range(50):
        contents._keep((number,), 1, content(2_000))
    contents._keep((49,), 2, content(2_500))

    assert contents._size == sum(each.size for _, each in contents._kept.values()) <= 10_000
    assert contents._kept[(49,)][0] == 2


def test_pages_are_new_after_any_write_and_in_each_language(tenant: Tenant) -> None:
    portal = make_portal(tenant)
    link_id = portal.add_link("Wiki")
    http = portal.server.http
    for _ in range(2):
        assert "1 link<" in http.get(portal.base).text
        german = http.get(portal.base, headers={"Accept-Language": "de"}).text
        assert "1 Link<" in german
    stored = portal.admin.get(f"userPortalLink/{link_id}").json()
    answer = portal.admin.put(f"userPortalLink/{link_id}", stored | {"name": "Handbook"})
    assert answer.status_code == 204, answer.text
    seen = http.get(portal.base).text

    assert "Handbook" in seen
    assert "Wiki" not in seen


def test_get_makes_content_once_for_a_revision(tenant: Tenant) -> None:
    made: list[int] = []

    class Counting(PortalContents):
        def _keep(self, key: tuple[object, ...], revision: int, content: PortalContent) -> None:
            made.append(revision)
            super()._keep(key, revision, content)

    portal = make_portal(tenant)
    portal.add_link("Wiki")
    contents = Counting(Threads())
    face = BrandingView(id=1, title="T", subtitle="", base=portal.base, home=portal.base)

    async def look(work: UnitOfWork) -> int:
        renderer = Renderer(lambda name: name)
        for _ in range(3):
            found = await contents.get(
                work, int(portal.id), face, frozenset(), renderer=renderer, language="en"
            )
        return len(found.tiles)

    assert reading(portal, look) == 1
    portal.add_link("Mail")
    assert reading(portal, look) == 2

    assert len(made) == 2
