"""Pastes whose rows have different formats, and exports that are read back as they were."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.demo.content import DEFAULT_MICROTENANT, MICROTENANTS, DemoMicrotenant
from portico.domain.links.links import target_url
from portico.domain.links.presentation import LinkPresentation, PresentedLink, split_keywords
from portico.domain.periods import LATEST_TIME
from portico.domain.records import fold
from portico.web.console.frame.forms import Form
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.moments import moment_of
from portico.web.console.links.adding import PasteView
from portico.web.console.links.addresses import split_address
from portico.web.console.links.pasting import (
    PastedRow,
    link_id_of,
    read_list,
    read_rows,
    row_of,
    write_csv,
    write_list,
    write_rows,
)

MIXED = """Payslips https://pay.example
Travel,travel.example,"Trains, flights",Staff
https://rota.example/today
Wiki;wiki.example;"Notes
and more"
Maps https://maps.example/@52.5,13.4
https://maps.example/@52.5,13.4
Chat\tchat.example
Pay, tax https://tax.example
"Unfinished quote, https://quote.example
Broken,host name,Something
"""


def test_each_row_has_its_own_format() -> None:
    rows = [(row.name, row.url, row.description) for row in read_rows(MIXED)]

    assert rows == [
        ("Payslips", "https://pay.example", None),
        ("Travel", "travel.example", "Trains, flights"),
        ("rota.example", "https://rota.example/today", None),
        ("Wiki", "wiki.example", "Notes\nand more"),
        ("Maps", "https://maps.example/@52.5,13.4", None),
        ("maps.example", "https://maps.example/@52.5,13.4", None),
        ("Chat", "chat.example", None),
        ("Pay, tax", "https://tax.example", None),
        ('"Unfinished quote,', "https://quote.example", None),
        ("Broken", "host name", "Something"),
    ]


def test_empty_cells_empty_a_column_that_has_a_heading() -> None:
    headed, plain = read_rows("name,url,section\nA,a.example,\n"), read_rows("A,a.example,,,\n")

    assert (headed[0].section, headed[0].description) == ("", None)
    assert plain[0].section is None


def test_one_apostrophe_is_removed_from_what_a_spreadsheet_would_run() -> None:
    text = "name,url\n'=Sum,a.example\n''quoted,b.example\n'tis,c.example\n"

    assert [row.name for row in read_rows(text)] == ["=Sum", "'quoted", "'tis"]
    assert read_rows("'tis https://a.example")[0].name == "'tis"


def test_row_that_no_form_can_send_is_told() -> None:
    (bad, good) = read_rows("A\0,a.example\nB,b.example")

    assert "U+0000" in bad.problem
    assert good.name == "B"


@pytest.mark.parametrize("place", [DEFAULT_MICROTENANT, *MICROTENANTS])
def test_examples_are_new_in_the_demo(place: DemoMicrotenant) -> None:
    view = PasteView(
        form=Form(sent={}),
        portals=[Choice(each.label, each.spec.name) for each in place.portals],
        sections=[Choice(each.name, each.name) for each in place.sections],
    )
    rows = read_rows("\n".join(view.examples))
    taken = {fold(name) for section in place.sections for name, *_ in section.links}

    assert len(rows) == len(view.examples)
    assert not taken & {fold(row.name) for row in rows}
    assert {name for row in rows for name in row.portal_names} <= {
        portal.label for portal in view.portals
    }


HOSTILE = st.text(
    st.one_of(
        st.sampled_from("=+-@'\"\t;|, \u3000\u200b\ufeff\uff1d\u2028#/?%\\"),
        st.characters(exclude_categories=["Cc", "Cs"]),
    ),
    max_size=12,
)
NAMES = HOSTILE.map(str.strip).filter(bool)
KEYWORDS = NAMES.filter(lambda word: not set(word) & set(",;"))
LINKS = st.builds(
    PresentedLink,
    id=st.integers(1, 2**63 - 1),
    customer_id=st.just(1),
    microtenant_id=st.just(0),
    creation_time=st.just(1),
    modified_time=st.just(1),
    modified_by=st.just(1),
    name=NAMES,
    description=st.lists(st.one_of(HOSTILE, st.sampled_from(["\n", "\r\n", "\r"])), max_size=4).map(
        "".join
    ),
    enabled=st.booleans(),
    link=st.sampled_from(["a.example", "a.example:8080", "[2001:db8::1]", "b\u00fccher.example"]),
    link_path=st.one_of(st.just(""), HOSTILE.map(lambda text: f"/{text}")),
    protocol=st.sampled_from(["", "https://", "http://"]),
    portal_ids=st.sampled_from([(), (1,), (1, 2)]),
    presentation=st.builds(
        LinkPresentation,
        section=st.one_of(st.just(""), NAMES),
        order=st.integers(0, 99),
        groups=st.lists(NAMES, max_size=3, unique=True).map(tuple),
        keywords=st.lists(KEYWORDS, max_size=3).map(tuple),
        starts=st.integers(0, LATEST_TIME),
        ends=st.integers(0, LATEST_TIME),
    ),
)


@given(links=st.lists(LINKS, max_size=4), portals=st.tuples(NAMES, NAMES))
def test_export_is_read_back_as_it_was(
    links: list[PresentedLink], portals: tuple[str, str]
) -> None:
    names = dict(enumerate(portals, 1))
    rows = [row_of(link, names) for link in links]

    text = "\ufeff" + write_csv(rows)
    read = read_rows(text)

    assert read == rows
    assert read_rows(write_rows(rows)) == rows
    for cell in (cell for row in csv.reader(io.StringIO(text[1:], newline="")) for cell in row):
        assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    for row, link in zip(read, links, strict=True):
        address = split_address(row.url)
        again = replace(link, protocol=address.protocol, link=address.host, link_path=address.path)
        assert target_url(again) == target_url(link)
        assert row.portal_names == list(dict.fromkeys(names[each] for each in link.portal_ids))
        assert tuple(row.group_names) == link.presentation.groups
        assert split_keywords(row.keywords or "") == link.presentation.keywords
        assert moment_of(row.starts or "") == link.presentation.starts
        assert moment_of(row.ends or "") == link.presentation.ends
        assert link_id_of(row) == link.id


PASTED = st.builds(
    PastedRow,
    name=NAMES,
    url=st.sampled_from(["https://a.example/x", "b.example"]),
    description=st.one_of(st.none(), NAMES),
    portals=st.one_of(st.none(), NAMES),
    section=st.one_of(st.none(), NAMES),
)


@given(rows=st.lists(PASTED, max_size=4))
def test_rows_return_to_a_paste_that_reads_the_same(rows: list[PastedRow]) -> None:
    assert read_rows(write_rows(rows)) == rows


@given(names=st.lists(NAMES, unique=True, max_size=5))
def test_lists_are_read_back(names: list[str]) -> None:
    assert read_list(write_list(names)) == names


@pytest.mark.parametrize("text", ["", ";", " ; | ", '""', '"'])
def test_odd_lists_have_no_empty_names(text: str) -> None:
    assert "" not in read_list(text)
