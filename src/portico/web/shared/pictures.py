"""Uploaded pictures: read with care, made small, stored as PNG whatever they were.

Re-encoding leaves nothing of the file that was sent but its pixels.
"""

from __future__ import annotations

import base64
import io
import struct
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from portico.domain.errors import InvalidField
from portico.domain.links.icons import measure_ico

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "ICO")
PIXEL_LIMIT = 24_000_000
ICON_SIDE = 64
LOGO_HEIGHT, LOGO_WIDTH = 128, 512
DARK_BELOW = 0.35
_OPAQUE_ENOUGH = 16
_ICO = b"\0\0\1\0"
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True)
class StoredPicture:
    """A picture as it is stored: a PNG data URI, and whether it is too dark for a dark page."""

    data_uri: str
    is_dark: bool


def read_icon(field: str, content: bytes) -> StoredPicture:
    """An uploaded icon as a PNG of at most 64 by 64 pixels. Raises InvalidField."""
    return _stored(_opened(field, content), ICON_SIDE, ICON_SIDE)


def read_logo(field: str, content: bytes) -> StoredPicture:
    """An uploaded logo as a PNG that is sharp at four times its height. Raises InvalidField."""
    return _stored(_opened(field, content), LOGO_WIDTH, LOGO_HEIGHT)


def _opened(field: str, content: bytes) -> Image.Image:
    if _is_svg(content):
        raise InvalidField(
            field,
            "SVG pictures are not taken: they can hold scripts and load other pages. "
            "Save it as PNG.",
        )
    refused = InvalidField(field, "The file is no PNG, JPEG, GIF, WebP or ICO picture.")
    try:
        if content.startswith(_ICO) and measure_ico(content) is None:
            raise refused
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, struct.error, *_BOMBS):
        raise refused from None
    # The size stands in the head of the file: nothing has been unpacked yet, but for ICO, whose
    # entries were measured before.
    if picture.width * picture.height > PIXEL_LIMIT:
        raise InvalidField(field, "The picture has over 24 million pixels.")
    try:
        picture.load()
        return picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, *_BOMBS):
        raise InvalidField(field, "The picture is damaged: it cannot be read to its end.") from None


def _is_svg(content: bytes) -> bool:
    head = content[:2_048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<svg", b"<?xml", b"<!doctype svg")) or b"<svg" in head[:1_024]


def _stored(picture: Image.Image, width: int, height: int) -> StoredPicture:
    picture.thumbnail((width, height), Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    picture.save(packed, "PNG", optimize=True)
    encoded = base64.b64encode(packed.getvalue()).decode()
    return StoredPicture(f"data:image/png;base64,{encoded}", _is_dark(picture))


def _is_dark(picture: Image.Image) -> bool:
    """Whether what can be seen of the picture is dark on the average (Rec. 709 luma)."""
    total = weight = 0.0
    data = picture.tobytes()
    for red, green, blue, alpha in zip(*(data[each::4] for each in range(4)), strict=True):
        if alpha >= _OPAQUE_ENOUGH:
            total += alpha * (0.2126 * red + 0.7152 * green + 0.0722 * blue)
            weight += alpha * 255
    return weight > 0 and total / weight < DARK_BELOW
