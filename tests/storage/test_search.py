"""Search, order and pages in SQL are what the in-memory oracle says, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from portico.domain.errors import InvalidInput
from portico.domain.links.links import LINK_FIELDS, Link
from portico.domain.policies import AUP_FIELDS
from portico.domain.portals.portals import PORTAL_FIELDS
from portico.domain.records import MAX_ID, Record, Scope, fold
from portico.domain.search import (
    VALUE_LIMIT,
    AllOf,
    AnyOf,
    Condition,
    FieldKind,
    Fields,
    ListQuery,
    Operator,
    compare,
    matches,
    parse_search,
)
from portico.domain.tenancy.microtenants import MICROTENANT_FIELDS
from portico.storage.engine.connections import Connection
from portico.storage.links.links import LinkRepository
from portico.storage.policies import AupRepository
from portico.storage.portals.portals import UserPortalRepository
from portico.storage.repositories import Repository
from portico.storage.tenancy.microtenants import MicrotenantRepository
from tests.storage.records import (
    NASTY_TEXT,
    distinct,
    links,
    make_aup,
    make_link,
    make_microtenant,
    make_portal,
)
from tests.storage.store import Store, undone

SORTABLE = ["name", "id", "enabled", "creation_time", "modified_time"]


def sort_key(link: Link, attribute: str) -> tuple[object, int]:
    """What a list is ordered by."""
    value = fold(link.name) if attribute == "name" else getattr(link, attribute)
    return value, link.id


def expected(stored: list[Link], query: ListQuery) -> list[Link]:
    """All items of all pages, by the oracle."""
    found = [link for link in stored if query.condition is None or matches(query.condition, link)]
    return sorted(
        found, key=lambda link: sort_key(link, query.sort_attribute), reverse=query.descending
    )


async def every_page(repository: LinkRepository, query: ListQuery) -> list[Link]:
    """The concatenated pages; every page has to know the same total, also one past the end."""
    items: list[Link] = []
    first = await repository.page(query)
    pages = ceil(first.total / query.page_size)
    for number in range(1, pages + 2):
        page = await repository.page(replace(query, page=number))
        assert page.total == first.total
        assert len(page.items) == min(query.page_size, max(0, page.total - len(items)))
        items += page.items
    return items


@st.composite
def comparisons(draw: DrawFn, stored: list[Link]) -> Condition:
    """One condition; its value is often a part of what is stored, in another case."""
    field = draw(st.sampled_from(list(LINK_FIELDS.values())))
    value: SearchStrategy[str] = NASTY_TEXT
    operators = list(Operator)
    if field.kind is FieldKind.FLAG:
        value = st.sampled_from(["true", "false"])
        operators = [Operator.EQ, Operator.NE, Operator.IN]
    elif field.kind is FieldKind.NUMBER:
        numbers = [getattr(link, field.attribute) for link in stored]
        known = [str(number) for number in numbers if number is not None]
        value = st.sampled_from([*known, "-1", "0", "1", str(MAX_ID), "9" * 19])
        operators = [each for each in Operator if each.value[-4:] not in ("WITH", "AINS")]
    elif stored:
        text: str = getattr(draw(st.sampled_from(stored)), field.attribute)
        start = draw(st.integers(0, len(text)))
        part = text[start : draw(st.integers(start, len(text)))]
        wild = "_" + part[1:], part[:1] + "%" + part[2:]
        value = st.sampled_from([text, part, part.swapcase(), part.upper(), *wild]) | NASTY_TEXT
    operator = draw(st.sampled_from(operators))
    words = draw(st.lists(value, min_size=1, max_size=3))
    try:
        return compare(field, operator.value, ",".join(words))
    except InvalidInput:  # several numbers or flags are good for IN alone
        return compare(field, operator.value, words[0])


def _joined(parts: SearchStrategy[Condition]) -> SearchStrategy[Condition]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return several.map(AllOf) | several.map(AnyOf)


@st.composite
def questions(draw: DrawFn, stored: list[Link]) -> ListQuery:
    """A search with an order and a page size."""
    condition: SearchStrategy[Condition] = st.recursive(comparisons(stored), _joined, max_leaves=4)
    return ListQuery(
        condition=draw(st.none() | condition),
        sort_attribute=draw(st.sampled_from(SORTABLE)),
        descending=draw(st.booleans()),
        page_size=draw(st.sampled_from([1, 2, 3, 500])),
    )


@given(data=st.data(), in_scope=st.sampled_from([0, 10_000]))
@settings(max_examples=90, deadline=None)
def test_list_of_links_is_what_the_oracle_says(
    store: Store, tenant_scope: Scope, data: st.DataObject, in_scope: int
) -> None:
    stored = data.draw(distinct(links(tenant_scope, text=NASTY_TEXT), most=8))
    asked = data.draw(st.lists(questions(stored), min_size=1, max_size=6))

    async def answers() -> list[list[Link]]:
        async with undone(store.database, tenant_scope) as connection:
            repository = LinkRepository(connection, tenant_scope, links=in_scope)
            await repository.insert(*stored)
            return [await every_page(repository, query) for query in asked]

    assert store.run(answers()) == [expected(stored, query) for query in asked]


@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_list_of_a_portal_is_what_the_oracle_says(
    store: Store, tenant_scope: Scope, data: st.DataObject
) -> None:
    portals = [make_portal(tenant_scope, name) for name in ("One", "Two")]
    ids = [portal.id for portal in portals]
    stored = data.draw(distinct(links(tenant_scope, ids, text=NASTY_TEXT), most=8))
    query = data.draw(questions(stored))

    async def answer() -> tuple[list[Link], int]:
        async with undone(store.database, tenant_scope) as connection:
            await UserPortalRepository(connection, tenant_scope).insert(*portals)
            repository = LinkRepository(connection, tenant_scope)
            await repository.insert(*stored)
            page = await repository.page_of_portal(ids[0], query)
            return page.items, page.total

    items, total = store.run(answer())
    shown = expected([link for link in stored if ids[0] in link.portal_ids], query)
    assert (items, total) == (shown[: query.page_size], len(shown))


@pytest.mark.parametrize(
    ("known", "repository", "record"),
    [
        (LINK_FIELDS, LinkRepository, make_link),
        (PORTAL_FIELDS, UserPortalRepository, make_portal),
        (AUP_FIELDS, AupRepository, make_aup),
        (MICROTENANT_FIELDS, MicrotenantRepository, make_microtenant),
    ],
    ids=["links", "portals", "policies", "microtenants"],
)
def test_every_field_and_operator_of_every_list_agrees_with_the_oracle(
    store: Store,
    tenant_scope: Scope,
    known: Fields,
    repository: Callable[[Connection, Scope], Repository[Record]],
    record: Callable[[Scope], Record],
) -> None:
    stored = record(tenant_scope)
    values = ["true", "0", "1", "-1", "3000000000", "9" * 19, "%", "Wiki", "east", "", "a,b"]

    async def disagreements() -> list[str]:
        wrong = []
        async with undone(store.database, tenant_scope) as connection:
            place = repository(connection, tenant_scope)
            await place.insert(stored)
            for text in _searches(known, values):
                condition = parse_search(text, known)
                page = await place.page(ListQuery(condition=condition, page_size=500))
                found = stored.id in [item.id for item in page.items]
                if condition is None or found != matches(condition, stored):
                    wrong.append(text)
        return wrong

    assert store.run(disagreements()) == []


def _searches(known: Fields, values: list[str]) -> list[str]:
    good = []
    for text in (f"{name} {each.value} {v}" for name in known for each in Operator for v in values):
        try:
            parse_search(text, known)
        except InvalidInput:
            continue
        good.append(text)
    assert len(good) > 20 * len(known)
    return good


PHRASES = [
    "Quarterly report",
    "quarterly_report",
    "QUARTERLY%REPORT",
    "quarterly/report",
    "quarterly\\report",
    'the "quarterly" report',
    "the 'quarterly' report",
    "report, quarterly",
    "straße zum bericht",
    "STRASSE ZUM BERICHT",
    "re",
    "",
]
WORDS = ["report", "y_r", "y%r", "y/r", "y\\r", '"quarterly"', "'qu", "strasse", "re"]


@pytest.mark.parametrize("in_scope", [0, 10_000], ids=["scanned", "by the text index"])
@pytest.mark.parametrize("field", ["name", "linkPath", "protocol"])
def test_words_in_text_are_found_as_the_oracle_says(
    store: Store, tenant_scope: Scope, field: str, in_scope: int
) -> None:
    stored = [
        replace(
            make_link(tenant_scope, f"{number} {phrase}" if phrase else "none"),
            description=phrase,
            link=phrase,
            link_path=phrase,
            protocol=phrase,
        )
        for number, phrase in enumerate(PHRASES)
    ]
    operators = [operator.value for operator in Operator if operator is not Operator.IN]
    searches = [f"{field} {each} {word}" for each in operators for word in WORDS]
    searches += [f"{field} EQ {phrase}" for phrase in PHRASES]
    searches += [f"{field} NE {word} AND name LIKE report" for word in WORDS]
    searches += [f"{field} LIKE {word} OR name LIKE bericht" for word in WORDS]

    async def disagreements() -> list[str]:
        wrong = []
        async with undone(store.database, tenant_scope) as connection:
            links = LinkRepository(connection, tenant_scope, links=in_scope)
            await links.insert(*stored)
            for text in searches:
                condition = parse_search(text, LINK_FIELDS)
                assert condition is not None
                page = await links.page(ListQuery(condition=condition, page_size=500))
                found = {link.id for link in page.items}
                if found != {link.id for link in stored if matches(condition, link)}:
                    wrong.append(text)
        return wrong

    assert store.run(disagreements()) == []


def test_sort_attributes_of_every_record_are_columns() -> None:
    for repository in (LinkRepository, UserPortalRepository, AupRepository, MicrotenantRepository):
        names = {each.name for each in fields(repository.record)}

        assert set(SORTABLE) <= names
        assert set(SORTABLE) <= set(repository.table.c.keys())


@pytest.mark.parametrize(
    "text",
    [
        " OR ".join(["id EQ 1"] * 16),
        "name IN " + ",".join(["x"] * 2_000),
        " OR ".join(["name LIKE " + "%" * VALUE_LIMIT] * 15),
        "name LIKE " + "ﬃ" * VALUE_LIMIT,
    ],
    ids=["conditions", "values", "wildcards", "letters that fold to three"],
)
def test_longest_searches_are_answered(store: Store, tenant_scope: Scope, text: str) -> None:
    query = ListQuery(condition=parse_search(text, LINK_FIELDS))

    page = store.read(lambda connection: LinkRepository(connection, tenant_scope).page(query))

    assert page.total == 0
