"""Pictures: the headers of stored ones, and the re-encoding of uploaded ones.

A page shows only raster pictures whose bytes are what they claim to be, so nothing that a browser
could run, and nothing too large to draw, reaches it. An upload keeps only the pixels of the file.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import struct
import warnings
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from portico.domain.errors import InvalidField
from portico.web.shared.texts import gettext as _

# Pillow is imported when the first picture is read.
if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "ICO")
SIDE_LIMIT = 4_096
PIXEL_LIMIT = 24_000_000
ICON_SIDE = 64
LOGO_HEIGHT, LOGO_WIDTH = 128, 512
DARK_BELOW = 0.35
_OPAQUE_ENOUGH = 16
_ICO, _ICO_ENTRIES = b"\0\0\1\0", 64
_DATA_URI = re.compile(r"data:(image/[a-z.+-]{2,24});base64,", re.IGNORECASE)
_MEDIA_TYPES = {
    "image/png": "image/png",
    "image/jpeg": "image/jpeg",
    "image/jpg": "image/jpeg",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
    "image/x-icon": "image/x-icon",
    "image/ico": "image/x-icon",
    "image/vnd.microsoft.icon": "image/x-icon",
}
# What Pillow raises for damaged files, beside the SyntaxError of most.
_DAMAGED = (
    *(SyntaxError, ValueError, OSError, EOFError, IndexError, MemoryError),
    *(struct.error, zlib.error, Warning),
)

Size = tuple[int, int]


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A raster picture: its media type, its bytes and its size in pixels."""

    media_type: str
    content: bytes
    width: int
    height: int


class StoredPicture(msgspec.Struct, frozen=True):
    """A picture as it is stored: a PNG data URI, and whether it is too dark for a dark page."""

    data_uri: str
    is_dark: bool


def read_picture(text: str) -> Picture | None:
    """Return the picture of a data URI, or None if it is not a raster picture of that type."""
    start = _DATA_URI.match(text)
    media_type = _MEDIA_TYPES.get(start[1].lower()) if start else None
    if start is None or media_type is None:
        return None
    from PIL import Image

    try:
        content = binascii.a2b_base64("".join(text[start.end() :].split()), strict_mode=True)
        width, height = _measure(media_type, content)
    except (Image.DecompressionBombError, *_DAMAGED):
        return None
    if not (1 <= width <= SIDE_LIMIT and 1 <= height <= SIDE_LIMIT):
        return None
    return Picture(media_type=media_type, content=content, width=width, height=height)


def _measure(media_type: str, content: bytes) -> Size:
    """Return the size in a picture's header. Raises DecompressionBombError or one of `_DAMAGED`."""
    from PIL import GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    if media_type == "image/x-icon":
        return _measure_ico(content)
    readers: dict[str, Callable[[io.BytesIO], ImageFile]] = {
        "image/png": PngImagePlugin.PngImageFile,
        "image/jpeg": JpegImagePlugin.JpegImageFile,
        "image/gif": GifImagePlugin.GifImageFile,
        "image/webp": WebPImagePlugin.WebPImageFile,
    }
    return readers[media_type](io.BytesIO(content)).size


def _measure_ico(content: bytes) -> Size:
    """Return the size of the largest image, or (0, 0) if any is missing or too large to draw.

    Pillow unpacks an ICO file when it opens it, so each image is measured by itself.
    """
    from PIL import BmpImagePlugin, IcoImagePlugin, PngImagePlugin

    entries = IcoImagePlugin.IcoFile(io.BytesIO(content)).entry
    if len(entries) > _ICO_ENTRIES:
        return 0, 0
    largest = 0, 0
    for entry in entries:
        image = content[entry.offset : entry.offset + entry.size]
        if image.startswith(b"\x89PNG"):
            width, height = PngImagePlugin.PngImageFile(io.BytesIO(image)).size
        else:
            width, doubled = BmpImagePlugin.DibImageFile(io.BytesIO(image)).size
            height = doubled // 2  # The mask below the picture counts in its height.
        if len(image) != entry.size or max(width, height) > SIDE_LIMIT:
            return 0, 0
        largest = max(largest, (width, height))
    return largest


def read_icon(field: str, content: bytes) -> StoredPicture:
    """Return an uploaded icon as a PNG of at most 64 by 64 pixels. Raises InvalidField."""
    return store_icon(_opened(field, content))


def store_icon(picture: Image.Image) -> StoredPicture:
    """Return a picture as an icon of at most 64 by 64 pixels, which is how it is stored."""
    return _stored(picture, ICON_SIDE, ICON_SIDE)


def read_logo(field: str, content: bytes) -> StoredPicture:
    """Return an uploaded logo as a PNG that is sharp at four times its height.

    Raises InvalidField.
    """
    return _stored(_opened(field, content), LOGO_WIDTH, LOGO_HEIGHT)


def _opened(field: str, content: bytes) -> Image.Image:
    from PIL import Image

    if _is_svg(content):
        raise InvalidField(
            field,
            _(
                "SVG pictures are not taken: they can hold scripts and load other pages. Save it "
                "as "
                "PNG."
            ),
        )
    refused = InvalidField(field, _("The file is no PNG, JPEG, GIF, WebP or ICO picture."))
    try:
        if content.startswith(_ICO) and _measure_ico(content) == (0, 0):
            raise refused
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, *_DAMAGED):
        raise refused from None
    # The size stands in the header: nothing has been unpacked yet, except for ICO files, which
    # were measured before.
    if picture.width * picture.height > PIXEL_LIMIT:
        raise InvalidField(field, _("The picture has over 24 million pixels."))
    try:
        picture.load()
        return picture.convert("RGBA")
    except (Image.DecompressionBombError, *_DAMAGED):
        raise InvalidField(
            field, _("The picture is damaged: it cannot be read to its end.")
        ) from None


def _is_svg(content: bytes) -> bool:
    head = content[:2_048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<svg", b"<?xml", b"<!doctype svg")) or b"<svg" in head[:1_024]


def _stored(picture: Image.Image, width: int, height: int) -> StoredPicture:
    from PIL import Image

    picture.thumbnail((width, height), Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    picture.save(packed, "PNG", optimize=True)
    encoded = base64.b64encode(packed.getvalue()).decode()
    return StoredPicture(f"data:image/png;base64,{encoded}", _is_dark(picture))


def _is_dark(picture: Image.Image) -> bool:
    """Return whether the visible pixels are dark on average (Rec. 709 luma)."""
    total = weight = 0.0
    data = picture.tobytes()
    for red, green, blue, alpha in zip(*(data[each::4] for each in range(4)), strict=True):
        if alpha >= _OPAQUE_ENOUGH:
            total += alpha * (0.2126 * red + 0.7152 * green + 0.0722 * blue)
            weight += alpha * 255
    return weight > 0 and total / weight < DARK_BELOW
