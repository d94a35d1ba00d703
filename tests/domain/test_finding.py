"""Finding by typed letters; tests/web holds the page's script to the same table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.finding import Texts, find_matches, nearest_item

CASES = json.loads(Path(__file__).with_name("finding_cases.json").read_text("utf-8"))
LINKS: list[Texts] = [
    (link["name"], link["keywords"], link["description"], link["address"])
    for link in CASES["links"]
]


@pytest.mark.parametrize("case", CASES["find"], ids=lambda case: case["query"])
def test_find_ranks_and_marks_as_the_table_says(case: dict[str, Any]) -> None:
    found = find_matches(case["query"], LINKS)

    assert [[match.index, int(match.position)] for match in found] == case["places"]
    for match in found:
        marks = [
            [text[start:end] for start, end in spans]
            for text, spans in zip(LINKS[match.index], match.spans, strict=True)
        ]
        assert marks == case.get("marks", {}).get(str(match.index), marks)


@pytest.mark.parametrize("case", CASES["nearest"], ids=lambda case: case["query"])
def test_nearest_is_what_the_table_says(case: dict[str, Any]) -> None:
    nearest = nearest_item(case["query"], LINKS)

    assert (-1 if nearest is None else nearest) == case["nearest"]


@given(query=st.text(max_size=12), name=st.text(min_size=1, max_size=30))
def test_marks_lie_inside_the_text_and_in_order(query: str, name: str) -> None:
    for match in find_matches(query, [(name, name, name, name)]):
        done = 0
        for start, end in match.spans[0]:
            assert done <= start < end <= len(name)
            done = end


def test_a_name_finds_itself() -> None:
    for index, (name, *_) in enumerate(LINKS):
        assert index in [match.index for match in find_matches(name, LINKS)]
