"""The conventions of the vendor's wire: docs/vendor-api.md, "Wire conventions".

Out: absent instead of null or "", ids and times and totals as strings of digits, camelCase. In:
ids as strings or numbers, null as absent, unknown keys ignored; anything else wrong is refused by
name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from json.scanner import py_make_scanner  # type: ignore[attr-defined]  # typeshed leaves it out
from math import ceil
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portico.domain.errors import InvalidField
from portico.domain.records import MAX_ID, OwnedRecord, Record
from portico.domain.search import ListQuery

R = TypeVar("R")
S = TypeVar("S")
W = TypeVar("W", bound="WireStruct")

COMMAS_LIMIT = 200_000
"""About how many values a body has at most."""

UNINTERRUPTED_COMMAS = 20_000
"""From so many on, others get their turn between values; 500 links have about 7,000."""

Digits = Annotated[str, Meta(extra_json_schema={"pattern": "^-?[0-9]{1,19}$"})]
"""A 64-bit integer as its decimal digits."""

_EMPTY = frozenset((None, "", ()))

MaybeText = str | UnsetType
MaybeDigits = Digits | UnsetType
ReceivedId = Annotated[str | int | None, Meta(extra_json_schema={"pattern": "^(-?[0-9]{1,19})?$"})]
"""An id as a client may send it."""


def received(description: str = "", **schema: object) -> Meta:
    """What the OpenAPI document says of a member of a request body.

    The limits are told here and checked by the domain, which every door goes through.
    """
    return Meta(description=description or None, extra_json_schema=schema)


class WireStruct(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """A body or a part of one, fields named as on the wire but in snake case."""


class Stamps(WireStruct, frozen=True, kw_only=True):
    """What every answered object starts with."""

    id: Digits
    modified_time: MaybeDigits = UNSET
    creation_time: MaybeDigits = UNSET
    modified_by: MaybeDigits = UNSET


class Reference(WireStruct, frozen=True, kw_only=True):
    """An object named by its id; what else it carries is ignored."""

    id: str | int


def text(value: str) -> MaybeText:
    """A text of an answer: absent when empty."""
    return value or UNSET


def digits(value: int | None) -> MaybeDigits:
    """A number of an answer as its digits: absent when there is none."""
    return UNSET if value is None else str(value)


def stamps(record: Record) -> dict[str, Any]:
    """The stamps of a record, by the fields of `Stamps`."""
    return {
        "id": str(record.id),
        "modified_time": str(record.modified_time),
        "creation_time": str(record.creation_time),
        "modified_by": str(record.modified_by),
    }


def microtenant_digits(record: OwnedRecord) -> MaybeDigits:
    """The id of a custom microtenant; Default's never appears."""
    return str(record.microtenant_id) if record.microtenant_id else UNSET


def record_of(kind: type[R], body: msgspec.Struct) -> R:
    """Return the record that a body describes, field by field of the same name.

    What is absent, null or an empty text takes the record's default.
    """
    values = msgspec.structs.asdict(body).items()
    said = {name: value for name, value in values if value is not None and value != ""}
    return msgspec.convert(said, kind)


def answer_of(kind: type[W], record: object) -> W:
    """Return the answer that has the fields of a record by the same names, without empty ones."""
    return kind(**{name: value for name, value in vars(record).items() if value not in _EMPTY})


def totals(total: int, query: ListQuery) -> dict[str, str]:
    """The page and item counts of a list envelope."""
    return {"total_pages": str(ceil(total / query.page_size)), "total_count": str(total)}


def received_id(field: str, value: ReceivedId) -> int | None:
    """An id of a request as a number; None and "" are none. Raises InvalidField."""
    if value is None or value == "":
        return None
    return parse_id(field, str(value))


def parse_id(field: str, value: str) -> int:
    """An id as a number. Raises InvalidField unless it is a 64-bit integer in plain digits."""
    if not re.fullmatch(r"-?[0-9]{1,19}", value, re.ASCII) or abs(int(value)) > MAX_ID:
        raise InvalidField(field, "It is not an id: a whole number of at most 19 digits.")
    return int(value)


def received_ids(field: str, references: Sequence[Reference] | None) -> list[int]:
    """The distinct ids of a list of references, in order; null is an empty list."""
    ids: dict[int, None] = {}
    for position, reference in enumerate(references or ()):
        place = f"{field}[{position}].id"
        value = received_id(place, reference.id)
        if value is None:
            raise InvalidField(place, "It is required.")
        ids[value] = None
    return list(ids)


def receive(body: bytes, expected: type[S]) -> S:
    """A request body as the struct it should be.

    Raises InvalidField naming the field, or `body` when it is no JSON that two readers would
    understand alike: not UTF-8, duplicate keys, NaN, lone surrogates, absurd depth or numbers.
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
        raise InvalidField("body", f"It has over {COMMAS_LIMIT:,} commas, so too many values.")
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
        raise InvalidField("body", "It holds a number with too many digits.") from None
    if "\\u" in content:
        _refuse_surrogates(value)
    return value


class InterruptibleDecoder(json.JSONDecoder):
    """The decoder without its part in C, which holds the interpreter for a whole array or object.

    Other threads run between values, for seven times the work.
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
                twice = printable(name)
                raise InvalidField("body", f'It has the key "{twice}" twice in one object.')
            seen.add(name)
    return members


def _refuse_constant(constant: str) -> None:
    raise InvalidField("body", f"{constant} is not a JSON value.")


def _refuse_surrogates(value: Any) -> None:  # noqa: ANN401  # any JSON value
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidField(
            "body", "It holds half of a surrogate pair (\\ud800 to \\udfff)."
        ) from None


def printable(value: str) -> str:
    """A text from outside made fit for an error sentence: short, and encodable."""
    return value[:100].encode("utf-8", "replace").decode()


_PLACE = re.compile(r"(?P<why>.*) - at `(?:key in )?\$\.?(?P<field>.*)`\Z", re.DOTALL)


def _invalid(error: msgspec.ValidationError) -> InvalidField:
    message = str(error)
    match = _PLACE.match(message)
    if not match or not match["field"]:
        return InvalidField("body", f"{message}.")
    return InvalidField(match["field"], f"{match['why']}.")
