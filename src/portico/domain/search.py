"""The search language of lists: a parser, and `matches`, which evaluates a search in memory.

Portico has its own parser because the vendor's grammar (docs/explanation/vendor-api.md, "Search")
is unusual: spaces or literal plus signs separate, but only the first two do, and values keep their
spaces.
Storage compiles conditions to SQL; the tests compare the results with `matches`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from operator import eq, ge, gt, le, lt, ne

from portico.domain.errors import InvalidField, InvalidFilter, InvalidOperand
from portico.domain.records import MAX_ID, fold, fold_ascii

SEARCH_LIMIT = 4_096
TERM_LIMIT = 16
VALUE_LIMIT = 255


class FieldKind(Enum):
    """The rule by which values of a field are compared."""

    FOLDED = "text without regard to case, in every script"
    ASCII = "text without regard to the case of A to Z"
    NUMBER = "integer"
    FLAG = "true or false"


@dataclass(frozen=True)
class Field:
    """A field that can be searched: its wire name and how its values are compared."""

    name: str
    kind: FieldKind

    @property
    def attribute(self) -> str:
        """Return the name of the record's attribute and of its column."""
        return re.sub(r"[A-Z]", lambda capital: "_" + capital[0].lower(), self.name)


NAME_FIELDS = (
    Field("id", FieldKind.NUMBER),
    Field("name", FieldKind.FOLDED),
    Field("description", FieldKind.FOLDED),
)
STAMP_FIELDS = tuple(
    Field(name, FieldKind.NUMBER) for name in ("creationTime", "modifiedTime", "modifiedBy")
)

Fields = Mapping[str, Field]
Value = str | int | bool


class Operator(Enum):
    """The operators of conditions."""

    EQ = "EQ"
    NE = "NE"
    GT = "GT"
    GE = "GE"
    LT = "LT"
    LE = "LE"
    CONTAINS = "CONTAINS"
    STARTSWITH = "STARTSWITH"
    ENDSWITH = "ENDSWITH"
    IN = "IN"


_SPELLINGS = {operator.value: operator for operator in Operator} | {
    "NQ": Operator.NE,
    "LIKE": Operator.CONTAINS,
}
_SUBSTRING = {Operator.CONTAINS, Operator.STARTSWITH, Operator.ENDSWITH}
_FLAG_OPERATORS = {Operator.EQ, Operator.NE, Operator.IN}


