"""The catalogue of icons that come with Portico: finding one by words or by host, and drawing it.

`scripts/icons` makes its sheet and its list. See `static/vendor/README.md` for their licences.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from portico.domain.records import fold
from portico.web.shared.pictures import ICON_SIDE, StoredPicture, store_icon

if TYPE_CHECKING:
    from PIL import Image

FOLDER = "static/vendor/icons"
CELL, COLUMNS = 40, 24
"""The side of a cell of the sheet in pixels, and the number of cells in a row."""
RADIUS, SHARPNESS = 14, 4
FOUND, OFFERED = 24, 6
"""The most icons of a search, and the most that a host is offered."""
# Labels of hosts that say nothing about what is there.
_COMMON = {
    *("www", "app", "apps", "web", "prod", "test", "dev", "staging", "portal"),
    *("internal", "corp", "int", "local", "lan", "com", "org", "net", "co"),
}
_INK = (0x16, 0x1D, 0x1B)
_LIGHT_ABOVE = 0.55
"""The brightness of a colour, 0 to 1, above which its icon is drawn dark on it."""


class CatalogueIcon(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One icon: a product or a symbol, with its colour and the words that people search for."""

    slug: str
    name: str
    colour: str
    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

    @cached_property
    def own_words(self) -> Sequence[str]:
        """The words of its name, folded, and its name without spaces."""
        words = [word for word in re.split(r"[^\w]+", fold(self.name)) if word]
        return [*words, "".join(words), self.slug]

    @property
    def is_symbol(self) -> bool:
        """Whether it is a symbol, and not the sign of a product."""
        return self.slug.startswith("symbol-")

    def rank(self, word: str) -> int | None:
        """Return how well a folded word fits, 0 being best, or None."""
        if fold(self.name).startswith(word):
            return 0
        if any(each.startswith(word) for each in self.own_words):
            return 1
        if any(each.startswith(word) for each in self.words):
            return 2
        return 3 if any(each.startswith(word) for each in self.tags) else None

    def host_rank(self, host: str, labels: Sequence[str]) -> int | None:
        """Return how well a host fits, 0 being best, or None."""
        if any(host == each or host.endswith(f".{each}") for each in self.hosts):
            return 0
        for words, rank in ((self.own_words, 1), (self.words, 2 if self.is_symbol else 3)):
            if any(label in words for label in labels):
                return rank
        return None


def find_icons(text: str) -> list[CatalogueIcon]:
    """Return the icons that every word of a text fits, the best first."""
    words = fold(text).split()
    found = []
    for icon in _icons():
        ranks = [icon.rank(word) for word in words]
        if words and None not in ranks:
            found.append((sum(rank or 0 for rank in ranks), fold(icon.name), icon.slug))
    return [_by_slug()[slug] for _, _, slug in sorted(found)[:FOUND]]


def icons_for_host(host: str) -> list[CatalogueIcon]:
    """Return the icons to offer for a host such as jira.example.com, the best first."""
    name = fold(host.strip()).partition(":")[0]
    labels = name.split(".")[:-1]
    parts = [*labels, *(part for label in labels for part in re.split("[-_]|[0-9]+$", label))]
    telling = [part for part in parts if len(part) > 1 and part not in _COMMON]
    found = [
        (rank, fold(icon.name), icon.slug)
        for icon in _icons()
        if (rank := icon.host_rank(name, telling)) is not None
    ]
    return [_by_slug()[slug] for _, _, slug in sorted(found)[:OFFERED]]


def icon_of(slug: str) -> CatalogueIcon | None:
    """Return the icon with a slug, or None."""
    return _by_slug().get(slug)


@lru_cache(maxsize=600)
def draw_icon(icon: CatalogueIcon) -> StoredPicture:
    """Return the icon as it is stored on a link: its sign in a square of its colour."""
    from PIL import Image, ImageDraw

    red, green, blue = (int(icon.colour[at : at + 2], 16) for at in (0, 2, 4))
    is_light = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255 > _LIGHT_ABOVE
    large = Image.new("L", (ICON_SIDE * SHARPNESS, ICON_SIDE * SHARPNESS))
    corners = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(corners, RADIUS * SHARPNESS, fill=255)
    picture = Image.new("RGBA", (ICON_SIDE, ICON_SIDE), (red, green, blue, 255))
    margin = (ICON_SIDE - CELL) // 2
    picture.paste(_INK if is_light else (255, 255, 255), (margin, margin), _sign(icon))
    picture.putalpha(large.resize(picture.size, Image.Resampling.LANCZOS))
    return store_icon(picture)


def _sign(icon: CatalogueIcon) -> Image.Image:
    row, column = divmod(_icons().index(icon), COLUMNS)
    left, top = column * CELL, row * CELL
    return _sheet().crop((left, top, left + CELL, top + CELL))


@cache
def _sheet() -> Image.Image:
    from PIL import Image

    content = files("portico.web").joinpath(FOLDER, "catalogue.png").read_bytes()
    return Image.open(io.BytesIO(content)).convert("L")


@cache
def _icons() -> Sequence[CatalogueIcon]:
    content = files("portico.web").joinpath(FOLDER, "catalogue.json").read_bytes()
    return msgspec.json.decode(content, type=tuple[CatalogueIcon, ...])


@cache
def _by_slug() -> dict[str, CatalogueIcon]:
    return {icon.slug: icon for icon in _icons()}
