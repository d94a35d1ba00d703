"""The filter of the console's list of links, which searches cannot express."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    Each word of `text` must be in the name, the description, the host or a keyword. Links on the
    portal `off_portal_id` do not match. With `due`, their start or end must be after the first of
    the two times, and not after the second.
    """

    text: str = ""
    enabled: bool | None = None
    portal_id: int | None = None
    section_id: int | None = None
    off_portal_id: int | None = None
    due: tuple[int, int] | None = None


def narrowed(
    query: ListQuery,
    filter_: LinkFilter,
    by_keyword: Mapping[str, Sequence[int]] | None = None,
) -> ListQuery:
    """Return the query with the filter's text and state among its conditions.

    `by_keyword` has the ids of the links with a keyword that contains a word of the text, by word.
    """
    parts = [] if query.condition is None else [query.condition]
    if filter_.enabled is not None:
        parts.append(Comparison(LINK_FIELDS["enabled"], Operator.EQ, (filter_.enabled,)))
    parts.extend(text_conditions(filter_.text, by_keyword=by_keyword))
    if not parts:
        return query
    return replace(query, condition=parts[0] if len(parts) == 1 else AllOf(tuple(parts)))


def text_conditions(
    text: str,
    searched: Sequence[Field] = SEARCHED_FIELDS,
    by_keyword: Mapping[str, Sequence[int]] | None = None,
) -> list[Condition]:
    """Return one condition for each word of a text: one of the fields, or a keyword, contains it.

    Raises InvalidField as `words_of` does.
    """
    conditions: list[Condition] = []
    for word in words_of(text):
        parts = [Comparison(field, Operator.CONTAINS, (word,)) for field in searched]
        if ids := (by_keyword or {}).get(word):
            parts.append(Comparison(LINK_FIELDS["id"], Operator.IN, tuple(ids)))
        conditions.append(AnyOf(tuple(parts)))
    return conditions


def words_of(text: str) -> list[str]:
    """Return the distinct words of a text, folded. Words that cannot be stored match nothing.

    Raises InvalidField for more than 16 words, or a word of more than 255 characters.
    """
    if len(text) > SEARCH_LIMIT:
        raise InvalidField("search", f"At most {SEARCH_LIMIT} characters are allowed.")
    storable = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    words = dict.fromkeys(storable.split())
    check_terms("search", len(words))
    if any(len(word) > VALUE_LIMIT for word in words):
        raise InvalidField("search", f"A word has at most {VALUE_LIMIT} characters.")
    return list(dict.fromkeys(map(fold, words)))
