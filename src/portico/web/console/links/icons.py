"""The icons of links, and their chooser in a link's form: what fits words or a host."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from portico.domain.errors import NotFound
from portico.web.console.frame.forms import Form, FormPicture
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.console.links.catalogue import (
    CatalogueIcon,
    draw_icon,
    find_icons,
    icon_of,
    icons_for_host,
)
from portico.web.shared.branding import picture_digest
from portico.web.shared.files import picture_answer
from portico.web.shared.pages import page_answer
from portico.web.shared.pictures import read_picture


class IconOffer(msgspec.Struct, frozen=True, kw_only=True):
    """One icon to choose."""

    slug: str
    name: str
    picture: str
    is_dark: bool


class IconChooser(msgspec.Struct, frozen=True, kw_only=True):
    """The icons that fit the words, or the host if there are none. `chosen` is one of them."""

    text: str
    chosen: str
    offers: list[IconOffer]


@get("/links/icons")
async def show_icons(console: Console) -> Response:
    """Show the icons for the words or the host in a form. It is a part of the page of a link."""
    query = console.query
    async with console.preparing():
        pass
    chooser = await console.site.threads.run(
        lambda: offer_icons(
            query.get("icon_find", ""), query.get("host", ""), query.get("icon_pick", "")
        )
    )
    html = console.site.renderer.render(
        "console/link_icons.html", console.language.code, chooser=chooser
    )
    return page_answer(html)


@get("/links/{id}/icon/{digest}")
async def show_icon(console: Console) -> Response:
    """Return the picture of a link. Raises NotFound without the one whose digest is given."""
    async with console.reading() as work:
        text = (await work.links.get(console.record_id)).icon_text
    if picture_digest(text) != console.request.path_params["digest"]:
        raise NotFound("picture")
    return picture_answer(await console.site.threads.run(lambda: read_picture(text)))


def offer_icons(text: str, host: str, chosen: str) -> IconChooser:
    """Return the icons to offer, first the chosen one. It draws them, which takes a while."""
    found = find_icons(text) if text.strip() else icons_for_host(host)
    first = icon_of(chosen)
    listed = ([first] if first else []) + [icon for icon in found if icon is not first]
    return IconChooser(
        text=text.strip(),
        chosen=first.slug if first else "",
        offers=[
            IconOffer(slug=icon.slug, name=icon.name, picture=drawn.data_uri, is_dark=drawn.is_dark)
            for icon, drawn in ((each, draw_icon(each)) for each in listed)
        ],
    )


def chosen_icon(form: Form, stored: FormPicture) -> FormPicture:
    """Return the icon that a form requests: from the catalogue, uploaded, or the stored one.

    Without scripts, the whole name of an icon can be typed.
    """
    icon = icon_of(form.value("icon_pick")) or _named(form.value("icon_find"))
    if icon is None:
        return form.picture("icon", stored)
    drawn = draw_icon(icon)
    return FormPicture(drawn.data_uri, drawn.is_dark)


def _named(text: str) -> CatalogueIcon | None:
    found = find_icons(text) if text.strip() else []
    return next((icon for icon in found if icon.name.lower() == text.strip().lower()), None)


ROUTES = [show_icons, show_icon]
