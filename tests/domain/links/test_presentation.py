"""How links are arranged on a page and who sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.errors import InvalidField
from portico.domain.links.presentation import (
    LinkPresentation,
    PresentedLink,
    arranged,
    check_presentation,
    present,
    seen_by,
    split_keywords,
    unpresented,
)
from portico.domain.records import Scope
from tests.storage.records import make_link

SCOPE = Scope(customer_id=1)


def shown(name: str, section: str = "", order: int = 0, *groups: str) -> PresentedLink:
    """A link as it is shown."""
    presentation = LinkPresentation(section=section, order=order, groups=groups)
    return present(make_link(SCOPE, name), presentation)


def told(links: list[PresentedLink], sections: list[str]) -> list[tuple[str, list[str]]]:
    """Headings with the names of their links."""
    return [(each.name, [link.name for link in each.links]) for each in arranged(links, sections)]


def test_sections_come_in_their_order_and_the_rest_last() -> None:
    links = [shown("a"), shown("b", "Two"), shown("c", "One"), shown("d", "Two")]

    assert told(links, ["One", "Two"]) == [("One", ["c"]), ("Two", ["b", "d"]), ("", ["a"])]


def test_numbers_within_names_count() -> None:
    links = [shown("Pump 100"), shown("pump 20"), shown("Pump 3")]

    assert told(links, []) == [("", ["Pump 3", "pump 20", "Pump 100"])]


def test_links_with_a_place_come_before_those_without() -> None:
    links = [shown("b", "S"), shown("A", "S"), shown("z", "S", 1), shown("y", "S", 2)]

    assert told(links, ["S"]) == [("S", ["z", "y", "A", "b"])]


def test_section_that_was_made_meanwhile_comes_after_the_known() -> None:
    links = [shown("a", "New"), shown("b", "Old"), shown("c")]

    assert told(links, ["Old"]) == [("Old", ["b"]), ("New", ["a"]), ("", ["c"])]


def test_link_and_its_presentation_come_apart_again() -> None:
    link = make_link(SCOPE, "Wiki", portal_ids=(1, 2))

    assert unpresented(present(link, LinkPresentation(section="S"))) == link


def test_keywords_are_distinct_and_keep_their_order() -> None:
    keywords = (" wages ", "Löhne", "salary", "LÖHNE", "Wages")

    checked = check_presentation(LinkPresentation(keywords=keywords))

    assert checked.keywords == ("wages", "Löhne", "salary")
    assert split_keywords(" wages; Löhne,,salary ,") == checked.keywords


def test_a_keyword_that_is_refused_is_named() -> None:
    with pytest.raises(InvalidField, match=r'starts with "xxxxx.*64 are allowed'):
        check_presentation(LinkPresentation(keywords=("salary", "x" * 65)))


NAMES = st.sampled_from(["", "One", "Two", "Three"])
GROUPS = st.lists(st.sampled_from(["Staff", "Pay", "É"]), max_size=2).map(tuple)


@given(
    links=st.lists(st.builds(shown, st.sampled_from("abc"), NAMES, st.integers(0, 3)), max_size=12),
    groups=st.lists(GROUPS, min_size=12, max_size=12),
    mine=GROUPS,
)
def test_every_link_is_shown_once_to_those_it_is_for(
    links: list[PresentedLink], groups: list[tuple[str, ...]], mine: tuple[str, ...]
) -> None:
    grouped = [
        present(link, LinkPresentation(section=link.presentation.section, groups=those))
        for link, those in zip(links, groups, strict=False)
    ]
    everything = arranged(grouped, ["Two", "One"])
    seen = [link.id for section in seen_by(everything, mine) for link in section.links]
    expected = [
        link.id
        for link in grouped
        if not link.presentation.groups or set(link.presentation.groups) & set(mine)
    ]

    assert sorted(link.id for each in everything for link in each.links) == sorted(
        link.id for link in grouped
    )
    assert sorted(seen) == sorted(expected)
    assert len({each.name for each in everything}) == len(everything)
    assert all(section.links for section in seen_by(everything, mine))
    assert seen_by(everything, None) == everything


def test_checked_groups_are_each_once_and_in_order() -> None:
    asked = LinkPresentation(section=" Tools ", groups=("b", " A ", "B", "É", "e\u0301"))

    checked = check_presentation(asked)

    assert checked.section == "Tools"
    assert checked.groups == ("A", "b", "É")
    assert check_presentation(checked) == checked
