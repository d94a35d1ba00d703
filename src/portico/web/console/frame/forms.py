"""Forms with the values that people sent, and the errors of the services beside their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

import msgspec

from portico.domain.errors import InvalidField, NameTaken, NotFound, PorticoError
from portico.domain.records import MAX_ID
from portico.web.console.frame.error_words import error_words
from portico.web.shared.pictures import StoredPicture

FormValue = str | bool | Iterable[str]
"""The value of a field: one text, several texts, or the state of a checkbox."""

WHOLE_FORM = ""
"""The field name of errors that concern no single field."""
NO_PICTURE = "none"


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """An error of a field. `fix` is a valid value to suggest, and `fix_label` its label."""

    text: str
    fix: str = ""
    fix_label: str = ""


@dataclass(frozen=True)
class Form:
    """The values, errors and labels of a form, by field name. A field can have several values."""

    sent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: Mapping[str, FieldError] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return the first value of a field, or an empty text."""
        return next(iter(self.sent.get(name, ())), "")

    def values(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return self.sent.get(name, ())

    def has(self, name: str, value: str) -> bool:
        """Return whether a value is among those of a field."""
        return value in self.sent.get(name, ())

    def flag(self, name: str) -> bool:
        """Return whether a checkbox is ticked."""
        return bool(self.value(name))

    def ids(self, name: str) -> tuple[int, ...]:
        """Return the values of a field as ids, in order, without empty ones.

        Raises NotFound for a text that is no id. Ignoring it could widen the request, because no
        microtenant means the whole tenant.
        """
        return tuple(read_id(value) for value in self.values(name) if value)

    @property
    def named_errors(self) -> list[tuple[str, str]]:
        """The name and label of each field with an error."""
        return [(name, self.labels.get(name, name)) for name in self.errors if name]

    def failed(self, errors: Mapping[str, FieldError]) -> Self:
        """Return the same values with errors beside them."""
        return replace(self, errors={**self.errors, **errors})

    def with_values(self, **values: FormValue) -> Self:
        """Return the same form with some values replaced."""
        return replace(self, sent={**self.sent, **sent_values(values)})

    def renamed(self, name: str, to: str) -> Form:
        """Return a form with only one of the fields, under another name."""
        errors = {to if each == name else each: error for each, error in self.errors.items()}
        labels = {to: self.labels.get(name, name)}
        return Form({to: self.values(name)}, errors, labels)

    def picture(self, name: str, stored: FormPicture) -> FormPicture:
        """Return the picture that the form requests, by default the stored one."""
        value = self.value(f"{name}_data")
        if value == NO_PICTURE:
            return FormPicture()
        brightness, _, text = value.partition(":")
        if brightness in {"dark", "light"} and text.startswith("data:image/"):
            return FormPicture(text, brightness == "dark")
        return stored


class FormPicture(msgspec.Struct, frozen=True):
    """A picture as a data URI. `is_dark` is None when nobody measured it."""

    text: str = ""
    is_dark: bool | None = None

    @property
    def value(self) -> str:
        """The picture as text for a hidden field, which preserves an upload."""
        is_picture = self.text.startswith("data:image/")
        return f"{'dark' if self.is_dark else 'light'}:{self.text}" if is_picture else ""


@dataclass(frozen=True)
class SentForm(Form):
    """A received form with its files, and with the hash of its password once that is computed."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    password_hash: str = field(default="", repr=False)

    def file(self, name: str) -> bytes:
        """Return the content of a file; empty when none was chosen."""
        return self.files.get(name, b"")

    def with_picture(self, name: str, uploaded: StoredPicture | None) -> Self:
        """Return the form with an upload, or a request for no picture, in the hidden field."""
        if uploaded:
            picture = FormPicture(uploaded.data_uri, uploaded.is_dark)
            return self.with_values(**{f"{name}_data": picture.value})
        return (
            self.with_values(**{f"{name}_data": NO_PICTURE}) if self.flag(f"{name}_none") else self
        )


F = TypeVar("F", bound=Form)


def make_form(labels: Mapping[str, str], **values: FormValue) -> Form:
    """Return a form with values."""
    return Form(sent=sent_values(values), labels=labels)


def sent_values(values: Mapping[str, FormValue]) -> dict[str, tuple[str, ...]]:
    """Return values as a browser sends them: a list for each name, "on" for a ticked box."""
    return {name: _sent(value) for name, value in values.items()}


def _sent(value: FormValue) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("on",) if value else ()
    return ((value,) if value else ()) if isinstance(value, str) else tuple(value)


def is_id(value: str) -> bool:
    """Return whether a text of a form could be an id."""
    few = value.isascii() and value.isdecimal() and len(value) < 20
    return few and int(value) <= MAX_ID


def read_id(text: str) -> int:
    """Return an id in an address or a form. Raises NotFound for any other text."""
    if not is_id(text):
        raise NotFound(text[:40])
    return int(text)


def place_error(
    form: F, error: PorticoError, fields: Mapping[str, str], *, otherwise: str = WHOLE_FORM
) -> F:
    """Return the form with an error of the services beside the field that it names.

    `fields` has the form's name for each field of the API; other errors go to `otherwise`.
    """
    if isinstance(error, InvalidField):
        name = fields.get(error.field, otherwise)
    elif isinstance(error, NameTaken):
        name = fields.get("name", otherwise)
    else:
        name = otherwise
    return form.failed({name: FieldError(text=error_words(error, form.labels.get(name, "")))})
