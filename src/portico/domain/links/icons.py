"""What stands for a link without a picture: a letter in a colour that never changes."""

from __future__ import annotations

import unicodedata

from portico.domain.records import fold

HUES = 12
_FNV_OFFSET = 0x811C9DC5
_FNV_PRIME = 0x01000193


def tile_letter(name: str) -> str:
    """Return the first letter or digit of a name in upper case, or a middle dot if it has none."""
    for character in unicodedata.normalize("NFC", name):
        if unicodedata.category(character)[0] in "LN":
            upper = character.upper()
            return upper if len(upper) == 1 else character
    return "\N{MIDDLE DOT}"


def tile_hue(name: str) -> int:
    """Return the colour of a name, 0 to 11: the 32-bit FNV-1a hash of the folded name."""
    digest = _FNV_OFFSET
    for byte in fold(unicodedata.normalize("NFC", name.strip())).encode("utf-8", "surrogatepass"):
        digest = ((digest ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return digest % HUES
