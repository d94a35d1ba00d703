"""Reading a body: which JSON is taken, what is refused and by which name; and what goes out."""

from __future__ import annotations

import json
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.domain.errors import InvalidField
from portico.domain.search import ListQuery
from portico.http.kit.wire import (
    Reference,
    WireStruct,
    digits,
    parse_id,
    printable,
    receive,
    received_id,
    received_ids,
    text,
    totals,
)


class Sample(WireStruct, frozen=True, kw_only=True):
    """A body with a member of every kind."""

    name: str | None = None
    is_on: bool | None = None
    other_id: str | int | None = None
    user_portals: list[Reference] | None = None


class Shelf(WireStruct, frozen=True, kw_only=True):
    """A body with bodies inside."""

    samples: list[Sample] | None = None


def fault(body: bytes, kind: type[object] = Sample) -> InvalidField:
    """The error that a body is refused with."""
    with pytest.raises(InvalidField) as caught:
        receive(body, kind)
    return caught.value


def test_members_are_read_by_their_wire_names() -> None:
    body = b'{"name": "a", "isOn": true, "otherId": 7, "userPortals": [{"id": "1"}], "is_on": 1}'

    read = receive(body, Sample)

    assert read.name == "a"
    assert read.is_on is True
    assert read.other_id == 7
    assert [each.id for each in read.user_portals or ()] == ["1"]


def test_absent_and_null_are_none() -> None:
    assert receive(b"{}", Sample) == receive(b'{"name": null, "isOn": null}', Sample) == Sample()


def test_union_is_told_apart_by_its_shape() -> None:
    union = Sample | list[Sample]

    assert receive(b'{"name": "a"}', union) == Sample(name="a")  # type: ignore[arg-type]
    assert receive(b'[{"name": "a"}]', union) == [Sample(name="a")]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"name": 1}', "name"),
        (b'{"isOn": "true"}', "isOn"),
        (b'{"isOn": 1}', "isOn"),
        (b'{"otherId": 1.5}', "otherId"),
        (b'{"otherId": true}', "otherId"),
        (b'{"otherId": 1e400}', "otherId"),
        (b'{"userPortals": {}}', "userPortals"),
        (b'{"userPortals": [{"id": "1"}, 2]}', "userPortals[1]"),
        (b'{"userPortals": [{"id": null}]}', "userPortals[0].id"),
        (b'{"samples": [{}, {"isOn": 1}]}', "samples[1].isOn"),
        (b"[]", "body"),
        (b"null", "body"),
        (b"", "body"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b'{"name": NaN}', "body"),
        (b'{"name": "a", "name": "a"}', "body"),
        (b'{"name": "\\ud83d"}', "body"),
        (b"[" * 100_000, "body"),
        (b'{"x": ' + b"1" * 5_000 + b"}", "body"),
    ],
)
def test_fault_has_the_name_of_its_field(body: bytes, field: str) -> None:
    kind = Shelf if b"samples" in body else Sample
    error = fault(body, kind)

    assert error.params == (field,)
    assert error.reason.startswith(f"One or more input fields {field} are not valid. ")
    assert error.reason.endswith(".")
    assert len(error.reason) < 400


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"a": 1, "a": 2}', '"a"'),
        (b'{"\\ud800": 1, "\\ud800": 2}', "twice"),
        (b'{"x": -Infinity}', "-Infinity"),
        (b"\x7b\xff", "byte 1"),
        (b'{"x": "\\udc00"}', "surrogate"),
        (b"[" * 100_000, "deep"),
        (b"1" * 5_000, "digits"),
    ],
)
def test_fault_of_the_whole_body_is_explained(body: bytes, word: str) -> None:
    reason = fault(body).reason

    assert word in reason
    assert reason.encode()


def test_escaped_pairs_are_characters() -> None:
    assert receive(b'{"name": "\\ud83d\\ude00"}', Sample).name == "😀"
    assert receive(b'{"name": "\\\\ud800"}', Sample).name == "\\ud800"


def test_same_key_in_different_objects_is_fine() -> None:
    body = b'{"userPortals": [{"id": 1}, {"id": 2}], "x": {"name": 1}, "name": "a"}'

    assert receive(body, Sample).name == "a"


def test_key_twice_among_many_is_found_quickly() -> None:
    members = b",".join(b'"k%d":0' % number for number in range(20_000))
    started = time.perf_counter()

    error = fault(b"{" + members + b',"last":0,"last":0}')

    assert '"last"' in error.reason
    assert time.perf_counter() - started < 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def read_or_refused(content: bytes) -> Sample | InvalidField:
    """What becomes of any bytes."""
    try:
        return receive(content, Sample)
    except InvalidField as error:
        return error


@settings(deadline=None)
@given(st.dictionaries(st.text() | st.sampled_from(Sample.__struct_encode_fields__), json_values))
def test_any_json_is_read_or_refused_by_name(members: dict[str, object]) -> None:
    outcome = read_or_refused(json.dumps(members).encode("utf-8", "surrogatepass"))

    if isinstance(outcome, InvalidField):
        assert outcome.params[0]
        assert outcome.reason.encode()
    else:
        assert outcome.name == members.get("name")
        assert outcome.is_on == members.get("isOn")
        assert outcome.other_id == members.get("otherId")


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    outcome = read_or_refused(content)

    assert isinstance(outcome, Sample) or outcome.reason.encode()


@pytest.mark.parametrize("value", ["0", "1", "-1", "007", "9223372036854775807", "-" + "9" * 18])
def test_id_is_read(value: str) -> None:
    assert parse_id("id", value) == int(value)
    assert received_id("id", int(value)) == int(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "-",
        "+1",
        "1 ",
        " 1",
        "1\n",
        "1.0",
        "1e3",
        "0x1",
        "٣",
        "x",
        "9223372036854775808",
        "9" * 20,
    ],
)
def test_what_is_no_id_is_refused_by_name(value: str) -> None:
    with pytest.raises(InvalidField) as caught:
        parse_id("someId", value)

    assert caught.value.params == ("someId",)


def test_no_id_is_none() -> None:
    assert received_id("id", None) is None
    assert received_id("id", "") is None
    assert received_id("id", 0) == 0


def test_references_are_read_in_order() -> None:
    references = [Reference(id="2"), Reference(id=1)]

    assert received_ids("userPortals", references) == [2, 1]
    assert received_ids("userPortals", None) == []
    with pytest.raises(InvalidField) as caught:
        received_ids("userPortals", [*references, Reference(id="")])
    assert caught.value.params == ("userPortals[2].id",)


def test_empty_is_absent_when_encoded() -> None:
    class Out(WireStruct, frozen=True, kw_only=True):
        some_text: str | msgspec.UnsetType
        some_id: str | msgspec.UnsetType

    full = Out(some_text=text("a"), some_id=digits(0))
    empty = Out(some_text=text(""), some_id=digits(None))

    assert msgspec.json.encode(full) == b'{"someText":"a","someId":"0"}'
    assert msgspec.json.encode(empty) == b"{}"


@pytest.mark.parametrize(
    ("total", "size", "pages"),
    [(0, 20, "0"), (1, 20, "1"), (20, 20, "1"), (21, 20, "2"), (501, 500, "2")],
)
def test_totals_are_texts_of_digits(total: int, size: int, pages: str) -> None:
    assert totals(total, ListQuery(page_size=size)) == {
        "total_pages": pages,
        "total_count": str(total),
    }


def test_printable_is_short_and_can_be_encoded() -> None:
    assert printable("a\ud800b") == "a?b"
    assert len(printable("x" * 10_000)) == 100
