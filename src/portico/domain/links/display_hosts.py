"""Hosts as pages show them: in ASCII form if a label mixes scripts.

The rule is the restriction level "Highly Restrictive" of Unicode Technical Standard 39: one script
in each label, or Latin beside the scripts that Chinese, Japanese and Korean are written with.
"""

from __future__ import annotations

import unicodedata

from portico.domain.links.hosts import host_address

# Python does not know the property Script. The first word of a letter's Unicode name stands in for
# it, which is exact for the scripts in common use. Limits: the old and the Tai scripts whose names
# begin with one word ("OLD", "TAI") count as one, and look-alikes within one script (a label wholly
# in Cyrillic that reads like Latin) are not found.
_SCRIPT_WORDS = {
    "IDEOGRAPHIC": "CJK",  # the iteration mark
    "ARABIC-INDIC": "ARABIC",
    "EXTENDED": "ARABIC",  # extended Arabic-Indic digits
    "HENTAIGANA": "HIRAGANA",
}
_SHARED = frozenset(("COMBINING", "MODIFIER", "KATAKANA-HIRAGANA", "VEDIC", "ZERO"))
_WRITTEN_TOGETHER = (
    frozenset(("LATIN", "CJK", "HIRAGANA", "KATAKANA")),
    frozenset(("LATIN", "CJK", "BOPOMOFO")),
    frozenset(("LATIN", "CJK", "HANGUL")),
)


def display_host(host: str) -> str:
    """Return a host as it is, or in its ASCII form when a label of it mixes scripts.

    A port stays. Browsers look up both forms alike, so the target of a link is the same.
    """
    name, colon, port = host.partition(":")
    if name.isascii() or not any(map(mixes_scripts, name.split("."))):
        return host
    return f"{host_address(name)}{colon}{port}"


def mixes_scripts(label: str) -> bool:
    """Return whether a label has letters, digits or marks of scripts that are not used together."""
    scripts = {script for script in map(_script, label) if script}
    return len(scripts) > 1 and not any(scripts <= each for each in _WRITTEN_TOGETHER)


def _script(character: str) -> str:
    """Return the word for a character's script, empty for characters of all scripts."""
    if character.isascii():
        return "LATIN" if character.isalpha() else ""
    word = unicodedata.name(character, "UNKNOWN").partition(" ")[0]
    return "" if word in _SHARED else _SCRIPT_WORDS.get(word, word)
