"""The plain model of a tenant's links and portals, and strategies of what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from portico.domain.links.links import LINK_FIELDS, Link
from portico.domain.portals.portals import UserPortal
from portico.domain.search import ListQuery, matches, parse_search

ROOM = 3
EVERYTHING = ListQuery(page_size=500)
UNKNOWN_ID = 5

GOOD_NAMES = [
    *("Wiki", "wiki", " WIKI ", "Straße", "STRASSE", "École", "E\u0301COLE", "n" * 255),
    *("Mail", "Pay", "Leave", "Travel", "INTRANET", "payslips", "Staff", "GUESTS", "Helpdesk "),
]
GOOD_HOSTS = ["wiki.example.com", "mail.example.com", "10.0.0.1:8080"]

PARTS = st.sampled_from(["Default", "East"])
NAMES = st.sampled_from([*GOOD_NAMES, *GOOD_NAMES, "", " ", "n" * 256, "a\nb"])
HOSTS = st.sampled_from([*GOOD_HOSTS * 4, "https://wiki.example.com", ""])
PICKS = st.integers(0, 9)
FOREIGN_PICK = 9
SEVERAL_PICKS = st.lists(PICKS, max_size=3)
SEARCHES = st.sampled_from(
    ["", "wi", "a", "name EQ wiki", "name NE Mail", "enabled EQ true", "name LIKE ss OR id LT 9"]
)
QUERIES = st.builds(
    lambda text, attribute, descending, page, size: ListQuery(
        condition=parse_search(text, LINK_FIELDS),
        sort_attribute=attribute,
        descending=descending,
        page=page,
        page_size=size,
    ),
    SEARCHES,
    st.sampled_from(["name", "id", "enabled", "creation_time", "modified_time"]),
    st.booleans(),
    st.integers(1, 3),
    st.sampled_from([1, 2, 20]),
)


@dataclass
class Part:
    """What a microtenant holds."""

    portals: dict[int, UserPortal] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)

    def on_portal(self, portal_id: int) -> list[Link]:
        """The links on a portal."""
        return [link for link in self.links.values() if portal_id in link.portal_ids]


def key_of(name: str) -> str:
    """A name without what does not tell two names apart; enough for the names used here."""
    return name.strip().casefold().replace("e\u0301", "é")


def broken_name(name: str) -> bool:
    """Whether a name breaks its rule."""
    return not 1 <= len(name.strip()) <= 255 or "\n" in name.strip()


def expected_list(among: Sequence[Link], query: ListQuery) -> list[Link]:
    """The items of all pages of a list."""
    condition = query.condition
    found = [link for link in among if condition is None or matches(condition, link)]

    def key(link: Link) -> tuple[object, int]:
        if query.sort_attribute == "name":
            return key_of(link.name), link.id
        return getattr(link, query.sort_attribute), link.id

    return sorted(found, key=key, reverse=query.descending)
