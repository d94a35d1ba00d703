"""Texts of pages that are written before the reader's language is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self


class Text(str):
    """A text in English, which a template prints in the reader's language.

    `values` fill its `%(name)s`: other texts are translated and whole numbers get separators.
    With `plural`, `number` chooses between both forms and is `%(num)s`.
    """

    __slots__ = ("message", "number", "plural", "values")

    message: str
    plural: str
    number: int
    values: dict[str, object]

    def __new__(cls, message: str, plural: str = "", number: int = 1, /, **values: object) -> Self:
        """Return the text as English, with what a language needs to translate it."""
        form = plural if plural and number != 1 else message
        shown = {
            name: Number(value) if type(value) is int else value for name, value in values.items()
        }
        text = super().__new__(cls, form % shown if values else form)
        text.message, text.plural, text.number, text.values = message, plural, number, values
        return text


def gettext(message: str, /, **values: object) -> Text:
    """Return a text with its `%(name)s` filled in. Import it as `_`."""
    return Text(message, **values)


def ngettext(one: str, many: str, number: int, /, **values: object) -> Text:
    """Return the text for a number, which is `%(num)s`."""
    return Text(one, many, number, **{"num": number, **values})


def joined(texts: Iterable[str], separator: str = ", ") -> Text:
    """Return texts in a row, each of which is translated by itself."""
    values = {f"text{place}": text for place, text in enumerate(texts)}
    return Text(separator.join(f"%({name})s" for name in values), **values)


def listed(names: Sequence[str]) -> Text:
    """Return names as in a sentence, such as "Staff, Visitors and Depot"."""
    if len(names) < 2:
        return joined(names)
    return gettext("%(names)s and %(last)s", names=joined(names[:-1]), last=names[-1])


class Number(int):
    """A whole number that reads with separators of thousands from `least` on, such as 18,930."""

    separator: str
    least: int

    def __new__(cls, value: int, separator: str = ",", least: int = 1_000) -> Self:
        """Return the number, by default as English writes it."""
        number = super().__new__(cls, value)
        number.separator, number.least = separator, least
        return number

    def __str__(self) -> str:
        """Return it with separators."""
        return (
            f"{int(self):,}".replace(",", self.separator) if self >= self.least else f"{int(self)}"
        )
