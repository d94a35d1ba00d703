"""How the console narrows its list of links, beside what a search can say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from portico.domain.errors import InvalidField
from portico.domain.links.links import LINK_FIELDS
from portico.domain.records import fold
from portico.domain.search import (
    SEARCH_LIMIT,
    VALUE_LIMIT,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Field,
    ListQuery,
    Operator,
    check_terms,
)

NO_SECTION = 0
"""Stands for a section's id where links without a section are meant."""
NO_PORTAL = 0
"""Stands for a portal's id where links on no portal are meant."""
SOUGHT_IN = (LINK_FIELDS["name"], LINK_FIELDS["description"], LINK_FIELDS["link"])


@dataclass(frozen=True, kw_only=True)
class LinkFilter:
    """Which links are wanted; what is None or empty narrows nothing.

    `text` are words of which each stands in the name, the description or the host.
    """

    text: str = ""
    enabled: bool | None = None
    portal_id: int | None = None
    section_id: int | None = None


def narrowed(query: ListQuery, wanted: LinkFilter) -> ListQuery:
    """The query with the filter's text and state among its conditions."""
    parts = [] if query.condition is None else [query.condition]
    if wanted.enabled is not None:
        parts.append(Comparison(LINK_FIELDS["enabled"], Operator.EQ, (wanted.enabled,)))
    parts.extend(text_conditions(wanted.text))
    if not parts:
        return query
    return replace(query, condition=parts[0] if len(parts) == 1 else AllOf(tuple(parts)))


def text_conditions(text: str, sought_in: Sequence[Field] = SOUGHT_IN) -> list[Condition]:
    """For each word of a text: that one of the fields contains it.

    What no text could hold finds nothing. Raises InvalidField for more than 16 words, or one of
    more than 255 characters.
    """
    if len(text) > SEARCH_LIMIT:
        raise InvalidField("search", f"At most {SEARCH_LIMIT} characters are allowed.")
    storable = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    words = dict.fromkeys(storable.split())
    check_terms("search", len(words))
    if any(len(word) > VALUE_LIMIT for word in words):
        raise InvalidField("search", f"A word has at most {VALUE_LIMIT} characters.")
    return [
        AnyOf(tuple(Comparison(field, Operator.CONTAINS, (word,)) for field in sought_in))
        for word in dict.fromkeys(map(fold, words))
    ]
