"""A portal's own files: logo, favicon, colours and manifest, and the pictures of its links.

The brand is there for everybody, since the door shows it; a link's picture is for
those who see the link.
"""

from __future__ import annotations

import json

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from portico.domain.errors import NotFound
from portico.domain.portals.accent import derive_accent, nearest_accent
from portico.web.portal.page import arrive, content_for, visit_address
from portico.web.portal.view import make_branding
from portico.web.shared.cookies import AnyRequest
from portico.web.shared.pictures import Picture, read_picture
from portico.web.shared.site import Site

# The address has a digest of what it shows, so nothing under it ever changes.
_KEPT = "private, max-age=31536000, immutable"
_POLICY = "default-src 'none'; sandbox"
_CANVAS, _INK = "#f4f5f2", "#0b6659"
File = Response[bytes]


@get("/p/{portal:str}/logo")
async def logo(site: NamedDependency[Site], portal: FromPath[str]) -> File:
    """The portal's logo, when it is a picture. Raises NotFound."""
    visit = await visit_address(site, portal)
    return _show(read_picture(visit.portal.image_data))


@get("/p/{portal:str}/favicon")
async def favicon(site: NamedDependency[Site], portal: FromPath[str]) -> File:
    """The portal's favicon, when it is a picture. Raises NotFound."""
    visit = await visit_address(site, portal)
    return _show(read_picture(visit.portal.page.favicon))


@get("/p/{portal:str}/theme.css")
async def theme(site: NamedDependency[Site], portal: FromPath[str]) -> File:
    """The portal's accent for both themes; an unreadable one is shown in a lightness that can be
    read.
    """
    visit = await visit_address(site, portal)
    if not visit.portal.page.accent:
        raise NotFound(portal)
    accent = derive_accent(nearest_accent(visit.portal.page.accent))
    light, dark = accent.light, accent.dark
    declarations = (
        f"--accent: light-dark({light.accent}, {dark.accent})",
        f"--accent-hover: light-dark({light.hover}, {dark.hover})",
        f"--accent-ink: light-dark({light.ink}, {dark.ink})",
    )
    sheet = ":root {\n" + "".join(f"  {each};\n" for each in declarations) + "}\n"
    return _file(sheet.encode(), "text/css")


@get("/p/{portal:str}/manifest.webmanifest")
async def manifest(site: NamedDependency[Site], portal: FromPath[str]) -> File:
    """What a browser needs to install the portal as an app."""
    visit = await visit_address(site, portal)
    face = make_branding(visit.portal)
    icons = [
        {"src": site.static.address(f"icon-{side}.png"), "sizes": f"{side}x{side}"}
        for side in (192, 512)
    ]
    picture = read_picture(visit.portal.image_data)
    if picture is not None and picture.width == picture.height >= 144:
        size = f"{picture.width}x{picture.height}"
        icons.insert(0, {"src": face.logo, "sizes": size, "type": picture.media_type})
    content = {
        "id": face.base,
        "name": face.title,
        "short_name": face.title[:12].rstrip(),
        "start_url": face.base,
        "scope": face.base,
        "display": "standalone",
        "background_color": _CANVAS,
        "theme_color": visit.portal.page.accent or _INK,
        "icons": icons,
    }
    body = json.dumps(content, ensure_ascii=False).encode()
    return _file(body, "application/manifest+json", kept="no-cache")


@get("/p/{portal:str}/pictures/{digest:str}")
async def picture(
    site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str], digest: FromPath[str]
) -> File:
    """The picture of a link that whoever asks may see. Raises NotFound or SignInNeeded."""
    content = await content_for(site, request, await arrive(site, request, portal))
    return _show(content.pictures.get(digest))


def _show(picture: Picture | None) -> File:
    if picture is None:
        raise NotFound("picture")
    return _file(picture.content, picture.media_type)


def _file(content: bytes, media_type: str, *, kept: str = _KEPT) -> File:
    headers = {
        "Cache-Control": kept,
        "Content-Security-Policy": _POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(content, media_type=media_type, headers=headers)


ROUTES = (logo, favicon, theme, manifest, picture)
