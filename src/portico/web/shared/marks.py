"""Texts in parts, of which those that match a search are marked."""

from __future__ import annotations

from collections.abc import Iterable

from portico.domain.finding import Span

Part = tuple[str, bool]
"""A part of a text, and whether to mark it."""


def marked_parts(text: str, spans: Iterable[Span]) -> tuple[Part, ...]:
    """Return the parts of a text; the spans are in order and do not overlap."""
    parts: list[Part] = []
    done = 0
    for start, end in spans:
        if start > done:
            parts.append((text[done:start], False))
        parts.append((text[start:end], True))
        done = end
    if done < len(text):
        parts.append((text[done:], False))
    return tuple(parts)
