"""Comparing two answers: what counts as a difference, and how each is worded."""

from __future__ import annotations

import json

import pytest

from portico.emulator.recordings.bindings import Bindings
from portico.emulator.recordings.comparing import Answer, compare_answers
from portico.emulator.recordings.declared_values import DeclaredValues
from tests.emulator.recordings.tapes import (
    JSON,
    LINK_ID,
    LINK_READ,
    NOT_FOUND,
    PORTAL,
    exchange,
    listed,
)

OURS_ID = "42"
OUR_STAMPS = {"modifiedBy": "7", "creationTime": "1", "modifiedTime": "2"}
OUR_PORTAL = PORTAL | OUR_STAMPS | {"id": "41"}
OURS = LINK_READ | OUR_STAMPS | {"id": OURS_ID, "userPortals": [OUR_PORTAL]}


def compared(
    recorded: object,
    ours: object,
    *,
    status: int = 200,
    sent: object = None,
    bound: dict[str, str] | None = None,
    content_type: str = JSON,
) -> list[str]:
    """The differences between two bodies, each as one text."""
    bindings, declared = Bindings("1"), DeclaredValues()
    for recorded_id, our_id in (bound or {}).items():
        bindings.bind(recorded_id, our_id)
    declared.note(sent)
    answer = Answer(
        status=status, headers={"content-type": content_type}, body=json.dumps(ours).encode()
    )
    tape = exchange("GET", "userPortalLink", status, recorded)
    return [f"{e.path}: {e.what}" for e in compare_answers(tape, answer, bindings, declared)]


def test_ids_and_times_of_another_tenant_are_no_difference() -> None:
    assert compared(LINK_READ, OURS) == []


def test_missing_and_additional_fields_are_differences() -> None:
    ours = {name: value for name, value in OURS.items() if name != "microtenantName"}

    assert compared(LINK_READ, ours | {"extra": 1}) == [
        "microtenantName: the recording has a string, Portico does not answer the field.",
        "extra: Portico answers a number, the recording does not have the field.",
    ]


def test_types_are_compared_at_every_depth() -> None:
    portals = [OUR_PORTAL | {"enabled": "true"}]

    assert compared(listed(LINK_READ), listed(OURS | {"userPortals": portals})) == [
        "list[].userPortals[].enabled: the recording has a boolean, Portico answers a string."
    ]


def test_sent_value_must_come_back_if_the_recording_has_it() -> None:
    sent = {"name": "tests-link", "description": "A link", "domain": "sent.example.com"}
    ours = OURS | {"description": "Another"}

    assert compared(LINK_READ, ours, sent=sent) == [
        'description: the request sent "A link", which the recording answers. Portico answers '
        '"Another".'
    ]
    assert compared(LINK_READ, ours) == []


def test_bound_id_must_stay_the_same_object() -> None:
    assert compared(LINK_READ, OURS, bound={LINK_ID: OURS_ID}) == []
    assert compared(LINK_READ, OURS, bound={LINK_ID: "43"}) == [
        f"id: the recording has {LINK_ID}, which is another object here."
    ]


def test_default_microtenant_keeps_its_id() -> None:
    default = {"id": "0", "name": "Default", "enabled": True}

    assert compared([default], [default]) == []
    assert compared([default], [default | {"id": "5"}]) == [
        "[].id: the recording has 0, Portico answers 5."
    ]


def test_list_compares_the_objects_that_both_have() -> None:
    foreign = LINK_READ | {"id": "9", "name": "Of another test"}

    assert compared(listed(foreign, LINK_READ), listed(OURS), bound={LINK_ID: OURS_ID}) == []


def test_list_without_a_known_object_is_a_difference() -> None:
    assert compared(listed(LINK_READ), listed(), bound={LINK_ID: OURS_ID}) == [
        'list[]: the recording has "tests-link", Portico does not answer it.'
    ]


def test_list_with_more_objects_is_a_difference() -> None:
    assert compared(listed(), listed(OURS)) == [
        'list[]: Portico has 1 more than the recording: "tests-link".'
    ]


def test_list_in_another_order_is_a_difference() -> None:
    first, second = LINK_READ | {"id": "1", "name": "A"}, LINK_READ | {"id": "2", "name": "B"}

    assert compared(listed(first, second), listed(second, first)) == [
        "list[]: Portico has the same objects in another order."
    ]


def test_texts_in_a_list_are_compared_if_they_were_sent() -> None:
    recorded, sent = {"domains": ["a.example.com"]}, {"domains": ["a.example.com"]}

    assert compared(recorded, {"domains": []}) == []
    assert compared(recorded, {"domains": ["b.example.com", "c.example.com"]}) == []
    assert compared(recorded, {"domains": []}, sent=sent) == [
        'domains[]: the recording has "a.example.com", Portico does not answer it.'
    ]
    assert compared(recorded, {"domains": [5]}) == [
        "domains[]: the recording has a string, Portico answers a number."
    ]


def test_errors_compare_their_id_and_not_their_words() -> None:
    ours = {**NOT_FOUND, "reason": "Other words.", "params": ["4711"]}

    assert compared(NOT_FOUND, ours, status=400) == []
    assert compared(NOT_FOUND, ours | {"id": "invalid.input"}, status=400) == [
        "id: the recording has resource.not.found, Portico answers invalid.input."
    ]


def test_another_status_is_the_only_difference() -> None:
    answer = Answer(status=400, headers={}, body=json.dumps(NOT_FOUND).encode())
    tape = exchange("GET", "userPortalLink/1", 200, LINK_READ)

    (found,) = compare_answers(tape, answer, Bindings("1"), DeclaredValues())

    assert found.path == "status"
    assert found.what.startswith("the recording has 200, Portico answers 400 (resource.not.found: ")


def test_content_type_is_compared_without_its_parameters() -> None:
    assert compared(OURS, OURS, content_type="application/json") == []
    assert compared(OURS, OURS, content_type="text/html") == [
        "content-type: the recording has application/json, Portico sends text/html."
    ]


@pytest.mark.parametrize(
    ("recorded", "body", "what"),
    [
        (None, b"{}", "the recording has no JSON, Portico answers JSON."),
        ({}, b"", "the recording has JSON, Portico answers no JSON."),
    ],
)
def test_body_on_one_side_alone_is_a_difference(recorded: object, body: bytes, what: str) -> None:
    answer = Answer(status=200, headers={"content-type": JSON}, body=body)
    tape = exchange("GET", "userPortalLink", 200, recorded)

    (found,) = compare_answers(tape, answer, Bindings("1"), DeclaredValues())

    assert (found.path, found.what) == ("body", what)