@dataclass(frozen=True)
class Comparison:
    """One condition. `values` has one entry, or several for IN. Text is already folded."""

    field: Field
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True)
class AllOf:
    """A condition that is true if all of its parts are."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """A condition that is true if at least one of its parts is."""

    parts: tuple[Condition, ...]


Condition = Comparison | AllOf | AnyOf


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """The filter, order and page of a list. The first page is 1.

    `natural` sorts by the numbers within names too, unless the list is very long. The vendor's
    order has no such thing.
    """

    condition: Condition | None = None
    sort_attribute: str = "name"
    descending: bool = False
    natural: bool = False
    page: int = 1
    page_size: int = 20

    @property
    def offset(self) -> int:
        """Return the number of items before the page."""
        return (self.page - 1) * self.page_size


def fields(*described: Field) -> Fields:
    """Return the fields by wire name."""
    return {field.name: field for field in described}


def check_terms(parameter: str, terms: int) -> None:
    """Raise InvalidField, naming the parameter, for a search of more than 16 terms."""
    if terms > TERM_LIMIT:
        raise InvalidField(
            parameter, f"A search has at most {TERM_LIMIT} terms; this one has {terms}."
        )


def parse_search(text: str, searchable: Fields) -> Condition | None:
    """Return the condition of a `search` parameter, or None if it is empty.

    AND binds tighter than OR. Raises InvalidOperand, InvalidFilter or InvalidField. A search has at
    most 16 terms, and each value at most 255 characters.
    """
    text = text.strip(" ")
    if not text:
        return None
    if len(text) > SEARCH_LIMIT:
        raise InvalidField("search", f"At most {SEARCH_LIMIT} characters are allowed.")
    if "\0" in text:
        raise InvalidField("search", "It contains the control character U+0000; remove it.")
    if not _is_filter(text, searchable):
        return _plain_words(text, searchable)
    terms = [_split(alternative, "AND") for alternative in _split(text, "OR")]
    check_terms("search", sum(map(len, terms)))
    choices = [tuple(_comparison(part, searchable) for part in parts) for parts in terms]
    alternatives = tuple(parts[0] if len(parts) == 1 else AllOf(parts) for parts in choices)
    return alternatives[0] if len(alternatives) == 1 else AnyOf(alternatives)


def compare(field: Field, operator: str, value: str) -> Comparison:
    """Return the condition of a field, an operator and a value.

    Raises InvalidOperand or InvalidFilter.
    """
    parsed = _SPELLINGS.get(operator.upper())
    if parsed is None:
        raise InvalidOperand(operator)
    if field.kind is FieldKind.NUMBER and parsed in _SUBSTRING:
        raise InvalidOperand(operator)
    if field.kind is FieldKind.FLAG and parsed not in _FLAG_OPERATORS:
        raise InvalidOperand(operator)
    if "\0" in value:
        raise InvalidFilter("A value contains the control character U+0000; remove it.", field.name)
    words = [word.strip() for word in value.split(",")] if parsed is Operator.IN else [value]
    if len(value) > SEARCH_LIMIT:
        raise InvalidFilter(
            f"All values together have at most {SEARCH_LIMIT} characters.", field.name
        )
    if (longest := max(map(len, words))) > VALUE_LIMIT:
        raise InvalidFilter(
            f"A value has at most {VALUE_LIMIT} characters; one for {field.name} has {longest}.",
            field.name,
        )
    return Comparison(field, parsed, tuple(_value(field, word) for word in words))


_OPERATORS = "|".join(sorted(_SPELLINGS, key=len, reverse=True))
# AND and OR join only if a whole condition follows: "Research AND Development" is a value.
_CONNECTIVE = {
    word: re.compile(rf"[ +]{word}[ +](?=[A-Za-z]+[ +](?i:{_OPERATORS})(?:[ +]|\Z))")
    for word in ("AND", "OR")
}
_SEPARATOR = re.compile(r"[ +]")


def _split(text: str, connective: str) -> list[str]:
    return _CONNECTIVE[connective].split(text)


def _is_filter(text: str, searchable: Fields) -> bool:
    words = _SEPARATOR.split(text, maxsplit=2)
    if words[0] in searchable and len(words) > 1:
        return len(words) == 3 or words[1].upper() in _SPELLINGS
    if len(words) == 3 and words[1].upper() in _SPELLINGS:
        return True
    # Three words with spaces are always read as a filter (docs/explanation/vendor-api.md,
    # "Search"); plus signs alone are not, so that "C++" finds "C++".
    return len(text.split(" ")) > 2


def _plain_words(text: str, searchable: Fields) -> Comparison:
    return compare(searchable["name"], Operator.CONTAINS.value, text)


def _comparison(text: str, searchable: Fields) -> Comparison:
    words = _SEPARATOR.split(text, maxsplit=2)
    name, operator, value = (*words, "", "")[:3]
    if operator.upper() not in _SPELLINGS:
        raise InvalidOperand(operator)
    if name not in searchable:
        raise InvalidFilter(f"Invalid field:{name} in Filtering criteria.", name)
    return compare(searchable[name], operator, value)


def _value(field: Field, word: str) -> Value:
    if field.kind is FieldKind.FOLDED:
        return fold(word)
    if field.kind is FieldKind.ASCII:
        return fold_ascii(word)
    if field.kind is FieldKind.FLAG and word.lower() in {"true", "false"}:
        return word.lower() == "true"
    if field.kind is FieldKind.NUMBER and re.fullmatch(r"-?[0-9]{1,19}", word, re.ASCII):
        return max(-MAX_ID, min(MAX_ID, int(word)))
    raise InvalidFilter(
        f"Invalid value:{word} for the field {field.name} in Filtering criteria.", word
    )


def matches(condition: Condition, record: object) -> bool:
    """Return whether a record matches the condition. A missing number matches only NE."""
    if isinstance(condition, AllOf):
        return all(matches(part, record) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(matches(part, record) for part in condition.parts)
    stored = getattr(record, condition.field.attribute)
    if stored is None:
        return condition.operator is Operator.NE
    if condition.field.kind is FieldKind.FOLDED:
        stored = fold(stored)
    elif condition.field.kind is FieldKind.ASCII:
        stored = fold_ascii(stored)
    if condition.operator is Operator.IN:
        return stored in condition.values
    return _TESTS[condition.operator](stored, condition.values[0])


_TESTS: Mapping[Operator, Callable[..., bool]] = {
    Operator.EQ: eq,
    Operator.NE: ne,
    Operator.GT: gt,
    Operator.GE: ge,
    Operator.LT: lt,
    Operator.LE: le,
    Operator.CONTAINS: lambda stored, part: part in stored,
    Operator.STARTSWITH: lambda stored, part: stored.startswith(part),
    Operator.ENDSWITH: lambda stored, part: stored.endswith(part),
}
