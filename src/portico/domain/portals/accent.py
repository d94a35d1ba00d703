"""A portal's accent colour: its contrast, the nearest readable colour, and its dark variant.

Contrast follows WCAG 2.2 (1.4.3). Lightness changes in OKLCH, where a step looks the same for every
hue. The surfaces are those of the pages (web/static/tokens.css).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from portico.domain.errors import InvalidField

TEXT_CONTRAST = 4.5
LIGHT_SURFACES = ("#ffffff", "#f4f5f2")
DARK_SURFACES = ("#171e1c", "#0f1413")
_HEX = re.compile(r"#[0-9a-f]{6}\Z")
_DARK_LIGHTNESS = 0.77
_DARK_CHROMA = 0.13


@dataclass(frozen=True, kw_only=True)
class Shades:
    """An accent in one theme, its hover colour and the colour of text on it, as #rrggbb."""

    accent: str
    hover: str
    ink: str


@dataclass(frozen=True, kw_only=True)
class Accent:
    """An accent for both themes."""

    light: Shades
    dark: Shades


def check_accent(value: str, *, field: str = "accent") -> str:
    """Return the colour as #rrggbb in lower case, or "" for an empty text.

    Raises InvalidField if it is not such a colour, or if its contrast is too low for text. Then the
    error names the nearest colour that passes.
    """
    colour = value.strip().lower()
    if not colour:
        return ""
    if not _HEX.match(colour):
        raise InvalidField(field, "It must be a colour such as #0b6659.")
    measured = _lowest_contrast(colour, LIGHT_SURFACES)
    if measured < TEXT_CONTRAST:
        raise InvalidField(
            field,
            f"Its contrast with the page is {math.floor(measured * 10) / 10}; text needs "
            f"{TEXT_CONTRAST}. The nearest colour that passes is {nearest_accent(colour)}.",
        )
    return colour


def nearest_accent(colour: str) -> str:
    """Return the colour, darkened just enough to be readable on the page."""
    lightness, chroma, hue = _to_oklch(colour)
    while _lowest_contrast(colour, LIGHT_SURFACES) < TEXT_CONTRAST:
        lightness -= 0.004
        colour = _from_oklch(lightness, chroma, hue)
    return colour


def derive_accent(colour: str) -> Accent:
    """Return the shades of an accent for both themes. The dark variant keeps the hue."""
    lightness, chroma, hue = _to_oklch(colour)
    dark_chroma = min(chroma, _DARK_CHROMA)
    return Accent(
        light=Shades(
            accent=colour,
            hover=_from_oklch(max(lightness - 0.07, 0), chroma, hue),
            ink="#ffffff",
        ),
        dark=Shades(
            accent=_from_oklch(_DARK_LIGHTNESS, dark_chroma, hue),
            hover=_from_oklch(_DARK_LIGHTNESS + 0.06, dark_chroma, hue),
            ink=_from_oklch(0.23, min(chroma, 0.045), hue),
        ),
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _lowest_contrast(colour: str, surfaces: tuple[str, ...]) -> float:
    return min(contrast(colour, surface) for surface in surfaces)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return _decoded(red), _decoded(green), _decoded(blue)


def _decoded(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _encoded(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _to_oklch(colour: str) -> tuple[float, float, float]:
    # The matrices are those of CSS Color 4, section 18 (sample code for Oklab).
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    green_red = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    blue_yellow = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return lightness, math.hypot(green_red, blue_yellow), math.atan2(blue_yellow, green_red)


def _from_oklch(lightness: float, chroma: float, hue: float) -> str:
    """Return the colour as #rrggbb, with less chroma if sRGB does not have it."""
    while True:
        channels = _channels(lightness, chroma, hue)
        if chroma < 0.002 or all(-0.0005 <= channel <= 1.0005 for channel in channels):
            break
        chroma -= 0.002
    encoded = (round(255 * _encoded(min(max(channel, 0), 1))) for channel in channels)
    return "#" + "".join(f"{channel:02x}" for channel in encoded)


def _channels(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    green_red, blue_yellow = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * green_red + 0.2158037573 * blue_yellow) ** 3
    middle = (lightness - 0.1055613458 * green_red - 0.0638541728 * blue_yellow) ** 3
    short = (lightness - 0.0894841775 * green_red - 1.2914855480 * blue_yellow) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
