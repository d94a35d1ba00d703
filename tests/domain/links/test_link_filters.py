"""Words of a filter become conditions that mean what the words say."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.errors import InvalidField
from portico.domain.links.filters import LinkFilter, narrowed, text_conditions
from portico.domain.links.links import LINK_FIELDS
from portico.domain.records import Scope, fold
from portico.domain.search import Condition, ListQuery, matches, parse_search
from tests.storage.records import NASTY_TEXT, make_link


def test_filter_that_says_nothing_leaves_the_query() -> None:
    query = ListQuery(condition=parse_search("wiki", LINK_FIELDS), page=3)

    assert narrowed(query, LinkFilter()) == query
    assert narrowed(query, LinkFilter(text="  ", portal_id=4, section_id=5)) == query


def test_filter_and_query_hold_together() -> None:
    link = make_link(Scope(customer_id=1), "Company wiki", description="about pay")
    query = ListQuery(condition=parse_search("wiki", LINK_FIELDS))

    for wanted, passes in (
        (LinkFilter(text="PAY"), True),
        (LinkFilter(text="pay company"), True),
        (LinkFilter(text="pay nothing"), False),
        (LinkFilter(text="pay", enabled=True), False),
        (LinkFilter(text="example.com", enabled=False), True),
    ):
        condition = narrowed(query, wanted).condition
        assert condition is not None
        assert matches(condition, link) is passes


@given(name=NASTY_TEXT, description=NASTY_TEXT, text=NASTY_TEXT)
def test_each_word_stands_somewhere(name: str, description: str, text: str) -> None:
    link = make_link(Scope(customer_id=1), name, description=description)
    fields = [fold(each) for each in (name, description, link.link)]

    expected = all(any(word in each for each in fields) for word in fold(text).split())

    assert all(matches(each, link) for each in text_conditions(text)) is expected


@given(st.text(max_size=5_000))
def test_any_text_makes_few_conditions_or_is_refused(text: str) -> None:
    conditions: list[Condition] = []
    with suppress(InvalidField):
        conditions = text_conditions(text)

    assert len(conditions) <= 16


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (" ".join(f"word{number}" for number in range(17)), "at most 16 terms"),
        ("x" * 256, "at most 255 characters"),
        ("x " * 2_100, "At most 4096 characters"),
    ],
)
def test_long_text_is_refused_with_the_limit(text: str, says: str) -> None:
    with pytest.raises(InvalidField, match=says):
        text_conditions(text)


def test_word_that_is_said_again_counts_once() -> None:
    assert len(text_conditions("Wiki wiki " * 20)) == 1
