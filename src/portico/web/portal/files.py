"""A portal's own files: logo, favicon, colours and manifest, and the pictures of its links.

The sign-in page shows the branding, so everybody may load it. A link's picture requires that the
visitor sees the link.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from portico.domain.errors import NotFound
from portico.domain.portals.accent import derive_accent, nearest_accent
from portico.services.portals.visits import (
    PortalVisit,
    read_portal,
    require_portal_address,
    view_portal_links,
)
from portico.web.portal.content import PortalContent
from portico.web.portal.visits import cookies_of, visit_language
from portico.web.shared.branding import make_branding
from portico.web.shared.files import file_answer, picture_answer
from portico.web.shared.pictures import read_picture
from portico.web.shared.routes import get
from portico.web.shared.site import Site

_CANVAS, _INK = "#f4f5f2", "#0b6659"


@get("/p/{portal}/logo")
async def logo(site: Site, request: Request, portal: str) -> Response:
    """Return the portal's logo. Raises NotFound without a picture."""
    return picture_answer(read_picture((await read_portal(site.runtime, portal)).image_data))


@get("/p/{portal}/favicon")
async def favicon(site: Site, request: Request, portal: str) -> Response:
    """Return the portal's favicon. Raises NotFound without a picture."""
    return picture_answer(read_picture((await read_portal(site.runtime, portal)).page.favicon))


@get("/p/{portal}/theme.css")
async def theme(site: Site, request: Request, portal: str) -> Response:
    """Return the style sheet of the portal's accent colour, made readable in both themes."""
    page = (await read_portal(site.runtime, portal)).page
    if not page.accent:
        raise NotFound(portal)
    accent = derive_accent(nearest_accent(page.accent))
    light, dark = accent.light, accent.dark
    declarations = (
        f"--accent: light-dark({light.accent}, {dark.accent})",
        f"--accent-hover: light-dark({light.hover}, {dark.hover})",
        f"--accent-ink: light-dark({light.ink}, {dark.ink})",
    )
    sheet = ":root {\n" + "".join(f"  {each};\n" for each in declarations) + "}\n"
    return file_answer(sheet.encode(), "text/css")


@get("/p/{portal}/manifest.webmanifest")
async def manifest(site: Site, request: Request, portal: str) -> Response:
    """Return what a browser needs to install the portal as an app."""
    presented = await read_portal(site.runtime, portal)
    branding = make_branding(presented)
    icons = [
        {"src": site.static.address(f"icon-{side}.png"), "sizes": f"{side}x{side}"}
        for side in (192, 512)
    ]
    picture = read_picture(presented.image_data)
    if picture is not None and picture.width == picture.height >= 144:
        size = f"{picture.width}x{picture.height}"
        icons.insert(0, {"src": branding.logo, "sizes": size, "type": picture.media_type})
    content = {
        "id": branding.base,
        "name": branding.title,
        "short_name": branding.title[:12].rstrip(),
        "start_url": branding.base,
        "scope": branding.base,
        "display": "standalone",
        "background_color": _CANVAS,
        "theme_color": presented.page.accent or _INK,
        "icons": icons,
    }
    body = json.dumps(content, ensure_ascii=False).encode()
    return file_answer(body, "application/manifest+json", cached="no-cache")


@get("/p/{portal}/pictures/{digest}")
async def picture(site: Site, request: Request, portal: str, digest: str) -> Response:
    """Return a picture of a link that the visitor sees. Raises NotFound or SignInRequired."""

    def find_cached(visit: PortalVisit) -> PortalContent | None:
        return site.portal_contents.find(visit, visit_language(request, visit))

    address = await require_portal_address(site.runtime, portal)
    view = await view_portal_links(site.runtime, address, cookies_of(site, request), find_cached)
    content = await site.portal_contents.of_view(view, visit_language(request, view.visit))
    return picture_answer(content.pictures.get(digest))


ROUTES = (logo, favicon, theme, manifest, picture)
