"""The search language: what each text means (cases in search_cases.json), and the oracle of lists.

The cases follow docs/explanation/vendor-api.md, "Search".
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.domain.errors import InvalidField, InvalidFilter, InvalidInput
from portico.domain.links.links import LINK_FIELDS, Link
from portico.domain.search import (
    SEARCH_LIMIT,
    VALUE_LIMIT,
    AllOf,
    Comparison,
    Condition,
    FieldKind,
    Operator,
    compare,
    matches,
    parse_search,
)

CASES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "search_cases.json").read_text(encoding="utf-8")
)

WIKI = Link(
    customer_id=1,
    id=100,
    microtenant_id=0,
    creation_time=1_700_000_000,
    modified_time=1_700_000_500,
    modified_by=9,
    name="Straße 100%_C++ Wiki",
    description="Line one\nÜBERSICHT",
    enabled=True,
    link="Wiki.Example.com",
    link_path="/Home",
    protocol="https://",
    application_id=None,
)


def rendered(condition: Condition | None) -> str | None:
    """A condition as text, in the notation of the cases."""
    if condition is None:
        return None
    if isinstance(condition, Comparison):
        values = ", ".join(map(repr, condition.values))
        return f"{condition.field.name} {condition.operator.value} {values}"
    word = " AND " if isinstance(condition, AllOf) else " OR "
    return "(" + word.join(str(rendered(part)) for part in condition.parts) + ")"


def found(text: str, record: Link = WIKI) -> bool:
    """Whether a search finds a record."""
    condition = parse_search(text, LINK_FIELDS)
    return condition is None or matches(condition, record)


@pytest.mark.parametrize("text", CASES["means"])
def test_search_means_its_condition(text: str) -> None:
    assert rendered(parse_search(text, LINK_FIELDS)) == CASES["means"][text]


@pytest.mark.parametrize("text", CASES["refused"])
def test_search_that_means_nothing_says_which_word(text: str) -> None:
    code, word = CASES["refused"][text]

    with pytest.raises(InvalidInput) as refusal:
        parse_search(text, LINK_FIELDS)

    assert refusal.value.code == code
    assert refusal.value.params == (word,)


def test_invalid_operand_has_the_recorded_words() -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_search("Domain Joined - myDomain", LINK_FIELDS)

    assert refusal.value.reason == "Invalid operand:Joined in Filtering criteria."


def test_search_has_a_limit() -> None:
    with pytest.raises(InvalidField, match="At most 4096 characters") as refusal:
        parse_search("x" * (SEARCH_LIMIT + 1), LINK_FIELDS)
    assert refusal.value.params == ("search",)


@pytest.mark.parametrize("connective", [" AND ", " OR "])
def test_search_has_at_most_16_terms(connective: str) -> None:
    assert found(connective.join(["enabled EQ true"] * 16))

    with pytest.raises(InvalidField, match="at most 16 terms; this one has 17") as refusal:
        parse_search(connective.join(["enabled EQ true"] * 17), LINK_FIELDS)
    assert refusal.value.params == ("search",)


@pytest.mark.parametrize("start", ["", "name EQ ", "description+LIKE+", "name IN a,"])
def test_value_has_at_most_255_characters(start: str) -> None:
    longest = "x" * VALUE_LIMIT

    assert longest in str(rendered(parse_search(start + longest, LINK_FIELDS)))
    with pytest.raises(InvalidFilter, match=r"at most 255 characters; one for .* has 256"):
        parse_search(start + longest + "x", LINK_FIELDS)


def test_text_outside_a_to_z_keeps_its_case_where_only_ascii_is_folded() -> None:
    record = replace(WIKI, protocol="Ärger")

    assert found("protocol EQ ÄRGER", record)
    assert not found("protocol EQ ärger", record)
    assert not found("protocol LIKE ä", record)


@pytest.mark.parametrize("text", ["a\0b", "name EQ a\0b", "name EQ a OR name EQ \0"])
def test_search_holds_no_zero_byte(text: str) -> None:
    with pytest.raises(InvalidField, match=r"U\+0000") as refusal:
        parse_search(text, LINK_FIELDS)

    assert refusal.value.params == ("search",)


@pytest.mark.parametrize(
    ("operator", "value"),
    [("EQ", "a\0b"), ("EQ", "x" * (VALUE_LIMIT + 1)), ("IN", "x," * SEARCH_LIMIT)],
    ids=["zero byte", "too long", "too many"],
)
def test_value_of_a_condition_is_limited(operator: str, value: str) -> None:
    with pytest.raises(InvalidFilter) as refusal:
        compare(LINK_FIELDS["name"], operator, value)

    assert refusal.value.params == ("name",)


@pytest.mark.parametrize("name", LINK_FIELDS)
def test_every_field_of_a_link_can_be_searched(name: str) -> None:
    kind = LINK_FIELDS[name].kind
    value = {FieldKind.FLAG: "true", FieldKind.NUMBER: "5"}.get(kind, "x")

    assert isinstance(found(f"{name} EQ {value}"), bool)
    assert found(f"{name} EQ {value}") is not found(f"{name} NE {value}")


WORDS = st.sampled_from(
    [
        *LINK_FIELDS,
        *(operator.value for operator in Operator),
        *(
            "LIKE",
            "NQ",
            "AND",
            "OR",
            "and",
            "true",
            "5",
            "-1",
            "9" * 19,
            "a,b",
            "",
            "ß",
            "%",
            "\u017f",
        ),
        *("\0", "\ud800", "\n", "+", "'", '"', "END\u017fWITH", "l\u0131ke"),
    ]
)
TEXTS = st.one_of(
    st.text(st.characters()),
    st.lists(WORDS, max_size=12).flatmap(
        lambda words: st.sampled_from([" ".join(words), "+".join(words), "  ".join(words)])
    ),
)


@given(TEXTS)
@settings(max_examples=1_000, deadline=None)
def test_any_text_is_a_search_or_invalid_input(text: str) -> None:
    condition, refusal = None, None
    try:
        condition = parse_search(text, LINK_FIELDS)
    except InvalidInput as error:
        refusal = error

    assert refusal is None or refusal.params
    assert (condition is None) == (refusal is not None or not text.strip(" "))
    assert condition is None or matches(condition, WIKI) in (True, False)


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1).filter(
        lambda text: text.strip() == text and "," not in text
    )
)
@settings(max_examples=200, deadline=None)
def test_name_is_found_by_itself_in_any_case(name: str) -> None:
    record = replace(WIKI, name=name)

    for text in (f"name EQ {name}", f"name LIKE {name}", f"name+STARTSWITH+{name}"):
        assert found(text, record) or " AND " in name or " OR " in name
    assert found(f"name IN x,{name}", record)
    assert found(f"name EQ {name.lower()}", record) or name.lower().upper() != name.upper()


@pytest.mark.parametrize(
    "text",
    [
        "strasse",
        "STRASSE 100%",
        "%_c++",
        "name ENDSWITH WIKI",
        "name STARTSWITH strasse",
        "name NE wiki",
        "name GT strasse",
        "name IN a,STRASSE 100%_C++ WIKI",
        "description LIKE übersicht",
        "description STARTSWITH line one\nü",
        "link EQ wiki.example.COM",
        "linkPath EQ /home",
        "protocol STARTSWITH HTTPS",
        "enabled EQ true",
        "id EQ 100",
        "id GE 100",
        "id LE 100",
        "id LT 9999999999999999999",
        "id IN 5,100",
        "applicationId NE 5",
        "creationTime LT 1700000001",
        "name EQ nothing OR enabled EQ true",
        "modifiedBy EQ 9 AND enabled NE false",
    ],
)
def test_search_finds_the_link(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "_wiki",
        "s%e",
        "name EQ wiki",
        "name STARTSWITH wiki",
        "name ENDSWITH 100%",
        "name LIKE .*",
        "name LT straße",
        "name IN strasse,wiki",
        "enabled EQ false",
        "enabled IN false",
        "id GT 100",
        "id LT 100",
        "applicationId EQ 5",
        "applicationId GT -1",
        "applicationId LT 5",
        "applicationId IN 1,2",
        "enabled EQ true AND id EQ 5",
        "name EQ a OR name EQ b",
    ],
)
def test_search_does_not_find_the_link(text: str) -> None:
    assert not found(text)
