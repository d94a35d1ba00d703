"""The filter of the console's list of links, which searches cannot express."""

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
"""The section id of a filter for links without a section."""
NO_PORTAL = 0
"""The portal id of a filter for links on no portal."""
SEARCHED_FIELDS = (LINK_FIELDS["name"], LINK_FIELDS["description"], LINK_FIELDS["link"])


@dataclass(frozen=True, kw_only=True)
class LinkFilter:
    """Conditions on links. Those that are None or empty match every link.

    Each word of `text` must be in the name, the description or the host. Links on the portal
    `off_portal_id` do not match.
    """

    text: str = ""
    enabled: bool | None = None
    portal_id: int | None = None
    section_id: int | None = None
    off_portal_id: int | None = None


def narrowed(query: ListQuery, filter_: LinkFilter) -> ListQuery:
    """Return the query with the filter's text and state among its conditions."""
    parts = [] if query.condition is None else [query.condition]
    if filter_.enabled is not None:
        parts.append(Comparison(LINK_FIELDS["enabled"], Operator.EQ, (filter_.enabled,)))
    parts.extend(text_conditions(filter_.text))
    if not parts:
        return query
    return replace(query, condition=parts[0] if len(parts) == 1 else AllOf(tuple(parts)))


def text_conditions(text: str, searched: Sequence[Field] = SEARCHED_FIELDS) -> list[Condition]:
    """Return one condition for each word of a text: one of the fields contains it.

    Words that cannot be stored match nothing. Raises InvalidField for more than 16 words, or a word
    of more than 255 characters.
    """
    if len(text) > SEARCH_LIMIT:
        raise InvalidField("search", f"At most {SEARCH_LIMIT} characters are allowed.")
    storable = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    words = dict.fromkeys(storable.split())
    check_terms("search", len(words))
    if any(len(word) > VALUE_LIMIT for word in words):
        raise InvalidField("search", f"A word has at most {VALUE_LIMIT} characters.")
    return [
        AnyOf(tuple(Comparison(field, Operator.CONTAINS, (word,)) for field in searched))
        for word in dict.fromkeys(map(fold, words))
    ]
