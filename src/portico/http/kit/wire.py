"""The conventions of the vendor's JSON: docs/explanation/vendor-api.md, "Wire conventions".

Answers leave out null and "", and write ids, times and totals as strings of digits. Requests may
send ids as strings or numbers and null for absent members; unknown members are ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from json.scanner import py_make_scanner  # type: ignore[attr-defined]  # typeshed leaves it out
from math import ceil
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portico.domain.errors import InvalidField
from portico.domain.records import MAX_ID, OwnedRecord, Record
from portico.domain.search import ListQuery

R = TypeVar("R")
S = TypeVar("S")
W = TypeVar("W", bound="WireStruct")

COMMAS_LIMIT = 200_000
"""The largest number of commas in a body, which bounds its values."""

UNINTERRUPTED_COMMAS = 20_000
"""A body with more commas is parsed so that other threads can run. 500 links have about 7,000."""

Digits = Annotated[str, Meta(extra_json_schema={"pattern": "^-?[0-9]{1,19}$"})]
"""A 64-bit integer as a string of decimal digits."""

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,19}")
_EMPTY = frozenset((None, "", ()))

MaybeText = str | UnsetType
MaybeDigits = Digits | UnsetType
ReceivedId = Annotated[str | int | None, Meta(extra_json_schema={"pattern": "^(-?[0-9]{1,19})?$"})]
"""An id in a request."""
ReceivedTime = Annotated[str | int | None, Meta(extra_json_schema={"pattern": "^([0-9]{1,12})?$"})]
"""A time in a request, in seconds since 1970."""


def received(description: str = "", **schema: object) -> Meta:
    """Return the description and limits of a member of a request body for the OpenAPI document.

    The domain checks the limits, for the API and the console alike.
    """
    return Meta(description=description or None, extra_json_schema=schema)


class WireStruct(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """A body or a part of one. Its fields are the names on the wire, in snake case."""


class Stamps(WireStruct, frozen=True, kw_only=True):
    """The members that every answered object starts with."""

    id: Digits
    modified_time: MaybeDigits = UNSET
    creation_time: MaybeDigits = UNSET
    modified_by: MaybeDigits = UNSET


class ListAnswer(WireStruct, Generic[R], frozen=True, kw_only=True):
    """A page of objects."""

    total_pages: Digits
    total_count: Digits
    items: list[R] = msgspec.field(name="list")


class Reference(WireStruct, frozen=True, kw_only=True):
    """An object named by its id. Other members are ignored."""

    id: str | int


def text(value: str) -> MaybeText:
    """Return a text for an answer, absent when it is empty."""
    return value or UNSET


def digits(value: int | None) -> MaybeDigits:
    """Return a number for an answer as digits, absent when it is None."""
    return UNSET if value is None else str(value)


def stamps(record: Record) -> dict[str, Any]:
    """Return the stamps of a record by the fields of `Stamps`."""
    return {
        "id": str(record.id),
        "modified_time": str(record.modified_time),
        "creation_time": str(record.creation_time),
        "modified_by": str(record.modified_by),
    }


def microtenant_digits(record: OwnedRecord) -> MaybeDigits:
    """Return the id of a record's microtenant, absent for Default."""
    return str(record.microtenant_id) if record.microtenant_id else UNSET


def record_of(kind: type[R], body: msgspec.Struct, **parsed: object) -> R:
    """Return the record whose fields have the values of a body's fields by the same names.

    Fields that are absent, null or empty in the body get the record's defaults. `parsed` values
    take precedence.
    """
    values = (msgspec.structs.asdict(body) | parsed).items()
    given = {name: value for name, value in values if value is not None and value != ""}
    return msgspec.convert(given, kind)


def answer_of(kind: type[W], record: object, **presented: object) -> W:
    """Return an answer with a record's values of the fields of the same names, but empty ones.

    `presented` values take precedence.
    """
    given = {name: value for name, value in vars(record).items() if value not in _EMPTY}
    return kind(**given | presented)


def totals(total: int, query: ListQuery) -> dict[str, str]:
    """Return the counts of pages and items for the answer to a list request."""
    return {"total_pages": str(ceil(total / query.page_size)), "total_count": str(total)}


