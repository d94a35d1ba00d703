"""Records for storage tests: factories with defaults, and strategies that make nasty ones."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from portico.domain.links.links import Link
from portico.domain.policies import Aup
from portico.domain.portals.portals import UserPortal
from portico.domain.records import MAX_ID, Scope, fold
from portico.domain.tenancy.microtenants import Microtenant

_ids = itertools.count(1_000)

# Above the numbers that the factories count up from, below and above the service's own ids.
IDS = st.integers(min_value=2**40, max_value=MAX_ID)
TIMES = st.integers(min_value=0, max_value=2**40)
STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = st.text(STORABLE, max_size=30)

# Wildcards, quotes, escapes; letters that databases and languages fold, compose or sort apart.
NASTY = [
    *("%", "_", "/", "\\") * 2,
    *("a", "A", "b", "Z", "z", "0", " ", "%", "_", "\\", "/", "'", '"', "+", ",", "*", "[", "^"),
    *(
        "ß",
        "ẞ",
        "İ",
        "\u0131",
        "i\u0307",
        "é",
        "É",
        "e\u0301",
        "Å",
        "\u212b",
        "Σ",
        "\u03c3",
        "ς",
        "ﬁ",
        "K",
    ),
    *("ǅ", "\u0345", "\u0301", "日", "ｱ", "🎉", "\u200d", "\ue000", "\uffff", "\U0010ffff"),
]
NASTY_TEXT = st.lists(st.sampled_from(NASTY), max_size=8).map("".join)


def make_link(
    scope: Scope,
    name: str = "Wiki",
    *,
    link_id: int | None = None,
    portal_ids: tuple[int, ...] = (),
    description: str = "",
) -> Link:
    """A link that breaks no rule."""
    return Link(
        customer_id=scope.customer_id,
        microtenant_id=scope.microtenant_id,
        id=next(_ids) if link_id is None else link_id,
        creation_time=1_700_000_000,
        modified_time=1_700_000_000,
        modified_by=1,
        name=name,
        description=description,
        link="wiki.example.com",
        portal_ids=portal_ids,
    )


def make_portal(scope: Scope, name: str = "Staff", *, portal_id: int | None = None) -> UserPortal:
    """A user portal that breaks no rule."""
    return UserPortal(
        customer_id=scope.customer_id,
        microtenant_id=scope.microtenant_id,
        id=next(_ids) if portal_id is None else portal_id,
        creation_time=1_700_000_000,
        modified_time=1_700_000_000,
        modified_by=1,
        name=name,
    )


def make_microtenant(
    scope: Scope, name: str = "East", *, microtenant_id: int | None = None
) -> Microtenant:
    """A microtenant that breaks no rule."""
    return Microtenant(
        customer_id=scope.customer_id,
        id=next(_ids) if microtenant_id is None else microtenant_id,
        creation_time=1_700_000_000,
        modified_time=1_700_000_000,
        modified_by=1,
        name=name,
        scope_order=1,
    )


def make_aup(scope: Scope, name: str = "Policy", *, aup_id: int | None = None) -> Aup:
    """An acceptable use policy that breaks no rule."""
    return Aup(
        customer_id=scope.customer_id,
        microtenant_id=scope.microtenant_id,
        id=next(_ids) if aup_id is None else aup_id,
        creation_time=1_700_000_000,
        modified_time=1_700_000_000,
        modified_by=1,
        name=name,
    )


def links(
    scope: Scope,
    portal_ids: Sequence[int] = (),
    *,
    text: SearchStrategy[str] = TEXT,
) -> SearchStrategy[Link]:
    """Links of a scope, on any of the portals."""
    shown = st.sets(st.sampled_from(portal_ids)) if portal_ids else st.just(set())
    return st.builds(
        Link,
        customer_id=st.just(scope.customer_id),
        microtenant_id=st.just(scope.microtenant_id),
        id=IDS,
        creation_time=TIMES,
        modified_time=TIMES,
        modified_by=st.sampled_from([0, 1, 2, MAX_ID]),
        name=text,
        description=text,
        enabled=st.booleans(),
        icon_text=text,
        link=text,
        link_path=text,
        protocol=st.sampled_from(["", "http://", "https://"]),
        application_id=st.none() | st.sampled_from([1, 2, 3, MAX_ID]),
        portal_ids=shown.map(lambda ids: tuple(sorted(ids))),
    )


def distinct(of: SearchStrategy[Link], most: int) -> SearchStrategy[list[Link]]:
    """Lists of links whose ids and names are distinct, as the tables ask."""
    return st.lists(
        of, max_size=most, unique_by=(lambda link: link.id, lambda link: fold(link.name))
    )
