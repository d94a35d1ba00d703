"""What a report tells of a run, in each of its forms."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from portico.emulator.journal.entries import (
    Body,
    Entry,
    Header,
    SentAnswer,
    SentRequest,
    StruckBy,
)
from portico.emulator.report.files import UnknownReport, form_of, make_report
from tests.emulator.asgi_calls import CUSTOMER, LINKS, operations


def entry(
    method: str = "GET",
    path: str = LINKS,
    status: int | None = 200,
    *,
    operation: str | None = "list_links",
    unread_fields: tuple[str, ...] = (),
    waits: tuple[float | None, float | None] = (None, None),
    fault: str | None = None,
) -> Entry:
    """A request of the client 5."""
    answer = None if status is None else SentAnswer(status, (), Body())
    return Entry(
        id="1",
        time=0.0,
        method=method,
        scheme="https",
        host="api.zsapi.net",
        path=path,
        query="",
        operation=operation,
        customer_id="7",
        client_id="5",
        microtenant_id=None,
        address="127.0.0.1",
        request=SentRequest((Header("accept", "*/*"),), Body()),
        answer=answer,
        milliseconds=1.0,
        fault=None if fault is None else StruckBy(fault, "status"),
        unread_fields=unread_fields,
        retry_after_seconds=waits[0],
        waited_seconds=waits[1],
    )


RUN = [
    entry(),
    entry(status=429, waits=(4, 4.2), fault="vendor-limits"),
    entry(status=429, waits=(4, 0.5), fault="vendor-limits"),
    entry(status=None, fault="lost"),
    entry("POST", status=201, operation="create_link", unread_fields=("userPortalIds",)),
    entry("GET", f"{CUSTOMER}/userPortalLinks", 400, operation=None),
]


def report(form: str, run: list[Entry] | None = None, dropped: int = 0) -> str:
    """A report of a run."""
    entries = RUN if run is None else run
    return make_report(form, entries, operations(), dropped=dropped).decode()


def test_the_text_report_tells_everything() -> None:
    lines = [" ".join(line.split()) for line in report("text").splitlines()]

    assert lines[0] == "6 requests."
    assert "create_link 1 1 x 201 0" in lines
    assert "list_links 4 1 x no answer, 1 x 200, 2 x 429 3" in lines
    assert f"GET {CUSTOMER}/userPortalLinks 1" in " ".join(lines)
    assert "list_links: userPortalLink is expected, not userPortalLinks" in " ".join(lines)
    assert "create_link userPortalIds 1" in lines
    assert "5 2 8 s 4.7 s 1" in lines


def test_a_run_without_findings_says_so() -> None:
    text = report("text", [entry()], dropped=3)

    assert text.startswith("1 request, after 3 older ones that the journal could not hold.")
    assert text.count("None.") == 3


def test_the_markdown_report_has_tables() -> None:
    lines = report("markdown").splitlines()

    assert lines[0] == "# Requests to Portico"
    assert "| create_link | 1 | 1 x 201 | 0 |" in lines
    assert "| client | 429s | told to wait | waited | too early |" in lines
    assert "| 5 | 2 | 8 s | 4.7 s | 1 |" in lines


def test_the_junit_report_fails_unknown_operations_and_early_clients() -> None:
    root = ElementTree.fromstring(report("junit"))
    failures = {
        str(suite.get("name")): (suite.get("tests"), suite.get("failures")) for suite in root
    }

    assert failures == {
        "operations": ("2", "0"),
        "unknown operations": ("1", "1"),
        "rate limits": ("1", "1"),
    }
    assert "Portico has no operation GET" in report("junit")
    assert "1 of 2 times" in report("junit")
    assert "no handler read userPortalIds (1 requests)" in report("junit")


def test_paths_cannot_forge_lines_of_a_report() -> None:
    forged = entry("GET", "/mgmtconfig/\x1b[2J\n| a | <b>", 400, operation=None)

    text, markdown = (report(form, [forged]) for form in ("text", "markdown"))

    assert r"/mgmtconfig/\x1b[2J\n| a | <b>" in text
    assert r"\| a \| \<b>" in markdown
    assert "\x1b" not in text + markdown


def test_the_junit_report_of_any_path_is_xml() -> None:
    strange = entry("GET", '/mgmtconfig/\x00<&">\ud800', 400, operation=None)

    ElementTree.fromstring(report("junit", [strange]))


def test_the_har_report_has_every_request() -> None:
    assert len(json.loads(report("har"))["log"]["entries"]) == len(RUN)


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.txt", "text"), ("b/a.md", "markdown"), ("a.XML", "junit"), ("a.har", "har")],
)
def test_the_name_of_the_file_decides(name: str, form: str) -> None:
    assert form_of(name) == form


def test_another_name_is_refused() -> None:
    with pytest.raises(UnknownReport, match=r"report\.pdf does not say"):
        form_of("report.pdf")
    with pytest.raises(UnknownReport, match="There is no report pdf"):
        report("pdf")
