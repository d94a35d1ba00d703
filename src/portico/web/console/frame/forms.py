"""Forms as people sent them, and the errors of the use-cases beside the fields that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from portico.domain.errors import InvalidField, NameTaken, NotFound, PorticoError
from portico.domain.records import MAX_ID

NOWHERE = ""
"""The place of an error that is about no single field."""


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """What is wrong with a field; `fix` is a value that would pass, `fix_label` its words."""

    text: str
    fix: str = ""
    fix_label: str = ""


@dataclass(frozen=True)
class Form:
    """The values of a form by name, several for some, and the errors of it by name."""

    sent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: Mapping[str, FieldError] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """The value of a field, of several the first; empty for one that was not sent."""
        return next(iter(self.sent.get(name, ())), "")

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return self.sent.get(name, ())

    def has(self, name: str, value: str) -> bool:
        """Whether a choice is among those made."""
        return value in self.sent.get(name, ())

    def flag(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.value(name))

    def ids(self, name: str) -> tuple[int, ...]:
        """The values of a field as ids, in order, without empty ones. Raises NotFound.

        What is no id names nothing. To leave it out would widen what was meant: no microtenant is
        the whole tenant.
        """
        return tuple(read_id(value) for value in self.values(name) if value)

    @property
    def named_errors(self) -> list[tuple[str, str]]:
        """The fields with an error: name and label."""
        return [(name, self.labels.get(name, name)) for name in self.errors if name]

    def failed(self, errors: Mapping[str, FieldError]) -> Form:
        """The same values with errors beside them."""
        return replace(self, errors={**self.errors, **errors})

    def with_values(self, **values: str | Iterable[str]) -> Form:
        """The same form with some values replaced."""
        return replace(self, sent={**self.sent, **sent_values(values)})


def make_form(labels: Mapping[str, str], **values: str | Iterable[str]) -> Form:
    """A form with the values of what is stored."""
    return Form(sent=sent_values(values), labels=labels)


def sent_values(values: Mapping[str, str | Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Values as a form sends them: a list for each name."""
    return {
        name: (value,) if isinstance(value, str) else tuple(value)
        for name, value in values.items()
        if value != ""
    }


def is_id(value: str) -> bool:
    """Whether a text of a form could be an id."""
    few = value.isascii() and value.isdecimal() and len(value) < 20
    return few and int(value) <= MAX_ID


def read_id(text: str) -> int:
    """An id in an address or a form. Raises NotFound for what could be none."""
    if not is_id(text):
        raise NotFound(text[:40])
    return int(text)


def place_error(
    form: Form, error: PorticoError, fields: Mapping[str, str], *, otherwise: str = NOWHERE
) -> Form:
    """The form with a use-case's error beside the field that it names, in the API's own words.

    `fields` has the form's name for a field of the wire; the place of others is `otherwise`.
    """
    if isinstance(error, InvalidField):
        place = fields.get(error.field, otherwise)
        text = error.why if place else error.reason
        return form.failed({place: FieldError(text=text)})
    place = fields.get("name", otherwise) if isinstance(error, NameTaken) else otherwise
    return form.failed({place: FieldError(text=error.reason)})
