"""What stands in a link's arch: a picture that really is one, else a letter in a stable colour.

Only raster pictures whose bytes are what they claim are ever shown, so
nothing that a browser could run, and nothing too large to draw, reaches a page.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import unicodedata
from dataclasses import dataclass

from portico.domain.records import fold

HUES = 12
PICTURE_SIDE_LIMIT = 4_096
_DATA_URI = re.compile(r"data:(image/[a-z.+-]{2,24});base64,([A-Za-z0-9+/=\s]+)\Z", re.IGNORECASE)
_FNV_OFFSET = 0x811C9DC5
_FNV_PRIME = 0x01000193
_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE})

Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A raster picture: its media type, its bytes and its size in pixels."""

    media_type: str
    content: bytes
    width: int
    height: int


def read_picture(text: str) -> Picture | None:
    """The picture of a data URI, or None when it is not really a raster picture of that type."""
    found = _DATA_URI.match(text)
    if found is None:
        return None
    media_type = _ALIASES.get(found[1].lower(), found[1].lower())
    measure = _MEASURES.get(media_type)
    if measure is None:
        return None
    try:
        content = base64.b64decode("".join(found[2].split()), validate=True)
        size = measure(content)
    except (binascii.Error, struct.error, IndexError):
        return None
    if size is None or not all(1 <= side <= PICTURE_SIDE_LIMIT for side in size):
        return None
    return Picture(media_type=media_type, content=content, width=size[0], height=size[1])


def tile_letter(name: str) -> str:
    """The first letter or digit of a name in upper case; a middle dot when it has none."""
    for character in unicodedata.normalize("NFC", name):
        if unicodedata.category(character)[0] in "LN":
            upper = character.upper()
            return upper if len(upper) == 1 else character
    return "\N{MIDDLE DOT}"


def tile_hue(name: str) -> int:
    """The letter's colour, 0 to 11: FNV-1a (32 bit) over the folded name, so it never changes."""
    digest = _FNV_OFFSET
    for byte in fold(unicodedata.normalize("NFC", name.strip())).encode("utf-8", "surrogatepass"):
        digest = ((digest ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return digest % HUES


def _measure_png(content: bytes) -> Size | None:
    # The signature, then IHDR as the first chunk (PNG 3rd edition, 5.2 and 11.2.1).
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _measure_gif(content: bytes) -> Size | None:
    if content[:6] not in {b"GIF87a", b"GIF89a"}:
        return None
    width, height = struct.unpack("<HH", content[6:10])
    return width, height


def _measure_jpeg(content: bytes) -> Size | None:
    if content[:3] != b"\xff\xd8\xff":
        return None
    place = 2
    while content[place] == 0xFF:
        marker = content[place + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        (length,) = struct.unpack(">H", content[place + 2 : place + 4])
        place += 2 + length
    return None


def _measure_webp(content: bytes) -> Size | None:
    # The container (RFC 9649): RIFF, size, WEBP, then a lossy, a lossless or an extended chunk.
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    kind = content[12:16]
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and content[20] == 0x2F:
        (packed,) = struct.unpack("<I", content[21:25])
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8X" and len(content) >= 30:
        width = int.from_bytes(content[24:27], "little") + 1
        return width, int.from_bytes(content[27:30], "little") + 1
    return None


def measure_ico(content: bytes) -> Size | None:
    """The first entry's size, once every entry lies inside the file, is a bitmap or a PNG, and is
    small enough to draw; else None. Raises struct.error for a file that is too short.
    """
    reserved, kind, entries = struct.unpack("<HHH", content[:6])
    if reserved != 0 or kind != 1 or not 1 <= entries <= 64:
        return None
    sizes: list[Size] = []
    for entry in range(entries):
        length, offset = struct.unpack("<II", content[14 + 16 * entry : 22 + 16 * entry])
        image = content[offset : offset + length]
        if len(image) != length or length < 24:
            return None
        size = _measure_png(image)
        if size is None and struct.unpack("<I", image[:4]) == (40,):
            width, doubled = struct.unpack("<ii", image[4:12])
            size = (width, doubled // 2)  # The mask below the picture counts in its height.
        if size is None or max(size) > PICTURE_SIDE_LIMIT:
            return None
        sizes.append(size)
    return sizes[0]


_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/ico": "image/x-icon",
    "image/vnd.microsoft.icon": "image/x-icon",
}
_MEASURES = {
    "image/png": _measure_png,
    "image/jpeg": _measure_jpeg,
    "image/gif": _measure_gif,
    "image/webp": _measure_webp,
    "image/x-icon": measure_ico,
}
