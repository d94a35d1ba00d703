"""The languages of the pages: their choice, their texts and their dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

import msgspec

from portico.web.shared.texts import Number, Text

DOMAIN = "portico"
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}
SOURCE_LANGUAGE = "en"
SEPARATORS = {"en": (",", 1_000), "de": (".", 1_000), "es": (".", 10_000)}
"""The separator of thousands of each language, and the least number that has one."""


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """A language with its code, its name in that language, and its catalogue."""

    code: str
    name: str
    texts: NullTranslations

    def gettext(self, text: str, /, **values: object) -> str:
        """Return the text in this language, with its `%(name)s` filled in."""
        said = self.texts.gettext(text)
        return said % self.read_all(values) if values else said

    def ngettext(self, one: str, many: str, number: int, /, **values: object) -> str:
        """Return the text for a number, which is `%(num)d`, or `%(num)s` with separators."""
        said = self.texts.ngettext(one, many, number)
        return said % self.read_all({"num": number, **values})

    def read(self, value: object) -> object:
        """Return a value as this language shows it: a `Text` translated, others as they are."""
        if not isinstance(value, Text):
            return value
        if not value.plural:
            return self.gettext(value.message, **value.values)
        return self.ngettext(value.message, value.plural, value.number, **value.values)

    def read_all(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return the values of a text as this language shows them."""
        separator, least = SEPARATORS[self.code]
        return {
            name: Number(value, separator, least) if type(value) is int else self.read(value)
            for name, value in values.items()
        }

    def weekday(self, day: date) -> str:
        """Return the name of the weekday."""
        _ = self.texts.gettext
        names = (
            _("Monday"),
            _("Tuesday"),
            _("Wednesday"),
            _("Thursday"),
            _("Friday"),
            _("Saturday"),
            _("Sunday"),
        )
        return names[day.weekday()]

    def short_weekday(self, day: date) -> str:
        """Return the short name of the weekday."""
        _ = self.texts.gettext
        names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
        return names[day.weekday()]

    def day_and_month(self, day: date) -> str:
        """Return a day without its year, for example 24 November."""
        _ = self.texts.gettext
        months = (
            _("January"),
            _("February"),
            _("March"),
            _("April"),
            _("May"),
            _("June"),
            _("July"),
            _("August"),
            _("September"),
            _("October"),
            _("November"),
            _("December"),
        )
        return self.gettext("%(day)d %(month)s", day=day.day, month=months[day.month - 1])


def load_language(code: str) -> Language:
    """Return a language with its catalogue. Unknown codes are the source language."""
    if code not in LANGUAGES or code == SOURCE_LANGUAGE:
        return Language(
            code=SOURCE_LANGUAGE, name=LANGUAGES[SOURCE_LANGUAGE], texts=NullTranslations()
        )
    catalogue = files("portico.web").joinpath("locales", code, "LC_MESSAGES", f"{DOMAIN}.mo")
    with catalogue.open("rb") as stream:
        return Language(code=code, name=LANGUAGES[code], texts=GNUTranslations(stream))


def choose_language(chosen: str, accept_language: str) -> str:
    """Return the code of a browser's language: the chosen one, else its own preference.

    It reads an Accept-Language header by its weights (RFC 9110, section 12.5.4).
    """
    if chosen in LANGUAGES:
        return chosen
    weighed: list[tuple[float, int, str]] = []
    for position, entry in enumerate(accept_language.split(",")[:20]):
        tag, _, parameter = entry.partition(";")
        code = tag.strip().lower().partition("-")[0]
        if code in LANGUAGES:
            weighed.append((-_weight(parameter), position, code))
    acceptable = [each for each in weighed if each[0] < 0]
    return min(acceptable)[2] if acceptable else SOURCE_LANGUAGE


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
