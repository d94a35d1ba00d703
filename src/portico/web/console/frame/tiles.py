"""The icon and the address of links in the console's lists."""

from __future__ import annotations

from portico.domain.links.display_hosts import display_host
from portico.domain.links.links import Link, LinkSpec
from portico.domain.links.presentation import PresentedLink
from portico.web.shared.arch import Arch, make_arch
from portico.web.shared.branding import picture_digest
from portico.web.shared.pictures import read_picture


def tile_of(link: Link, base: str) -> Arch:
    """Return the icon of a link: its picture if that is valid, or the first letter of its name.

    `base` is the path of the link's microtenant. The picture has an address of its own, because
    the icons of one page can have some megabytes.
    """
    is_dark = link.presentation.icon_is_dark if isinstance(link, PresentedLink) else None
    picture = ""
    if link.icon_text and read_picture(link.icon_text):
        picture = f"{base}/links/{link.id}/icon/{picture_digest(link.icon_text)}"
    return make_arch(link.name, picture=picture, is_dark=is_dark)


def icon_tile(name: str, icon_text: str, *, is_dark: bool | None = None) -> Arch:
    """Return the icon for a name and an icon text, which nothing has stored yet."""
    picture = icon_text if icon_text and read_picture(icon_text) else ""
    return make_arch(name, picture=picture, is_dark=is_dark)


def address_of(link: LinkSpec) -> str:
    """Return host and path for display."""
    return f"{display_host(link.link)}{link.link_path}"
