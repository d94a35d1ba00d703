"""Every operation succeeds as its document says, and no success holds a null or an empty text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.document import Document, answer_schema, problems, success_status
from tests.contract.walk import Step, walk_everything
from tests.harness import Server


@pytest.fixture(scope="module")
def steps(server: Server) -> list[Step]:
    """The walk, taken once."""
    return walk_everything(server)


def places_of_nothing(value: object, place: str = "$") -> Iterator[str]:
    """Where a JSON value holds null or an empty text."""
    if value is None or value == "":
        yield f"{place} is {value!r}"
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from places_of_nothing(member, f"{place}.{name}")
    elif isinstance(value, list):
        for position, entry in enumerate(value):
            yield from places_of_nothing(entry, f"{place}[{position}]")


def test_every_operation_is_walked(steps: list[Step], document: Document) -> None:
    documented = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }

    assert {str(step) for step in steps} == documented


def test_success_has_the_documented_status(steps: list[Step], document: Document) -> None:
    wrong = {
        str(step): step.answer.status_code
        for step in steps
        if step.answer.status_code != success_status(document, step.method, step.template)
    }

    assert wrong == {}


def test_success_holds_neither_null_nor_empty_text(steps: list[Step]) -> None:
    found = {
        str(step): list(places_of_nothing(step.body))
        for step in steps
        if step.answer.content and any(places_of_nothing(step.body))
    }

    assert found == {}


def test_success_matches_its_schema(steps: list[Step], document: Document) -> None:
    found = {
        str(step): problems(document, schema, step.body)
        for step in steps
        if (schema := answer_schema(document, step.method, step.template)) is not None
    }

    assert {step: messages for step, messages in found.items() if messages} == {}


def test_success_names_only_documented_members(steps: list[Step], document: Document) -> None:
    found = {
        str(step): unknown
        for step in steps
        if (schema := answer_schema(document, step.method, step.template)) is not None
        and (unknown := problems(document, schema, step.body, closed=True))
    }

    assert found == {}


def test_every_documented_member_is_answered_once(steps: list[Step], document: Document) -> None:
    answered: dict[str, set[str]] = {}
    declared: dict[str, set[str]] = {}
    for step in steps:
        schema = answer_schema(document, step.method, step.template)
        if schema is not None and isinstance(step.body, dict) and "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            declared[name] = set(document["components"]["schemas"][name]["properties"])
            answered.setdefault(name, set()).update(step.body)

    assert answered == declared


def test_success_without_content_is_bare(steps: list[Step], document: Document) -> None:
    bare = [step.answer for step in steps if step.answer.status_code == 204]

    assert bare
    for answer in bare:
        assert answer.content == b""
        assert "content-type" not in answer.headers


def test_success_with_content_has_the_vendors_type(steps: list[Step]) -> None:
    types = {step.answer.headers["content-type"] for step in steps if step.answer.content}

    assert types == {"application/json;charset=utf-8"}
