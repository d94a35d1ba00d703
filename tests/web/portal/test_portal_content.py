"""Rendered links are cached for one revision of the tenant, and within a bound."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from portico.asgi.threads import Threads
from portico.domain.portals.pages import PortalAddress
from portico.services.portals.visits import PortalCookies, view_portal
from portico.services.runtime import Runtime
from portico.web.portal.content import PortalContent, PortalContents
from portico.web.portal.view import TileView
from portico.web.shared.arch import make_arch
from portico.web.shared.pictures import Picture
from portico.web.shared.rendering import Renderer
from tests.contract.people import with_quick_passwords
from tests.harness import Tenant, as_operator
from tests.web.portal.portals import make_portal

RENDERER = Renderer(lambda name: name)


def content(size: int) -> PortalContent:
    """Content of about a size."""
    picture = Picture(media_type="image/png", content=b"x" * size, width=1, height=1)
    return PortalContent(tiles={}, html="", pictures={"x": picture})


def test_star_is_pressed_for_the_favourites_alone() -> None:
    tiles = [
        TileView(
            id=number,
            name=f'Link "{number}" value="2" aria-pressed="false"',
            keywords="",
            description="",
            address="a.example",
            url="https://a.example",
            arch=make_arch("x"),
            section="",
        )
        for number in (1, 2, 12)
    ]
    html = RENDERER.render(
        "portal/sections.html", "en", sections=[{"heading": "", "tiles": tiles, "first": 1}]
    )
    made = PortalContent(tiles={}, html=html, pictures={})
    pressed = re.findall(r'value="(\d+)" aria-pressed="true"', made.starred([2, 99]))

    assert pressed == ["2"]
    assert made.html == html


def test_cached_content_is_bounded() -> None:
    contents = PortalContents(RENDERER, Threads(), limit_bytes=10_000)
    for number in range(50):
        contents._cached[(number,)] = (1, content(2_000))
    contents._cached[(49,)] = (2, content(2_500))

    assert sum(each.size for _, each in contents._cached.values()) <= 10_000
    assert len(contents._cached) > 1
    assert contents._cached[(49,)][0] == 2


def test_content_over_the_bound_is_cached_alone() -> None:
    contents = PortalContents(RENDERER, Threads(), limit_bytes=10_000)
    contents._cached[(1,)] = (1, content(2_000))
    contents._cached[(2,)] = (1, content(20_000))

    assert list(contents._cached) == [(2,)]


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


def test_content_is_rendered_once_for_a_revision(tenant: Tenant) -> None:
    made: list[str] = []

    class Counting(Renderer):
        def render(self, template: str, language: str, **variables: object) -> str:
            made.append(template)
            return super().render(template, language, **variables)

    portal = make_portal(tenant)
    portal.add_link("Wiki")
    contents = PortalContents(Counting(lambda name: name), Threads())
    address = PortalAddress(
        address="x", customer_id=int(tenant.customer_id), portal_id=int(portal.id)
    )
    cookies = PortalCookies(session_token=lambda _: "")

    async def look(runtime: Runtime) -> int:
        for _ in range(3):
            view = await view_portal(
                with_quick_passwords(runtime),
                address,
                cookies,
                lambda visit: contents.find(visit, "en"),
            )
            found = await contents.of_view(view, "en")
        return len(found.tiles)

    assert as_operator(portal.server.database, look) == 1
    portal.add_link("Mail")
    assert as_operator(portal.server.database, look) == 2

    assert len(made) == 2


def test_content_is_rendered_again_at_the_next_date_of_a_link(tenant: Tenant) -> None:
    portal = make_portal(tenant)
    portal.add_link("Wiki", portico={"starts": "1000", "ends": "2000"})
    contents = PortalContents(RENDERER, Threads())
    address = PortalAddress(
        address="x", customer_id=int(tenant.customer_id), portal_id=int(portal.id)
    )
    cookies = PortalCookies(session_token=lambda _: "")
    # The clock is also put back, as the stand-in's can be.
    times = [500, 999, 1000, 1999, 2000, 1500]

    async def look(runtime: Runtime) -> list[tuple[bool, int]]:
        seen: list[tuple[bool, int]] = []
        for time in times:
            view = await view_portal(
                replace(with_quick_passwords(runtime), clock=partial(float, time)),
                address,
                cookies,
                lambda visit: contents.find(visit, "en"),
            )
            found = await contents.of_view(view, "en")
            seen.append((view.cached is not None, len(found.tiles)))
        return seen

    seen = as_operator(portal.server.database, look)

    assert seen == [(False, 0), (True, 0), (False, 1), (True, 1), (False, 0), (False, 1)]
