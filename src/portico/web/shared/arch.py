"""What a page shows in a link's arch: its picture, or the letter and colour of its name."""

from __future__ import annotations

from dataclasses import dataclass

from portico.domain.links.icons import tile_hue, tile_letter


@dataclass(frozen=True, kw_only=True)
class Arch:
    """A letter in one of twelve hues, or a picture by its address. `for_dark`: a dark picture."""

    letter: str
    hue: int
    picture: str = ""
    for_dark: bool = False


def make_arch(name: str, *, picture: str = "", is_dark: bool | None = None) -> Arch:
    """The arch of a link; `picture` is the address of a picture that was read as one."""
    return Arch(
        letter=tile_letter(name),
        hue=tile_hue(name),
        picture=picture,
        for_dark=bool(picture and is_dark),
    )
