"""The arch that stands for a link: its picture, or a letter and colour made from its name."""

from __future__ import annotations

import msgspec

from portico.domain.links.icons import tile_hue, tile_letter


class Arch(msgspec.Struct, frozen=True, kw_only=True):
    """A letter in one of twelve hues, or a picture. `for_dark` marks a dark picture."""

    letter: str
    hue: int
    picture: str = ""
    for_dark: bool = False


def make_arch(name: str, *, picture: str = "", is_dark: bool | None = None) -> Arch:
    """Return the arch of a link. `picture` is the address of a valid picture."""
    return Arch(
        letter=tile_letter(name),
        hue=tile_hue(name),
        picture=picture,
        for_dark=bool(picture and is_dark),
    )
