"""The languages of the portal: chosen as the browser asks, complete, in step with the source."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from portico.web.shared.languages import LANGUAGES, SOURCE_LANGUAGE, choose_language, load_language

WEB = Path(str(files("portico.web")))
TRANSLATED = sorted(set(LANGUAGES) - {SOURCE_LANGUAGE})


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de", "de"),
        ("", "de-AT,en;q=0.8", "de"),
        ("", "fr,es;q=0.5,de;q=0.7", "de"),
        ("", "fr, ja", "en"),
        ("", "de;q=0, es;q=0.1", "es"),
        ("", "de;q=x", "en"),
        ("", ",;,=;q", "en"),
        ("es", "de", "es"),
        ("xx", "de", "de"),
    ],
)
def test_language_is_the_chosen_one_or_the_browsers(
    chosen: str, accepted: str, language: str
) -> None:
    assert choose_language(chosen, accepted) == language


def test_unknown_language_is_the_source() -> None:
    assert load_language("../../etc").code == SOURCE_LANGUAGE


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", ("Monday", "24 November", "1 link", "2 links")),
        ("de", ("Montag", "24. November", "1 Link", "2 Links")),
        ("es", ("Lunes", "24 de noviembre", "1 enlace", "2 enlaces")),
    ],
)
def test_days_and_numbers_are_in_the_language(code: str, expected: tuple[str, ...]) -> None:
    language = load_language(code)
    links = [language.ngettext("%(num)d link", "%(num)d links", number) for number in (1, 2)]
    monday = date(2025, 11, 24)

    assert (language.weekday(monday), language.day_and_month(monday), *links) == expected


@pytest.mark.parametrize("code", TRANSLATED)
def test_catalogue_has_every_text_of_the_source(code: str) -> None:
    with (WEB / "locales" / "babel.cfg").open() as stream:
        methods, options = parse_mapping_cfg(stream)  # type: ignore[no-untyped-call]
    texts = {
        message
        for _, _, message, _, _ in extract_from_dir(WEB, methods, options, strip_comment_tags=True)
    }
    with _catalogue(code, "po").open("rb") as stream:
        catalogue = read_po(stream, locale=code)
    translated = {message.id for message in catalogue if message.id and all(_strings(message))}

    assert {text for text in texts if text not in translated} == set()


@pytest.mark.parametrize("code", TRANSLATED)
def test_compiled_catalogue_is_the_written_one(code: str) -> None:
    with _catalogue(code, "po").open("rb") as stream:
        catalogue = read_po(stream, locale=code)
    compiled = BytesIO()
    write_mo(compiled, catalogue)

    assert compiled.getvalue() == _catalogue(code, "mo").read_bytes()
    assert not any(error for _, error in catalogue.check())


def _catalogue(code: str, ending: str) -> Path:
    return WEB / "locales" / code / "LC_MESSAGES" / f"portico.{ending}"


def _strings(message: object) -> tuple[str, ...]:
    string = message.string  # type: ignore[attr-defined]  # Babel's message
    return string if isinstance(string, tuple) else (string,)