def received_id(field: str, value: ReceivedId) -> int | None:
    """Return an id of a request as a number, or None for null and "". Raises InvalidField."""
    if value is None or value == "":
        return None
    return parse_id(field, str(value))


def parse_id(field: str, value: str) -> int:
    """Return an id as a number. Raises InvalidField unless it is a 64-bit integer in digits."""
    if not _WHOLE_NUMBER.fullmatch(value) or abs(int(value)) > MAX_ID:
        raise InvalidField(field, "It must be an id: a whole number of at most 19 digits.")
    return int(value)


def received_time(field: str, value: ReceivedTime) -> int:
    """Return a time of a request, 0 for null and "". Raises InvalidField."""
    if value is None or value == "":
        return 0
    if not _WHOLE_NUMBER.fullmatch(str(value)):
        raise InvalidField(field, "It must be a time in seconds since 1970, as digits.")
    return int(value)


def received_ids(field: str, references: Sequence[Reference] | None) -> list[int]:
    """Return the distinct ids of a list of references in order. Null is an empty list."""
    ids: dict[int, None] = {}
    for position, reference in enumerate(references or ()):
        name = f"{field}[{position}].id"
        value = received_id(name, reference.id)
        if value is None:
            raise InvalidField(name, "It is required.")
        ids[value] = None
    return list(ids)


def receive(body: bytes, expected: type[S]) -> S:
    """Return a request body as a struct of the expected type.

    Raises InvalidField that names the field. It names `body` when two parsers could read the JSON
    differently: it is not UTF-8, or has duplicate keys, NaN, lone surrogates, deep nesting or huge
    numbers.
    """
    try:
        return msgspec.convert(_parse(body), expected)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    except RecursionError:
        raise InvalidField("body", "It is nested too deeply.") from None


def _parse(body: bytes) -> Any:  # noqa: ANN401  # any JSON value
    commas = body.count(b",")
    if commas > COMMAS_LIMIT:
        raise InvalidField(
            "body", f"It has more than {COMMAS_LIMIT:,} commas, so it has too many values."
        )
    try:
        content = body.decode()
    except UnicodeDecodeError as error:
        raise InvalidField("body", f"Its byte {error.start} is not UTF-8.") from None
    try:
        value = json.loads(
            content,
            cls=json.JSONDecoder if commas < UNINTERRUPTED_COMMAS else InterruptibleDecoder,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise InvalidField("body", f"It is not JSON: {error}.") from None
    except ValueError:
        raise InvalidField("body", "It contains a number with too many digits.") from None
    if "\\u" in content:
        _refuse_surrogates(value)
    return value


class InterruptibleDecoder(json.JSONDecoder):
    """A decoder in Python alone, which lets other threads run between values.

    The C decoder is seven times as fast, and holds the interpreter for a whole array or object.
    """

    def __init__(self, **hooks: Any) -> None:  # noqa: ANN401  # the base class's own
        super().__init__(**hooks)
        self.scan_once = py_make_scanner(self)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                key = printable(name)
                raise InvalidField("body", f'It has the key "{key}" twice in one object.')
            seen.add(name)
    return members


def _refuse_constant(constant: str) -> None:
    raise InvalidField("body", f"{constant} is not a JSON value.")


def _refuse_surrogates(value: Any) -> None:  # noqa: ANN401  # any JSON value
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidField(
            "body", "It contains half of a surrogate pair (\\ud800 to \\udfff)."
        ) from None


def printable(value: str) -> str:
    """Return a text of a request as it can be part of an error message: short and encodable."""
    return value[:100].encode("utf-8", "replace").decode()


_LOCATION = re.compile(r"(?P<why>.*) - at `(?:key in )?\$\.?(?P<field>.*)`\Z", re.DOTALL)


def _invalid(error: msgspec.ValidationError) -> InvalidField:
    message = str(error)
    match = _LOCATION.match(message)
    if not match or not match["field"]:
        return InvalidField("body", f"{message}.")
    return InvalidField(match["field"], f"{match['why']}.")
