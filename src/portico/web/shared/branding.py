"""A portal's branding: its title, logo, favicon and colours, and the addresses of its pages."""

from __future__ import annotations

import msgspec

from portico.domain.portals.pages import PresentedPortal
from portico.domain.tenancy.identity import fingerprint
from portico.web.shared.pictures import read_picture


class BrandingView(msgspec.Struct, frozen=True, kw_only=True):
    """A portal's branding. `base` is the path of its actions, `home` that of its page."""

    id: int
    title: str
    subtitle: str
    base: str
    home: str
    logo: str = ""
    favicon: str = ""
    theme_css: str = ""
    manifest: str = ""


def portal_path(portal: PresentedPortal) -> str:
    """Return the path of a portal's page and actions, by its slug if it has one."""
    return f"/p/{portal.page.slug or portal.id}"


def make_branding(portal: PresentedPortal, *, home: str = "") -> BrandingView:
    """Return a portal's branding. `home` is the path of its page on its own domain."""
    base = portal_path(portal)
    title = portal.page.title or portal.name
    return BrandingView(
        id=portal.id,
        title=title,
        subtitle=portal.name if portal.name != title else "",
        base=base,
        home=home or base,
        logo=_picture_address(base, "logo", portal.image_data),
        favicon=_picture_address(base, "favicon", portal.page.favicon),
        theme_css=f"{base}/theme.css?v={portal.page.accent[1:]}" if portal.page.accent else "",
        manifest=f"{base}/manifest.webmanifest",
    )


def picture_digest(text: str) -> str:
    """Return the part of a picture's address that changes with the picture."""
    return fingerprint(text.encode("utf-8", "surrogatepass"))


def _picture_address(base: str, name: str, text: str) -> str:
    return f"{base}/{name}?v={picture_digest(text)}" if read_picture(text) else ""
