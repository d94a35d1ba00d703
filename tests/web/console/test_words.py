"""How the console says numbers and moments, and reads what people paste."""

from __future__ import annotations

import pytest

from portico.web.console.frame.words import day_words, initials, minutes, spelled, thousands, when
from portico.web.console.links.addresses import (
    Address,
    repaired_address,
    repaired_host,
    split_address,
)
from portico.web.console.links.pasting import PastedRow, read_rows, write_rows
from portico.web.shared.languages import load_language
from portico.web.shared.texts import gettext, listed

NOW = 1_795_428_000  # Monday 23 November 2026, 10:00 UTC


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (0, "Mon 10:00"),
        (5 * 86_400, "Wed 10:00"),
        (20 * 86_400, "3 Nov"),
        (400 * 86_400, "19 Oct 2025"),
    ],
)
def test_moments_are_as_short_as_they_are_clear(ago: int, words: str) -> None:
    assert when(NOW - ago, NOW) == words


def test_numbers_and_days_in_words() -> None:
    assert [minutes(each) for each in (580, 60, 5, -1)] == ["9 min 40 s", "1 min 0 s", "5 s", "0 s"]
    assert [spelled(each) for each in (1, 4, 12)] == ["One", "Four", "12"]
    assert day_words(NOW, NOW) == "Today"
    assert day_words(NOW - 86_400, NOW) == "Yesterday"
    assert day_words(NOW - 3 * 86_400, NOW) == "Friday 20 November 2026"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("de", ["Mo 10:00", "3. Nov.", "19. Okt. 2025", "Freitag, 20. November 2026", "18.930"]),
        ("es", ["Lun 10:00", "3 nov", "19 oct 2025", "Viernes 20 de noviembre de 2026", "18.930"]),
    ],
)
def test_moments_and_numbers_are_in_the_language(code: str, words: list[str]) -> None:
    language = load_language(code)
    texts = [
        *(when(NOW - days * 86_400, NOW) for days in (0, 20, 400)),
        day_words(NOW - 3 * 86_400, NOW),
        thousands(18_930),
    ]

    assert [language.read(each) for each in texts] == words


def test_a_text_translates_the_texts_within_it() -> None:
    said = gettext("Delete %(name)s", name=listed([gettext("Links"), "Pay", gettext("Portals")]))

    assert said == "Delete Links, Pay and Portals"
    assert load_language("de").read(said) == "Links, Pay und Portale löschen"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Tomas Lind", "TL"), ("ana@example.com", "AE"), ("Bo", "B"), ("", "\N{MIDDLE DOT}")],
)
def test_initials_stand_for_a_person(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://a.example/x?y=1#z", Address("https://", "a.example", "/x?y=1#z")),
        ("HTTP://a.example:8080", Address("http://", "a.example:8080", "")),
        ("a.example?q=1", Address("", "a.example", "/?q=1")),
        ("ftp://a.example/", Address("ftp://", "a.example", "/")),
        ("  a.example  ", Address("", "a.example", "")),
    ],
)
def test_addresses_are_split(text: str, parts: Address) -> None:
    assert split_address(text) == parts


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("ana@a.example", "a.example"),
        ("a.example/path", "a.example"),
        ("a .example", "a.example"),
        ("a.example", ""),
        ("@@", ""),
    ],
)
def test_hosts_are_repaired_where_it_is_plain_how(wrong: str, right: str) -> None:
    assert repaired_host(wrong) == right


def test_addresses_are_repaired_to_what_would_open() -> None:
    assert repaired_address("ftp://a.example/x") == "https://a.example/x"
    assert repaired_address("https://u:p@a.example") == "https://a.example"
    assert repaired_address("javascript:alert(1)") == ""


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("https://a.example/x", [PastedRow(name="a.example", url="https://a.example/x")]),
        ("www.a.example", [PastedRow(name="a.example", url="www.a.example")]),
        ("Pay desk https://a.example", [PastedRow(name="Pay desk", url="https://a.example")]),
        ("https://a.example - Pay", [PastedRow(name="Pay", url="https://a.example")]),
        ("just words", [PastedRow(name="just words")]),
        (
            'Pay,a.example,"Pay, tax",Staff; Crew,People',
            [
                PastedRow(
                    name="Pay",
                    url="a.example",
                    description="Pay, tax",
                    portals="Staff; Crew",
                    section="People",
                )
            ],
        ),
        (
            'Pay, a.example, "Pay, tax", Staff',
            [PastedRow(name="Pay", url="a.example", description="Pay, tax", portals="Staff")],
        ),
        ("URL;Name\na.example;Pay", [PastedRow(name="Pay", url="a.example")]),
        (
            "\ufeffa.example\tPay\n\nb.example\tTax",
            [PastedRow(name="Pay", url="a.example"), PastedRow(name="Tax", url="b.example")],
        ),
        ("", []),
        ("\n \n", []),
    ],
)
def test_pastes_become_rows(text: str, rows: list[PastedRow]) -> None:
    assert read_rows(text) == rows


def test_rows_with_a_cell_that_is_too_long_are_told_from_the_others() -> None:
    long = "x" * 131_073
    for text in (f"a,{long}", f"a.example,Pay\n{long},b\nc.example,Tax", f'a,"{long},\n,{long}"'):
        rows = read_rows(text)
        assert any("longer than 131,072 characters" in row.problem for row in rows)
        assert {row.url for row in rows if not row.problem} <= {"a.example", "c.example", ""}
    named = read_rows(f"URL,Name\na.example,{long}\nb.example,Tax")
    assert [(bool(row.problem), row.name) for row in named] == [(True, ""), (False, "Tax")]


def test_rows_go_back_to_a_paste_that_reads_the_same() -> None:
    rows = [
        PastedRow(
            name="Pay", url="a.example", description='a "b", c', portals="Staff", section="x"
        ),
        PastedRow(name="Tax", url="b.example"),
    ]
    assert read_rows(write_rows(rows)) == rows
    assert rows[0].portal_names == ["Staff"]
