"""Detects invisible characters and bidirectional controls in names and hosts.

With them, names that look equal could differ, and the text around them could be reordered. They are
refused unless a script or an emoji needs them: RFC 5892 appendix A defines where joiners belong,
Unicode Technical Standard 51 how emoji sequences are built.
"""

from __future__ import annotations

import unicodedata

from portico.domain.errors import InvalidField

ZWNJ, ZWJ = "\u200c", "\u200d"
_CONTEXT = 64  # the characters on each side that decide whether a joiner belongs
_KEYCAP_BASES = "#*0123456789"
_EMOJI_BASES = "\u203c\u2049\u2139\u3030"  # emoji without a symbol category in Unicode
_BLACK_FLAG, _CANCEL_TAG = "\U0001f3f4", "\U000e007f"


def _code_points(listed: str) -> frozenset[int]:
    """Return the code points of a list such as "0628 062A-062E"."""
    ends = [each.partition("-") for each in listed.split()]
    return frozenset(
        code
        for first, _, last in ends
        for code in range(int(first, 16), int(last or first, 16) + 1)
    )


_BIDIRECTIONAL = _code_points("061C 200E-200F 202A-202E 2066-2069")
# Default_Ignorable_Code_Point outside the general category Cf, which Python knows, then line and
# paragraph separators and the blank Braille pattern.
_IGNORABLE = _code_points(
    "034F 115F-1160 17B4-17B5 180B-180F 2028-2029 2065 2800 3164 FE00-FE0F FFA0 FFF0-FFF8 "
    "E0000-E0FFF"
)
# Category Cf, but visible: signs around Arabic, Syriac and Kaithi numbers, and hieroglyphs.
_VISIBLE_FORMATS = _code_points("0600-0605 06DD 070F 0890-0891 08E2 110BD 110CD 13430-1343F")


def is_invisible(character: str) -> bool:
    """Return whether a character is never visible. True for bidirectional controls.

    White space does not count.
    """
    if ord(character) in _IGNORABLE:
        return True
    return unicodedata.category(character) == "Cf" and ord(character) not in _VISIBLE_FORMATS


def hidden_position(text: str) -> int | None:
    """Return the index of the first invisible character that no script or emoji needs there."""
    if text.isascii():
        return None
    for position, character in enumerate(text):
        if is_invisible(character) and not _is_needed(text, position):
            return position
    return None


def without_hidden(text: str) -> str:
    """Return the text without invisible characters that no script or emoji needs."""
    while (position := hidden_position(text)) is not None:
        text = text[:position] + text[position + 1 :]
    return text


def check_visible(field: str, text: str, *, stored: str = "") -> str:
    """Return the text if it has no invisible character, or equals the `stored` one.

    Stored texts are accepted so that older records remain editable. Raises InvalidField that names
    the character and its position, counted from 1.
    """
    position = None if text == stored else hidden_position(text)
    if position is None:
        return text
    code = ord(text[position])
    kind = "bidirectional control" if code in _BIDIRECTIONAL else "invisible character"
    raise InvalidField(field, f"Character {position + 1} is the {kind} U+{code:04X}; remove it.")


def strip_unseen_start(text: str) -> str:
    """Return the text without white space and invisible characters at its start."""
    for position, character in enumerate(text):
        if not character.isspace() and not is_invisible(character):
            return text[position:]
    return ""


def joiner_belongs(text: str, position: int) -> bool:
    """Return whether a script needs the joiner there (RFC 5892, appendix A.1 and A.2)."""
    # Its tables take longer to load than this module, and few texts have a joiner.
    from idna import valid_contextj

    start = max(0, position - _CONTEXT)
    try:
        return valid_contextj(text[start : position + _CONTEXT], position - start)
    except ValueError:  # a character beside it has no name
        return False


def _is_needed(text: str, position: int) -> bool:
    character, before, after = text[position], text[:position][-1:], text[position + 1 :][:1]
    if not before:
        return False
    if character in "\ufe0e\ufe0f":
        if before in _KEYCAP_BASES:
            return after == "\u20e3"
        return before in _EMOJI_BASES or _is_symbol(before)
    if character in (ZWNJ, ZWJ):
        joins_emoji = character == ZWJ and _ends_emoji(before) and _is_symbol(after)
        return joins_emoji or joiner_belongs(text, position)
    return _is_flag_tag(text, position)


def _is_symbol(character: str) -> bool:
    """Return whether an emoji can begin with it. Python does not have the property Emoji."""
    return bool(character) and unicodedata.category(character) in {"So", "Sm"}


def _ends_emoji(character: str) -> bool:
    """Return whether an emoji can end with it: symbol, skin tone, variation selector or tag."""
    is_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return is_tone or _is_symbol(character) or character in ("\ufe0f", _CANCEL_TAG)


def _is_flag_tag(text: str, position: int) -> bool:
    """Return whether a tag is part of a flag such as Scotland's: black flag, tags, cancel tag."""
    start = position
    while start and _is_tag(text[start - 1]):
        start -= 1
    end = text.find(_CANCEL_TAG, position)
    return text[:start].endswith(_BLACK_FLAG) and start < end and all(map(_is_tag, text[start:end]))


def _is_tag(character: str) -> bool:
    return "\U000e0020" <= character <= "\U000e007e"
